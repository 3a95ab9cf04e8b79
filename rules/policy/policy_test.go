package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// bench is an issue with policies, and a clock.
type bench struct {
	t      *testing.T
	policy engine.Policy
	issue  triage.Issue
	memory triage.Memory
	now    time.Time
	limits map[string]time.Time
}

// newBench has an open issue of another team with these policies, all in mode act unless they say otherwise.
func newBench(t *testing.T, rules ...policy.Rule) *bench {
	t.Helper()
	return &bench{
		t: t, now: monday, policy: engine.Policy{Team: triage.NewTeam(triage.TeamConfig{GroupLabel: "group::ours"}), Settings: settings(rules...)},
		issue: triage.Issue{
			Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{"group::theirs"}, Author: triage.Person{ID: 7, Username: "ann"},
			Title: "The @all title", CreatedAt: monday, UpdatedAt: monday,
		},
	}
}

func settings(rules ...policy.Rule) []engine.Setting {
	all := make([]engine.Setting, len(rules))
	for n, r := range rules {
		if r.ID == "" {
			r.ID = policy.Prefix + r.Name
		}
		if r.Mode == triage.Off {
			r.Mode = triage.Act
		}
		all[n] = engine.Setting{Rule: r.Rule(), Mode: r.Mode}
	}
	return all
}

// decide decides on an event, keeps what comes of it as GitLab would show it, and gives the decision.
func (b *bench) decide(e triage.Event) engine.Decision {
	b.t.Helper()
	e.At, e.ReceivedAt = b.now, b.now
	if e.Kind&^(triage.Swept|triage.Woken) != 0 {
		b.issue.UpdatedAt = b.now
	}
	d, needs, err := engine.Decide(b.policy, engine.Case{
		Issue: b.issue, Memory: b.memory, Events: []triage.Event{e}, Facts: engine.Facts{LimitReached: b.limits}, Now: b.now,
	})
	if err != nil || !needs.Empty() {
		b.t.Fatalf("deciding: %v, needs %+v", err, needs)
	}
	if len(d.Plan)+len(d.Comments) > 0 {
		d.Result.UpdatedAt = b.now
	}
	for _, c := range d.Comments {
		spell := d.Memory.Spells[c.Rule]
		spell.Said = 99
		d.Memory.Spells[c.Rule] = spell
	}
	b.issue, b.memory = d.Result, d.Memory
	return d
}

// later lets time pass and looks again.
func (b *bench) later(after time.Duration) engine.Decision {
	b.t.Helper()
	b.now = b.now.Add(after)
	return b.decide(triage.Event{Kind: triage.Woken})
}

func (b *bench) labels(want ...string) {
	b.t.Helper()
	got := slices.DeleteFunc(slices.Clone(b.issue.Labels), func(l string) bool { return l == "group::theirs" })
	if !slices.Equal(got, want) {
		b.t.Fatalf("labels %q, want %q", got, want)
	}
}

func changed(add, remove []string) triage.Event {
	return triage.Event{
		Kind: triage.Updated | triage.LabelsChanged, Actor: triage.Person{ID: 2, Username: "bob"},
		Changes: triage.Changes{Added: add, Removed: remove},
	}
}

func say(text string) policy.Template { return policy.Template{{Text: text}} }

const day = 24 * time.Hour

var (
	marksStale = policy.Rule{
		Name: "mark", When: []policy.Condition{
			policy.InState{State: policy.Opened}, policy.LacksLabels{Labels: []string{"stale"}},
			policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days},
		},
		Actions: policy.Actions{Labels: []string{"stale"}, Comment: policy.Template{{Text: "Hi "}, {Field: "author"}, {Text: ", is “"}, {Field: "title"}, {Text: "” still of use?"}}},
	}
	unmarksActive = policy.Rule{
		Name: "unmark", When: []policy.Condition{
			policy.HasLabels{AnyOf: [][]string{{"stale"}}}, policy.Age{Of: policy.UpdatedAt, Interval: 7, Unit: policy.Days},
		},
		Actions: policy.Actions{RemoveLabels: []string{"stale"}},
	}
	closesStale = policy.Rule{
		Name: "close", When: []policy.Condition{
			policy.InState{State: policy.Opened}, policy.HasLabels{AnyOf: [][]string{{"stale"}}},
			policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 10, Unit: policy.Days},
		},
		Actions: policy.Actions{State: policy.Closed, Own: true, Comment: say("Closed.")},
	}
)

