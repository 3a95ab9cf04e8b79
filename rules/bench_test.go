package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// BenchmarkNothingToDo decides an event that changes nothing, on a usual issue that the bot knows and on a large one.
func BenchmarkNothingToDo(b *testing.B) {
	usual := []string{"backend", "devops::create", "Category:Source Code Management", "group::source code", "workflow::in dev", "type::bug", "severity::2", "priority::2"}
	large := append([]string{}, usual...)
	for n := len(large); n < 40; n++ {
		large = append(large, fmt.Sprintf("Some Label %d::x", n))
	}
	policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: engine.Defaults(rules.Catalogue()), Grace: 5 * time.Minute}
	for name, labels := range map[string][]string{"usual": usual, "40labels": large} {
		b.Run(name, func(b *testing.B) {
			issue := triage.Issue{Labels: labels, Description: strings.Repeat("All work and no play. ", 1000), Weight: triage.Int(2), Assignees: []triage.Person{{ID: 1, Username: "omar"}}, CreatedAt: noon, UpdatedAt: noon}
			events := []triage.Event{{Kind: triage.Updated | triage.LabelsChanged | triage.WeightChanged, At: noon, ReceivedAt: noon}}
			memory := triage.Memory{Touched: noon, BotChanges: map[string]triage.BotChange{"label:backend": {Rule: "team-labels"}}}
			b.ReportAllocs()
			for b.Loop() {
				d, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: memory, Events: events, Now: noon})
				if err != nil || len(d.Plan)+len(d.Note.Items)+len(d.Memory.Items) > 0 {
					b.Fatal(d.Plan, d.Memory.Items, err)
				}
			}
		})
	}
}

// BenchmarkSlopes decides with more and more rules, and with more and more comments that came together on one issue: both are to cost in
// proportion.
func BenchmarkSlopes(b *testing.B) {
	settings := engine.Defaults(rules.Catalogue())
	decide := func(b *testing.B, n int, unit string, settings []engine.Setting, events []triage.Event) {
		policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Commands: rules.Commands(), Grace: 5 * time.Minute}
		issue := triage.Issue{Labels: []string{"backend", "workflow::in dev"}, Weight: triage.Int(2), CreatedAt: noon, UpdatedAt: noon}
		for b.Loop() {
			if _, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: triage.Memory{Touched: noon}, Events: events, Now: noon}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/"+unit)
	}
	for _, n := range []int{1, 9, 18, len(settings)} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			decide(b, n, "rule", settings[:n], []triage.Event{{Kind: triage.Updated | triage.LabelsChanged, At: noon, ReceivedAt: noon}})
		})
	}
	for _, n := range []int{1, 10, 100, 1_000} {
		b.Run(fmt.Sprintf("comments=%d", n), func(b *testing.B) {
			events := make([]triage.Event, n)
			for k := range events {
				events[k] = triage.Event{
					Kind: triage.Noted, At: noon.Add(time.Duration(k) * time.Second), ReceivedAt: noon,
					Actor: triage.Person{ID: int64(k%10 + 1), Username: fmt.Sprint("person", k%10)}, Note: &triage.Note{ID: int64(k + 1), Text: "LGTM"},
				}
			}
			decide(b, n, "comment", settings, events)
		})
	}
}

// BenchmarkPolicies decides an event that changes nothing beside a thousand policies and ten thousand: what it costs is to depend on those that look at
// what the event tells of, which are as many in both.
func BenchmarkPolicies(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("policies=%d", n), func(b *testing.B) {
			p, issue := manyPolicies(n)
			events := []triage.Event{{Kind: triage.Updated | triage.LabelsChanged, At: noon, ReceivedAt: noon, Changes: triage.Changes{Added: []string{"workflow::in dev"}}}}
			memory := askedBefore(p)
			b.ReportAllocs()
			for b.Loop() {
				d, _, err := engine.Decide(p, engine.Case{Issue: issue, Memory: memory, Events: events, Now: noon})
				if err != nil || len(d.Plan) > 0 {
					b.Fatal(d.Plan, err)
				}
			}
		})
	}
}

// TestPoliciesAskedFor counts the policies that an event has asked: those that look at what it tells of, and no others.
func TestPoliciesAskedFor(t *testing.T) {
	p, issue := manyPolicies(1_000)
	for _, c := range []struct {
		event triage.Event
		want  int
	}{
		{triage.Event{Kind: triage.Updated}, 0},
		{triage.Event{Kind: triage.Noted, Note: &triage.Note{ID: 1}}, 0},
		{triage.Event{Kind: triage.Updated | triage.LabelsChanged, Changes: triage.Changes{Added: []string{"workflow::in dev"}}}, 20},
		{triage.Event{Kind: triage.Updated | triage.LabelsChanged, Changes: triage.Changes{Added: []string{"topic 7"}}}, 1},
		{triage.Event{Kind: triage.Updated | triage.MilestoneChanged}, 10},
		{triage.Event{Kind: triage.Awarded, Emoji: &triage.Emoji{Name: "heart"}}, 10},
		{triage.Event{Kind: triage.Swept}, 1_000},
		{triage.Event{Kind: triage.PoliciesDue}, 0},
	} {
		c.event.At, c.event.ReceivedAt = noon, noon
		d, _, err := engine.Decide(p, engine.Case{Issue: issue, Memory: askedBefore(p), Events: []triage.Event{c.event}, Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		for _, f := range d.Findings {
			if strings.HasPrefix(f.Rule, policy.Prefix) && f.Evaluated {
				asked++
			}
		}
		if asked != c.want {
			t.Errorf("%s %v: %d policies were asked, want %d", c.event.Kind, c.event.Changes.Added, asked, c.want)
		}
	}
}

// askedBefore is the memory of an issue about which all policies were asked.
func askedBefore(p engine.Policy) triage.Memory {
	return triage.Memory{Touched: noon, ActiveAt: noon, PoliciesAsked: p.PoliciesDigest(triage.SubjectIssue)}
}

// manyPolicies is the handbook's policy and n policies beside it: 20 look at a state of the workflow, 10 each at milestones and votes, the others
// at dates and at labels of their own.
func manyPolicies(n int) (engine.Policy, triage.Issue) {
	settings := engine.Defaults(rules.Catalogue())
	for k := range n {
		r := policy.Rule{ID: fmt.Sprintf("%srule-%d", policy.Prefix, k), Mode: triage.Act, Actions: policy.Actions{Labels: []string{"seen"}}}
		open := policy.InState{State: policy.Opened}
		old := policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days}
		switch {
		case k < 20:
			r.When = []policy.Condition{open, policy.HasLabels{AnyOf: [][]string{{"workflow::in dev", "nobody has this"}}}}
		case k < 30:
			r.When = []policy.Condition{open, policy.InMilestone{Title: policy.MilestoneAny}, old}
		case k < 40:
			r.When = []policy.Condition{open, old, policy.Counts{What: policy.Upvotes, Above: true, Threshold: 10}}
		default:
			r.When = []policy.Condition{open, policy.HasLabels{AnyOf: [][]string{{fmt.Sprintf("topic %d", k-40)}}}, old}
		}
		settings = append(settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	p := engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Index: engine.NewIndex(settings), Grace: 5 * time.Minute}
	labels := []string{"backend", "devops::create", "Category:Source Code Management", "group::source code", "workflow::in dev", "type::bug", "severity::2", "priority::2"}
	return p, triage.Issue{Labels: labels, Weight: triage.Int(2), Assignees: []triage.Person{{ID: 1, Username: "omar"}}, CreatedAt: noon, UpdatedAt: noon}
}
