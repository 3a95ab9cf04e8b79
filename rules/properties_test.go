package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// labels are those the rules mention, some misspelt, and a few they do not know.
var labels = []string{
	"backend", "frontend", "devops::create", "devops::plan", "Category:Source Code Management", "Category:Git LFS", "group::source code",
	"workflow::start", "workflow::ready for design", "workflow::design", "workflow::refinement", "workflow::ready for development",
	"workflow::in dev", "workflow:: in dev", "Workflow::Design", "workflow::unheard of", "UX", "ux", "spike", "Spike", "security",
	"bug::vulnerability", "bug::performance", "type::bug", "type::feature", "type::maintenance", "Type::Bug", "severity::1", "severity::4",
	"priority::2", "priority:: 2", "needs research", "Deliverable", "backend-weight::0", "backend-weight::3", "backend-weight::5",
	"frontend-weight::2", "backend-weight::large", "something else", "a::b", "a::b::c",
	"workflow::planning breakdown", "workflow::blocked", "severity::3", "priority::1", "priority::3", "priority::4", "Priority::3", "regression",
	"regression:17.9", "quick win", "Seeking community contributions", "seeking community contributions", "follow-up", "Duplicate", "duplicate",
}

// world draws a policy, an issue, what is remembered of it and what happened to it.
type world struct {
	policy engine.Policy
	issue  triage.Issue
	memory triage.Memory
	events []triage.Event
}

func drawWorld(t *rapid.T) world {
	w := world{policy: drawPolicy(t), issue: drawIssue(t)}
	w.events = drawEvents(t, w.issue)
	if rapid.Bool().Draw(t, "remembers") {
		w.memory = drawMemory(t)
	}
	return w
}

func drawPolicy(t *rapid.T) engine.Policy {
	settings := engine.Defaults(rules.Catalogue())
	allAct := rapid.IntRange(0, 2).Draw(t, "all act") == 0
	for i := range settings {
		if allAct {
			settings[i].Mode = settings[i].MaxMode
		} else if rapid.IntRange(0, 3).Draw(t, "other mode") == 0 {
			settings[i].Mode = triage.Mode(rapid.IntRange(0, int(settings[i].MaxMode)).Draw(t, "mode of "+settings[i].ID))
		}
	}
	return engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Grace: 5 * time.Minute}
}

func drawLabels(t *rapid.T, name string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 0, 8, rapid.ID).Draw(t, name)
}

func drawWeight(t *rapid.T) *int {
	if w := rapid.IntRange(-1, 7).Draw(t, "weight"); w >= 0 {
		return &w
	}
	return nil
}

func drawIssue(t *rapid.T) triage.Issue {
	i := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Labels: drawLabels(t, "labels"), CreatedAt: noon, UpdatedAt: noon}
	i.Type = rapid.SampledFrom([]string{"Issue", "Task", "Incident", "Story", ""}).Draw(t, "type")
	i.Closed = rapid.IntRange(0, 9).Draw(t, "closed") == 0
	i.NoWeights = rapid.IntRange(0, 4).Draw(t, "free") == 0
	if !i.NoWeights {
		i.Weight = drawWeight(t)
	}
	if rapid.Bool().Draw(t, "assigned") {
		i.Assignees = []triage.Person{{ID: 7, Username: "omar"}}
	}
	if rapid.Bool().Draw(t, "planned") {
		i.Milestone = 3
	}
	return i
}

func drawEvents(t *rapid.T, issue triage.Issue) []triage.Event {
	n := rapid.IntRange(1, 4).Draw(t, "events")
	events := make([]triage.Event, n)
	for i := range events {
		e := &events[i]
		e.Kind = triage.Kind(rapid.Uint32Range(1, 1<<13-1).Draw(t, "kind"))
		e.At, e.Seen = noon.Add(time.Duration(i)*time.Second), noon
		e.Actor = triage.Person{ID: int64(i + 1), Username: "p"}
		if e.Kind&triage.LabelsChanged != 0 && len(issue.Labels) > 0 {
			e.Changes.Added = []string{rapid.SampledFrom(issue.Labels).Draw(t, "added")}
		}
		if e.Kind&triage.WeightChanged != 0 {
			e.Changes.Weight = &triage.WeightChange{To: issue.Weight}
		}
	}
	return events
}