// TestMarkStaleAndClose: thirty days without activity, and ten days after the bot's own mark.
func TestMarkStaleAndClose(t *testing.T) {
	b := newBench(t, marksStale, unmarksActive, closesStale)
	d := b.decide(triage.Event{Kind: triage.Opened})
	if want := monday.Add(30 * day); len(d.Plan) > 0 || !d.WakeAt.Equal(want) {
		t.Fatalf("plan %v, looks again at %s, want %s", d.Plan, d.WakeAt, want)
	}
	d = b.later(30 * day)
	b.labels("stale")
	if len(d.Note.Remarks) != 1 || d.Note.Remarks[0].Say.Plain() != "Hi @ann, is “The @all title” still of use?" {
		t.Fatalf("says %+v", d.Note)
	}
	if want := b.now.Add(10 * day); !d.WakeAt.Equal(want) {
		t.Fatalf("looks again at %s, want %s: taking the line off the note would put that off", d.WakeAt, want)
	}
	if d = b.later(7 * day); len(d.Note.Remarks)+len(d.Plan) > 0 || !d.WakeAt.Equal(b.now.Add(3*day)) {
		t.Fatalf("a week later: says %+v, plan %v, looks again at %s", d.Note, d.Plan, d.WakeAt)
	}
	d = b.later(3 * day)
	if !b.issue.Closed || len(d.Comments) != 1 || d.Comments[0].Rule != "policy/close" || d.Comments[0].Spell != 1 {
		t.Fatalf("ten days after the mark: closed %t, comments %+v", b.issue.Closed, d.Comments)
	}
}

// TestActivityTakesTheMarkOff: and after another thirty days it is a new spell.
func TestActivityTakesTheMarkOff(t *testing.T) {
	b := newBench(t, marksStale, unmarksActive, closesStale)
	b.decide(triage.Event{Kind: triage.Opened})
	b.later(30 * day)
	b.later(time.Hour)
	b.labels("stale")
	b.now = b.now.Add(time.Hour)
	d := b.decide(triage.Event{Kind: triage.Noted, Actor: triage.Person{ID: 3, Username: "carl"}, Note: &triage.Note{ID: 5, Text: "yes"}})
	b.labels()
	if len(d.Note.Remarks) > 0 {
		t.Errorf("still says %+v", d.Note.Remarks)
	}
	d = b.later(30 * day)
	b.labels("stale")
	if s := b.memory.Spells["policy/mark"]; s.Number != 2 || len(d.Note.Remarks) != 1 {
		t.Errorf("spell %+v, says %+v", s, d.Note.Remarks)
	}
}

