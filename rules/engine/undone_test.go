package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestWhoUndid: what is undone is put down to the person whose event did it, and to nobody if no event tells.
func TestWhoUndid(t *testing.T) {
	ann, bob := triage.Person{ID: 1, Username: "ann"}, triage.Person{ID: 2, Username: "bob"}
	did := func(kind triage.Kind, changes triage.Changes) triage.Event {
		return triage.Event{Kind: kind, Actor: ann, At: now, ReceivedAt: now, Changes: changes}
	}
	comment := triage.Event{Kind: triage.Noted, Actor: bob, At: now.Add(time.Second), ReceivedAt: now, Note: &triage.Note{ID: 1, Text: "Thanks!"}}
	labels := triage.Updated | triage.LabelsChanged
	tests := map[string]struct {
		key    string
		own    triage.BotChange
		labels []string
		event  triage.Event
		want   triage.Undoing
	}{
		"reopened": {
			key: "state", event: did(triage.Reopened, triage.Changes{}), want: triage.Undoing{By: "ann", What: "close the issue"},
		},
		"opened again, and nobody told": {
			key: "state", event: did(triage.Swept, triage.Changes{}), want: triage.Undoing{What: "close the issue"},
		},
		"milestone taken off": {
			key: "milestone", event: did(triage.Updated|triage.MilestoneChanged, triage.Changes{}), want: triage.Undoing{By: "ann", What: "set the milestone"},
		},
		"label taken off": {
			key: "label:UX", event: did(labels, triage.Changes{Removed: []string{"UX"}}), want: triage.Undoing{By: "ann", What: "add ~UX"},
		},
		"label put back": {
			key: "label:UX", own: triage.BotChange{Removed: true}, labels: []string{"UX"},
			event: did(labels, triage.Changes{Added: []string{"UX"}}), want: triage.Undoing{By: "ann", What: "remove ~UX", Removed: true},
		},
		"moved back": {
			key: "label:s::b", own: triage.BotChange{Replaced: "s::a"}, labels: []string{"s::a"},
			event: did(labels, triage.Changes{Added: []string{"s::a"}, Removed: []string{"s::b"}}), want: triage.Undoing{By: "ann", What: `add ~"s::b"`},
		},
		"weight cleared": {
			key: "weight", own: triage.BotChange{Value: 3},
			event: did(triage.Updated|triage.WeightChanged, triage.Changes{Weight: &triage.WeightChange{From: triage.Int(3)}}),
			want:  triage.Undoing{By: "ann", What: "set weight 3"},
		},
		"the side's weight changed": {
			key: "weight:backend", own: triage.BotChange{Value: 3}, labels: []string{"backend-weight::2"},
			event: did(labels, triage.Changes{Added: []string{"backend-weight::2"}}),
			want:  triage.Undoing{By: "ann", What: `set ~"backend-weight::3"`},
		},
		"the side's weight taken off": {
			key: "weight:backend", own: triage.BotChange{Value: 3},
			event: did(labels, triage.Changes{Removed: []string{"backend-weight::3"}}),
			want:  triage.Undoing{By: "ann", What: `set ~"backend-weight::3"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.own.Rule = "one"
			memory := triage.Memory{BotChanges: map[string]triage.BotChange{tt.key: tt.own}}
			policy := engine.Policy{Team: team, Settings: []engine.Setting{rule("one", func(triage.Input) triage.Verdict { return triage.Nothing("nothing") })}}
			d, _, err := engine.Decide(policy, engine.Case{Issue: triage.Issue{Labels: tt.labels}, Memory: memory, Events: []triage.Event{tt.event, comment}, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(tt.key, "label:") {
				tt.want.Key = tt.key
			}
			if diff := cmp.Diff(map[string]triage.Undoing{"one": tt.want}, d.Memory.Suspensions); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestShadowShowsNothing: a rule that is only watched does not appear on the note as suspended, and is suspended nevertheless once it may act.
func TestShadowShowsNothing(t *testing.T) {
	watched := wants("watched", triage.AddLabel{Label: "UX"})
	watched.Mode = triage.Shadow
	memory := triage.Memory{Undone: map[string]triage.Undoing{"label:UX": {By: "ann", What: "add ~UX"}}}
	d, _, err := engine.Decide(engine.Policy{Team: team, Settings: []engine.Setting{watched}}, engine.Case{Memory: memory, Events: opened, Now: now})
	if err != nil || len(d.Note.Inactive) > 0 || !d.Findings[0].Overridden {
		t.Errorf("shown as resting %v, findings %+v, error %v", d.Note.Inactive, d.Findings, err)
	}
	watched.Mode = triage.Act
	d, _, err = engine.Decide(engine.Policy{Team: team, Settings: []engine.Setting{watched}}, engine.Case{Memory: d.Memory, Events: opened, Now: now})
	if err != nil || len(d.Plan) > 0 || len(d.Note.Inactive) != 1 {
		t.Errorf("plan %v, shown as resting %v, error %v", d.Plan, d.Note.Inactive, err)
	}
}

// TestResumedRuleStaysResumed: GitLab's record still holds that a person undid what the rule did, and a memory that is restored from it does not take the
// rule's permission back.
func TestResumedRuleStaysResumed(t *testing.T) {
	const bot = 9
	team := triage.NewTeam(triage.TeamConfig{Side: "backend"})
	at := func(minute int) time.Time { return now.Add(time.Duration(minute) * time.Minute) }
	history := []triage.ResourceEvent{
		{At: at(1), Actor: triage.Person{ID: bot}, Weight: triage.Int(2)},
		{At: at(2), Actor: triage.Person{ID: 1, Username: "ann"}, Weight: triage.Int(3)},
	}
	for _, rule := range []string{"weighs", triage.AllRules} {
		m := triage.Memory{BotChanges: map[string]triage.BotChange{"weight": {Rule: "weighs", Value: 2}}}
		m = engine.RestoreMemory(m, team, history, bot)
		if _, suspended := m.Suspensions["weighs"]; !suspended {
			t.Fatalf("the rule is not suspended: %+v", m)
		}
		triage.Resume{Rule: rule}.Apply(&m, triage.Call{At: at(3)})
		m = engine.RestoreMemory(m, team, history, bot)
		if len(m.Suspensions)+len(m.Undone) > 0 {
			t.Errorf("resume %s: suspended again: %v %v", rule, m.Suspensions, m.Undone)
		}
	}
}
