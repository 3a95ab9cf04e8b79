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

func decide(t *rapid.T, w world) engine.Decision {
	d, _, err := engine.Decide(w.policy, engine.Case{Issue: w.issue, Memory: w.memory, Events: w.events, Now: noon})
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
		if diff := cmp.Diff(titles(d.Note), titles(d2.Note)); diff != "" {
			t.Fatalf("says something else on its own result: %s", diff)
		}
		for _, i := range d2.Note.Items {
			if i.Mention {
				t.Fatalf("asks twice for %s", i.Key)
			}
		}
	})
}

// titles is what a person reads of the items, in order.
func titles(s engine.Note) []string {
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
			Kind: triage.Updated | triage.LabelsChanged, At: noon.Add(time.Hour), ReceivedAt: noon, Changes: triage.Changes{Removed: []string{label}},
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
		var memory triage.Memory
		raised := 0
		for n := range rapid.IntRange(1, 8).Draw(t, "steps") {
			e := triage.Event{At: noon.Add(time.Duration(n) * time.Minute), ReceivedAt: noon}
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
			d, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: memory, Events: events, Now: noon})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range d.Plan {
				if p.Rule == "security-weight" {
					raised++
				}
			}
			issue, memory = d.Result, d.Memory
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