// TestItemWhileConditionsHold: a comment is an item of the note, struck through when the conditions hold no more.
func TestItemWhileConditionsHold(t *testing.T) {
	b := newBench(t, policy.Rule{
		Name: "kind", When: []policy.Condition{policy.LacksLabels{Labels: []string{"bug", "feature"}}},
		Actions: policy.Actions{Comment: say("Please say of what kind this is."), Mentions: []string{"lead"}},
	})
	d := b.decide(triage.Event{Kind: triage.Opened})
	if len(d.Note.Items) != 1 || d.Note.Items[0].Key != "policy/kind/comment" || !d.Note.Items[0].Mention || !slices.Equal(d.Note.Items[0].People, []string{"lead"}) {
		t.Fatalf("items %+v", d.Note.Items)
	}
	if w := d.Note.Why; len(w) != 1 || w[0].Reason != `it has no ~bug or ~feature` {
		t.Fatalf("why %+v", w)
	}
	if d = b.decide(triage.Event{Kind: triage.Noted, Note: &triage.Note{ID: 1}}); len(d.Note.Items) != 1 || d.Note.Items[0].Mention || d.Note.Items[0].Met {
		t.Fatalf("items after a comment %+v", d.Note.Items)
	}
	b.issue.Labels = append(b.issue.Labels, "bug")
	d = b.decide(changed([]string{"bug"}, nil))
	if len(d.Note.Items) != 1 || !d.Note.Items[0].Met || d.Note.Items[0].Say.Plain() != "Please say of what kind this is." {
		t.Fatalf("items when it is so %+v", d.Note.Items)
	}
}

// TestLabelThatAsks: each time somebody sets it, once.
func TestLabelThatAsks(t *testing.T) {
	b := newBench(t, policy.Rule{
		Name: "template", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"ask::template"}}}},
		Actions: policy.Actions{RemoveLabels: []string{"ask::template"}, Own: true, Comment: say("Please use the template.")},
	})
	for n := range 3 {
		b.issue.Labels = append(slices.Clone(b.issue.Labels), "ask::template")
		d := b.decide(changed([]string{"ask::template"}, nil))
		b.labels()
		if len(d.Comments) != 1 || d.Comments[0].Spell != n+1 {
			t.Fatalf("time %d: comments %+v", n+1, d.Comments)
		}
		if d = b.decide(triage.Event{Kind: triage.Swept}); len(d.Comments)+len(d.Plan) > 0 {
			t.Fatalf("time %d, swept: comments %+v, plan %v", n+1, d.Comments, d.Plan)
		}
	}
}

// TestWhile: the label goes with the conditions, if the policy set it.
func TestWhile(t *testing.T) {
	rule := policy.Rule{
		Name: "while", When: []policy.Condition{policy.InMilestone{Title: policy.MilestoneNone}},
		Actions: policy.Actions{Labels: []string{"needs milestone"}, While: true},
	}
	for _, byHand := range []bool{false, true} {
		b := newBench(t, rule)
		if byHand {
			b.issue.Labels = append(b.issue.Labels, "needs milestone")
		}
		b.decide(triage.Event{Kind: triage.Opened})
		b.labels("needs milestone")
		b.issue.Milestone = 7
		b.decide(triage.Event{Kind: triage.Updated | triage.MilestoneChanged})
		if byHand {
			b.labels("needs milestone")
		} else {
			b.labels()
		}
	}
}

// TestWhileInactive: a label that the policy's own change would take off at once, and put back after thirty days, stays until somebody is active.
func TestWhileInactive(t *testing.T) {
	b := newBench(t, policy.Rule{
		Name: "while", When: []policy.Condition{policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days}},
		Actions: policy.Actions{Labels: []string{"inactive"}, While: true},
	})
	b.decide(triage.Event{Kind: triage.Opened})
	for range 4 {
		b.later(30 * day)
		b.labels("inactive")
	}
	b.decide(triage.Event{Kind: triage.Noted, Note: &triage.Note{ID: 1}})
	b.labels()
}

// TestOrderOfTheFile: a later policy sees what an earlier one wants, and one that comes before sees it in the same decision, too.
func TestOrderOfTheFile(t *testing.T) {
	step := func(name, from, to string) policy.Rule {
		return policy.Rule{
			Name: name, When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{from}}}},
			Actions: policy.Actions{Labels: []string{to}},
		}
	}
	for _, rules := range [][]policy.Rule{
		{step("a", "start", "1"), step("b", "1", "2"), step("c", "2", "3")},
		{step("c", "2", "3"), step("b", "1", "2"), step("a", "start", "1")},
	} {
		b := newBench(t, rules...)
		b.issue.Labels = append(b.issue.Labels, "start")
		b.decide(changed([]string{"start"}, nil))
		b.labels("start", "1", "2", "3")
	}
}

