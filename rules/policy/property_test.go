package policy_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

var someLabels = []string{"a", "b", "x::1", "x::2", "stale"}

// drawRule draws a policy over a handful of labels, with dates, states and comments.
func drawRule(t *rapid.T, n int) policy.Rule {
	label := rapid.SampledFrom(someLabels)
	r := policy.Rule{ID: fmt.Sprintf("%s%d", policy.Prefix, n), Mode: rapid.SampledFrom([]triage.Mode{triage.Act, triage.Act, triage.Remind}).Draw(t, "mode")}
	conditions := []func() policy.Condition{
		func() policy.Condition { return policy.InState{State: policy.Opened} },
		func() policy.Condition { return policy.HasLabels{AnyOf: [][]string{{label.Draw(t, "has")}}} },
		func() policy.Condition { return policy.LacksLabels{Labels: []string{label.Draw(t, "lacks")}} },
		func() policy.Condition {
			return policy.Age{
				Of: rapid.SampledFrom([]policy.DateField{policy.UpdatedAt, policy.CreatedAt}).Draw(t, "date"), Older: rapid.Bool().Draw(t, "older"),
				Interval: rapid.IntRange(1, 3).Draw(t, "interval"), Unit: policy.Days,
			}
		},
		func() policy.Condition { return policy.InMilestone{Title: policy.MilestoneNone} },
	}
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		r.When = append(r.When, rapid.SampledFrom(conditions).Draw(t, "condition")())
	}
	a := &r.Actions
	if rapid.Bool().Draw(t, "adds") {
		a.Labels = []string{label.Draw(t, "add")}
		a.While = rapid.IntRange(0, 3).Draw(t, "while") == 0
	}
	if rapid.Bool().Draw(t, "removes") {
		a.RemoveLabels = []string{label.Draw(t, "remove")}
	}
	if rapid.IntRange(0, 5).Draw(t, "closes") == 0 {
		a.State = policy.Closed
	}
	if rapid.Bool().Draw(t, "comments") {
		a.Comment, a.Own = say("Hello."), rapid.Bool().Draw(t, "own")
	}
	return r
}

// drawEvent draws what happens to an issue, and the issue after it.
func drawEvent(t *rapid.T, issue triage.Issue, now time.Time) (triage.Event, triage.Issue) {
	e := triage.Event{Actor: triage.Person{ID: 2, Username: "bob"}, At: now, ReceivedAt: now}
	switch rapid.IntRange(0, 6).Draw(t, "event") {
	case 0:
		e.Kind = triage.Swept
	case 1:
		e.Kind = triage.Woken
	case 2:
		e.Kind, e.Note = triage.Noted, &triage.Note{ID: now.Unix()}
	case 3:
		before := issue
		issue = triage.AddLabel{Label: rapid.SampledFrom(someLabels).Draw(t, "set")}.Apply(issue)
		e = triage.Difference(before, issue).AsEvent(e.Actor, before, e)
	case 4:
		before := issue
		issue = triage.RemoveLabel{Label: rapid.SampledFrom(someLabels).Draw(t, "taken off")}.Apply(issue)
		e = triage.Difference(before, issue).AsEvent(e.Actor, before, e)
	case 5:
		e.Kind = triage.Closed | triage.Updated
		if issue.Closed {
			e.Kind = triage.Reopened | triage.Updated
		}
		issue.Closed = !issue.Closed
	case 6:
		e.Kind = triage.Updated | triage.MilestoneChanged
		issue.Milestone = 7 - issue.Milestone
	}
	if e.Kind&^(triage.Swept|triage.Woken) != 0 {
		issue.UpdatedAt = now
	}
	return e, issue
}

// TestOneCommentInASpell: whatever happens, in whatever order, decided twice or after a crash between the writes, the policies come to an end, say one
// thing once in a spell, and want nothing of what they have just made.
func TestOneCommentInASpell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []policy.Rule
		for n := range rapid.IntRange(1, 5).Draw(t, "rules") {
			rules = append(rules, drawRule(t, n))
		}
		all := settings(rules...)
		p := engine.Policy{Team: triage.NewTeam(triage.TeamConfig{}), Settings: all, Index: engine.NewIndex(all), Grace: time.Minute}
		issue := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, CreatedAt: monday, UpdatedAt: monday}
		var memory triage.Memory
		now, said := monday, map[string]int64{}
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 25 * time.Hour, 50 * time.Hour}).Draw(t, "after"))
			e, after := drawEvent(t, issue, now)
			if step == 0 {
				e, after = triage.Event{Kind: triage.Opened, At: now, ReceivedAt: now}, issue
			}
			c := engine.Case{Issue: after, Memory: memory.Clone(), Events: []triage.Event{e}, Now: now}
			d, _, err := engine.Decide(p, c)
			if errors.Is(err, engine.ErrContradiction) {
				t.Skip("these policies contradict each other")
			}
			if rapid.Bool().Draw(t, "crash") && len(d.Undertaken) > 0 {
				publish(t, &d, said)
				c.Memory = memory.Clone()
				if c.Memory.Spells == nil {
					c.Memory.Spells = map[string]triage.Spell{}
				}
				maps.Copy(c.Memory.Spells, d.Undertaken)
				c.Issue.UpdatedAt = now
				if d, _, err = engine.Decide(p, c); errors.Is(err, engine.ErrContradiction) {
					t.Skip("these policies contradict each other, seen from here")
				}
			}
			publish(t, &d, said)
			wrote := len(d.Plan)+len(d.Comments) > 0
			issue, memory = d.Result, d.Memory
			if wrote {
				issue.UpdatedAt = now
			}
			again, _, err := engine.Decide(p, engine.Case{
				Issue: issue, Memory: memory.Clone(), Events: []triage.Event{{Kind: triage.Swept, At: now, ReceivedAt: now}}, Now: now,
			})
			if errors.Is(err, engine.ErrContradiction) {
				t.Skip("these policies contradict each other")
			}
			if len(again.Plan)+len(again.Comments) > 0 {
				t.Fatalf("wants more of its own result: %v, %+v\nafter %v\nissue %+v", again.Plan, again.Comments, d.Plan, issue)
			}
			if !slices.Equal(again.Result.Labels, issue.Labels) {
				t.Fatalf("labels %q become %q", issue.Labels, again.Result.Labels)
			}
		}
	})
}

// publish makes the comments of a decision that are not there. The bot finds those that are by rule and spell.
func publish(t *rapid.T, d *engine.Decision, said map[string]int64) {
	for _, c := range d.Comments {
		key := fmt.Sprintf("%s #%d", c.Rule, c.Spell)
		if said[key] == 0 {
			said[key] = int64(len(said) + 1)
		}
		if c.Text.Plain() != "Hello." {
			t.Fatalf("%s says %q", key, c.Text.Plain())
		}
		spell := d.Memory.Spells[c.Rule]
		if spell.Said != 0 {
			t.Fatalf("%s is said again, it was %d", key, spell.Said)
		}
		spell.Said = said[key]
		d.Memory.Spells[c.Rule] = spell
	}
}
