package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// kanban is a team whose states have labels without a scope, so that GitLab lets an issue carry several.
func kanban(t *testing.T) *triage.Team {
	t.Helper()
	w, err := triage.NewWorkflow(triage.WorkflowTable{Path: []triage.State{
		{Name: "to do", Label: "To Do", Is: triage.Intake}, {Name: "wip", Label: "🚧 wip", Is: triage.Development},
		{Name: "testing", Label: "📝 testing", Is: triage.Verification}, {Name: "done", Label: "Done", Is: triage.Done},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return triage.NewTeam(triage.TeamConfig{Workflow: w, Side: "backend"})
}

func labelled(by int64, at time.Time, added, removed string) triage.Event {
	e := triage.Event{Kind: triage.Updated | triage.LabelsChanged, Actor: triage.Person{ID: by, Username: "u"}, At: at, ReceivedAt: at}
	if added != "" {
		e.Changes.Added = []string{added}
	}
	if removed != "" {
		e.Changes.Removed = []string{removed}
	}
	return e
}

// TestOneStateWithoutScope: a person who puts a second state on an issue moves it, and the bot takes the other one off.
func TestOneStateWithoutScope(t *testing.T) {
	policy := engine.Policy{Team: kanban(t), Settings: engine.Defaults(rules.Catalogue()), Commands: rules.Commands()}
	d, _, err := engine.Decide(policy, engine.Case{
		Issue:  triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Type: "Issue", Labels: []string{"📝 testing", "🚧 wip", "UX"}},
		Events: []triage.Event{labelled(1, now, "🚧 wip", "")}, Memory: triage.Memory{StateEntry: triage.StateEntry{State: "testing", At: now.Add(-time.Hour)}}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"🚧 wip", "UX"}; !slices.Equal(d.Result.Labels, want) {
		t.Errorf("labels %q, want %q", d.Result.Labels, want)
	}
	if want := (triage.StateEntry{State: "wip", From: "testing", At: now}); d.Memory.StateEntry != want {
		t.Errorf("it came into its state %+v, want %+v", d.Memory.StateEntry, want)
	}
	if len(d.Memory.BotChanges)+len(d.Memory.Undone)+len(d.Memory.Suspensions) > 0 {
		t.Errorf("remembered as the bot's or as undone: %v %v %v", d.Memory.BotChanges, d.Memory.Undone, d.Memory.Suspensions)
	}
}

// TestMoveWithoutScopeIsNoUndoing: who moves an issue on from where a rule put it has undone nothing, be it told by events or found in the past; who
// moves it back where it came from has.
func TestMoveWithoutScopeIsNoUndoing(t *testing.T) {
	team := kanban(t)
	policy := engine.Policy{Team: team, Settings: []engine.Setting{wants("moves", add("🚧 wip"))}}
	for _, tt := range []struct {
		to     string
		undone bool
	}{{"📝 testing", false}, {"To Do", true}} {
		c := engine.Case{Issue: triage.Issue{Labels: []string{"To Do"}}, Events: opened, Now: now}
		d, _, err := engine.Decide(policy, c)
		if err != nil || !slices.Equal(d.Result.Labels, []string{"🚧 wip"}) {
			t.Fatalf("the rule moves to %q, error %v", d.Result.Labels, err)
		}
		later := now.Add(time.Hour)
		c = engine.Case{
			Issue: triage.Issue{Labels: []string{tt.to}}, Memory: d.Memory, Now: later,
			Events: []triage.Event{labelled(1, later, tt.to, "🚧 wip")},
		}
		if d, _, err = engine.Decide(engine.Policy{Team: team}, c); err != nil {
			t.Fatal(err)
		}
		if _, suspended := d.Memory.Suspensions["moves"]; suspended != tt.undone {
			t.Errorf("moved to %s: suspended %t", tt.to, suspended)
		}
		change := func(by int64, added bool, l string) triage.ResourceEvent {
			return triage.ResourceEvent{At: now, Actor: triage.Person{ID: by, Username: "u"}, Added: added, Label: l}
		}
		restored := engine.RestoreMemory(triage.Memory{}, team, []triage.ResourceEvent{
			change(1, true, "To Do"), change(bot, true, "🚧 wip"), change(bot, false, "To Do"), change(1, true, tt.to), change(1, false, "🚧 wip"),
		}, bot)
		if got := len(restored.Undone) > 0; got != tt.undone {
			t.Errorf("moved to %s, found in the past: undone %v", tt.to, restored.Undone)
		}
		if diff := cmp.Diff(triage.StateEntry{State: mustState(t, team, tt.to), From: "wip", At: now}, restored.StateEntry); diff != "" {
			t.Errorf("moved to %s, found in the past (-want +got):\n%s", tt.to, diff)
		}
	}
}

func mustState(t *testing.T, team *triage.Team, label string) string {
	t.Helper()
	name, ok := team.StateOf(label)
	if !ok {
		t.Fatalf("%s is no state", label)
	}
	return name
}

// TestCommandMovesWithoutScope: a command moves with one change, and is not carried out when a person has moved the issue since.
func TestCommandMovesWithoutScope(t *testing.T) {
	policy := engine.Policy{Team: kanban(t), Commands: rules.Commands()}
	comment := said(engine.Line{Text: "to testing"})
	comment.Level = triage.Developer
	c := engine.Case{Issue: triage.Issue{Labels: []string{"🚧 wip", "UX"}}, Comments: []engine.Comment{comment}, Events: []triage.Event{comment.Event}, Now: now}
	if d := decide(t, policy, c); !slices.Equal(d.Result.Labels, []string{"UX", "📝 testing"}) {
		t.Errorf("moved to %q", d.Result.Labels)
	}
	c.Issue.Labels = []string{"To Do"}
	c.Events = append(c.Events, labelled(2, comment.Event.At.Add(time.Minute), "To Do", "🚧 wip"))
	if d := decide(t, policy, c); !slices.Equal(d.Result.Labels, []string{"To Do"}) {
		t.Errorf("a later move of a person's is undone: %q", d.Result.Labels)
	}
}