// TestContradictionNamesBoth: of two policies that would undo each other's work, and of one that contradicts itself.
func TestContradictionNamesBoth(t *testing.T) {
	adds := policy.Rule{Name: "adds", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug"}}}}, Actions: policy.Actions{Labels: []string{"x"}}}
	takes := policy.Rule{Name: "takes", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"x"}}}}, Actions: policy.Actions{RemoveLabels: []string{"x"}}}
	both := policy.Rule{Name: "both", Actions: policy.Actions{Labels: []string{"x"}, RemoveLabels: []string{"x"}}}
	for _, c := range []struct {
		rules []policy.Rule
		want  string
	}{
		{[]policy.Rule{adds, takes}, "policy/adds wants to add ~x, policy/takes wants to remove ~x"},
		{[]policy.Rule{takes, adds}, "policy/adds wants to add ~x, policy/takes wants to remove ~x"},
		{[]policy.Rule{both}, "policy/both wants to remove ~x, policy/both wants to add ~x"},
	} {
		b := newBench(t, c.rules...)
		b.issue.Labels = append(b.issue.Labels, "bug")
		_, _, err := engine.Decide(b.policy, engine.Case{Issue: b.issue, Events: []triage.Event{{Kind: triage.Opened, At: monday, ReceivedAt: monday}}, Now: monday})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestPeopleWin: who takes off what a policy set is not overruled, and who reopens what one closed neither.
func TestPeopleWin(t *testing.T) {
	b := newBench(t, policy.Rule{Name: "x", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug"}}}}, Actions: policy.Actions{Labels: []string{"x"}, State: policy.Closed}})
	b.issue.Labels = append(b.issue.Labels, "bug")
	b.decide(triage.Event{Kind: triage.Opened})
	b.labels("bug", "x")
	b.issue.Closed = false
	d := b.decide(triage.Event{Kind: triage.Reopened, Actor: triage.Person{ID: 2, Username: "bob"}})
	if b.issue.Closed || len(d.Note.Inactive) != 1 || d.Note.Inactive[0].Rule != "policy/x" || d.Note.Inactive[0].By != "bob" {
		t.Fatalf("closed %t, inactive %+v", b.issue.Closed, d.Note.Inactive)
	}
}

// TestLimit: a policy that has begun on as many issues as it may waits, and says so.
func TestLimit(t *testing.T) {
	rule := marksStale
	rule.Limit.MostRecent = 5
	b := newBench(t, rule)
	b.decide(triage.Event{Kind: triage.Opened})
	again := monday.Add(30*day + 20*time.Minute)
	b.limits = map[string]time.Time{"policy/mark": again}
	d := b.later(30 * day)
	b.labels()
	if !d.WakeAt.Equal(again) || len(d.Begins) > 0 || !strings.Contains(d.Findings[0].Reason, "as many issues as it may in an hour") {
		t.Fatalf("looks again at %s, begins %v, findings %+v", d.WakeAt, d.Begins, d.Findings)
	}
	b.limits = nil
	if d = b.later(20 * time.Minute); !slices.Equal(d.Begins, []string{"policy/mark"}) {
		t.Fatalf("begins %v", d.Begins)
	}
	b.labels("stale")
}

// TestCrashBetweenWrites: what was undertaken is done to its end, although its first part ended the conditions.
func TestCrashBetweenWrites(t *testing.T) {
	rule := marksStale
	rule.Actions.Own = true
	rule.Actions.State = policy.Closed
	b := newBench(t, rule)
	b.decide(triage.Event{Kind: triage.Opened})
	b.now = b.now.Add(30 * day)
	before, memory := b.issue, b.memory
	d := b.decide(triage.Event{Kind: triage.Woken})
	if len(d.Undertaken) != 1 || len(d.Comments) != 1 || !b.issue.Closed {
		t.Fatalf("undertaken %+v, comments %+v", d.Undertaken, d.Comments)
	}
	b.issue, b.memory = before, memory.Clone()
	b.memory.Spells = d.Undertaken
	b.issue.UpdatedAt = b.now // the comment was made, and then came the crash
	d = b.decide(triage.Event{Kind: triage.Woken})
	b.labels("stale")
	if !b.issue.Closed || len(d.Comments) != 1 || d.Comments[0].Spell != 1 || d.Comments[0].Text.Plain() == "" {
		t.Fatalf("closed %t, comments %+v", b.issue.Closed, d.Comments)
	}
	if s := b.memory.Spells["policy/mark"]; s.Undertaken != nil || !s.Itself || s.Number != 1 {
		t.Fatalf("spell %+v", s)
	}
	if d = b.decide(triage.Event{Kind: triage.Swept}); len(d.Comments)+len(d.Plan) > 0 {
		t.Fatalf("again: %+v, %v", d.Comments, d.Plan)
	}
}

// TestCrashBeforeAnotherWish: what a policy undertook and did may not be so any more when it goes on after a crash, because another wants something
// else since. It says what it has to say, and does not fight for what it had done.
func TestCrashBeforeAnotherWish(t *testing.T) {
	asked := policy.Rule{
		Name: "asked", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"urgent"}}}},
		Actions: policy.Actions{Labels: []string{"p::2"}, RemoveLabels: []string{"urgent"}, Own: true, Comment: say("Urgent.")},
	}
	bugs := policy.Rule{Name: "bugs", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"bug"}}}}, Actions: policy.Actions{Labels: []string{"p::1"}}}
	for _, rules := range [][]policy.Rule{{asked, bugs}, {bugs, asked}} {
		b := newBench(t, rules...)
		b.issue.Labels = append(b.issue.Labels, "urgent")
		memory := b.memory.Clone()
		d := b.decide(changed([]string{"urgent"}, nil))
		b.labels("p::2")
		b.memory = memory
		b.memory.Spells = d.Undertaken // the labels were written, and then came the crash
		b.issue.Labels = append(b.issue.Labels, "bug")
		d = b.decide(changed([]string{"bug"}, nil))
		b.labels("bug", "p::1")
		if len(d.Comments) != 1 || d.Comments[0].Rule != "policy/asked" || d.Comments[0].Spell != 1 {
			t.Fatalf("comments %+v", d.Comments)
		}
		if s := b.memory.Spells["policy/asked"]; s.Undertaken != nil || !s.Over {
			t.Fatalf("spell %+v", s)
		}
		if d = b.decide(triage.Event{Kind: triage.Swept}); len(d.Comments)+len(d.Plan) > 0 {
			t.Fatalf("again: %+v, %v", d.Comments, d.Plan)
		}
	}
}

// TestUnassignAllButSome: the people whom a policy takes off are those whom it does not assign.
func TestUnassignAllButSome(t *testing.T) {
	b := newBench(t, policy.Rule{
		Name: "hand over", When: []policy.Condition{policy.HasLabels{AnyOf: [][]string{{"support"}}}},
		Actions: policy.Actions{UnassignAll: true, Assign: []string{"sue"}},
	})
	b.issue.Assignees = []triage.Person{{ID: 3, Username: "carl"}}
	b.issue.Labels = append(b.issue.Labels, "support")
	b.decide(changed([]string{"support"}, nil))
	if len(b.issue.Assignees) != 1 || b.issue.Assignees[0].Username != "sue" {
		t.Fatalf("assigned are %+v", b.issue.Assignees)
	}
	if d := b.decide(triage.Event{Kind: triage.Swept}); len(d.Plan) > 0 {
		t.Fatalf("again: %v", d.Plan)
	}
}