func drawMemory(t *rapid.T) triage.Memory {
	var m triage.Memory
	m.Touched = noon.Add(-time.Duration(rapid.IntRange(0, 10).Draw(t, "touched")) * time.Minute)
	if rapid.Bool().Draw(t, "bumped") {
		from := rapid.IntRange(0, 4).Draw(t, "from")
		m.Bump = &triage.Bump{From: from, To: from + 1}
	}
	m.Own = map[string]triage.Own{}
	for _, l := range drawLabels(t, "own") {
		m.Own["label:"+l] = triage.Own{Rule: rapid.SampledFrom([]string{"", "team-labels", "weight-research"}).Draw(t, "of"), Removed: rapid.Bool().Draw(t, "off")}
	}
	m.Suspended = map[string]triage.Undoing{}
	for _, r := range rules.Catalogue() {
		if rapid.IntRange(0, 7).Draw(t, "rests") == 0 {
			m.Suspended[r.ID] = triage.Undoing{What: "something"}
		}
	}
	return m
}

func decide(t *rapid.T, w world) engine.Decision {
	d, err := engine.Decide(w.policy, w.events, w.issue, &w.memory, noon)
	if err != nil {
		t.Fatalf("the handbook's rules contradict each other: %v\nissue %+v", err, w.issue)
	}
	return d
}

// TestSettles: for any issue and events the rules agree, and deciding again on the result wants nothing and says the same.
func TestSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		d := decide(t, w)
		again := w
		again.issue, again.memory = d.Result, d.Memory
		d2 := decide(t, again)
		if len(d2.Plan) > 0 {
			t.Fatalf("wants more on its own result: %v\nfirst: %v\nissue %+v", d2.Plan, d.Plan, w.issue)
		}
		if diff := cmp.Diff(titles(d.Sticky), titles(d2.Sticky)); diff != "" {
			t.Fatalf("says something else on its own result: %s", diff)
		}
		for _, i := range d2.Sticky.Items {
			if i.Ask {
				t.Fatalf("asks twice for %s", i.Key)
			}
		}
	})
}

// titles is what a person reads of the items, in order.
func titles(s engine.Sticky) []string {
	var out []string
	for _, i := range s.Items {
		mark := "[ ] "
		if i.Met {
			mark = "[x] "
		}
		out = append(out, mark+i.Title+i.Text)
	}
	return append(out, s.Lines...)
}

// TestActionsReachTheirState: an applied action is done, and applying it twice changes nothing.
func TestActionsReachTheirState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		issue := drawIssue(t)
		label := rapid.SampledFrom(labels).Draw(t, "label")
		action := rapid.SampledFrom([]triage.Action{
			triage.AddLabel{Label: label}, triage.RemoveLabel{Label: label}, triage.SetWeight{Value: 3}, triage.SetWeight{Value: 2, Side: "backend"},
		}).Draw(t, "action")
		before := slices.Clone(issue.Labels)
		once := action.Apply(issue)
		if !action.Done(once) {
			t.Fatalf("%s is not done after it was applied to %v: %v", action, issue.Labels, once.Labels)
		}
		if diff := cmp.Diff(once, action.Apply(once)); diff != "" {
			t.Fatalf("%s applied twice: %s", action, diff)
		}
		if !slices.Equal(before, issue.Labels) {
			t.Fatalf("%s changed the issue it was applied to", action)
		}
	})
}

// TestOrderOfRules: shuffled rules want the same states and end in the same issue.
func TestOrderOfRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		d := decide(t, w)
		w.policy.Settings = rapid.Permutation(w.policy.Settings).Draw(t, "order")
		d2 := decide(t, w)
		if diff := cmp.Diff(wishes(d), wishes(d2)); diff != "" {
			t.Fatalf("another order of the rules gives another plan: %s", diff)
		}
		if diff := cmp.Diff(sorted(d.Result.Labels), sorted(d2.Result.Labels)); diff != "" || !triage.SameWeight(d.Result.Weight, d2.Result.Weight) {
			t.Fatalf("another order of the rules ends elsewhere: %s", diff)
		}
	})
}

// TestDuplicatesAndOrderOfEvents: the same events twice and shuffled lead to the same decision.
func TestDuplicatesAndOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		d := decide(t, w)
		w.events = rapid.Permutation(append(slices.Clone(w.events), w.events...)).Draw(t, "deliveries")
		d2 := decide(t, w)
		if diff := cmp.Diff(d, d2, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the same events twice and shuffled: %s", diff)
		}
	})
}

// TestPeopleWin: whatever the bot did and a person then takes back stays as the person left it.
func TestPeopleWin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.issue.Closed = false
		d := decide(t, w)
		var undo []engine.Planned
		for _, p := range d.Plan {
			add, ok := p.Action.(triage.AddLabel)
			if ok && d.Result.Has(add.Label) && triage.Scope(add.Label) == "" {
				undo = append(undo, p)
			}
		}
		if len(undo) == 0 {
			t.Skip("nothing to undo")
		}
		p := rapid.SampledFrom(undo).Draw(t, "undone")
		label := p.Action.(triage.AddLabel).Label
		w.issue = triage.RemoveLabel{Label: label}.Apply(d.Result)
		w.memory = d.Memory
		w.events = append(drawEvents(t, w.issue), triage.Event{
			Kind: triage.Updated | triage.LabelsChanged, At: noon.Add(time.Hour), Seen: noon, Changes: triage.Changes{Removed: []string{label}},
		})
		if again := decide(t, w); again.Result.Has(label) {
			t.Fatalf("%s puts ~%q back: %v", p.Rule, label, again.Plan)
		}
	})
}

// TestSecurityWeightOnce: in whatever order weight and label come, together or apart, repeated or not, the level is added once.
func TestSecurityWeightOnce(t *testing.T) {
	settings := engine.Defaults(rules.Catalogue())
	policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Grace: time.Minute}
	rapid.Check(t, func(t *rapid.T) {
		issue := triage.Issue{CreatedAt: noon, UpdatedAt: noon}
		var memory *triage.Memory
		raised := 0
		for n := range rapid.IntRange(1, 8).Draw(t, "steps") {
			e := triage.Event{At: noon.Add(time.Duration(n) * time.Minute), Seen: noon}
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				e.Kind = triage.Opened
			case 1:
				e.Kind = triage.Updated | triage.WeightChanged
				issue.Weight = drawWeight(t)
				e.Changes.Weight = &triage.WeightChange{To: issue.Weight}
			case 2:
				e.Kind = triage.Updated | triage.LabelsChanged
				issue = triage.AddLabel{Label: "security"}.Apply(issue)
				e.Changes.Added = []string{"security"}
			case 3:
				e.Kind = triage.Updated | triage.LabelsChanged
				issue = triage.RemoveLabel{Label: "security"}.Apply(issue)
				e.Changes.Removed = []string{"security"}
			}
			events := []triage.Event{e}
			if rapid.Bool().Draw(t, "twice") {
				events = append(events, e)
			}
			d, err := engine.Decide(policy, events, issue, memory, noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range d.Plan {
				if p.Rule == "security-weight" {
					raised++
				}
			}
			issue, memory = d.Result, &d.Memory
		}
		if raised > 1 {
			t.Fatalf("the extra level was added %d times", raised)
		}
	})
}

func wishes(d engine.Decision) []string {
	var out []string
	for _, p := range d.Plan {
		out = append(out, p.Rule+" "+p.Action.String())
	}
	return sorted(out)
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }
