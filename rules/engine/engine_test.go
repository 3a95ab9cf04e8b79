package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

const bot = 99

var (
	now    = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	team   = triage.NewTeam(triage.TeamConfig{Side: "backend"})
	opened = []triage.Event{{Kind: triage.Opened, Actor: triage.Person{ID: 1, Username: "ann"}, At: now, ReceivedAt: now}}
)

// rule is a rule in mode act that always decides the same.
func rule(id string, decide func(triage.Input) triage.Verdict) engine.Setting {
	return engine.Setting{
		Rule: triage.Rule{Meta: triage.Meta{ID: id, On: triage.Opened | triage.LabelsChanged}, Decide: func(in triage.Input, _ triage.Options) triage.Verdict { return decide(in) }},
		Mode: triage.Act,
	}
}

func wants(id string, actions ...triage.Action) engine.Setting {
	return rule(id, func(triage.Input) triage.Verdict { return triage.Want("because", actions...) })
}

func add(label string) triage.Action { return triage.AddLabel{Label: label} }

func TestContradictionsNameBothRules(t *testing.T) {
	tests := map[string][]engine.Setting{
		"on and off":  {wants("one", add("x")), wants("two", triage.RemoveLabel{Label: "x"})},
		"one scope":   {wants("one", add("s::a")), wants("two", add("s::b"))},
		"two weights": {wants("one", triage.SetWeight{Value: 1}), wants("two", triage.SetWeight{Value: 2})},
		"in a later round": {wants("one", add("x")), rule("two", func(in triage.Input) triage.Verdict {
			if in.HasLabel("x") {
				return triage.Want("because", triage.RemoveLabel{Label: "x"})
			}
			return triage.Nothing("no x")
		})},
	}
	for name, settings := range tests {
		t.Run(name, func(t *testing.T) {
			issue := triage.Issue{Labels: []string{"y"}}
			d, _, err := engine.Decide(engine.Policy{Team: team, Settings: settings}, engine.Case{Issue: issue, Events: opened, Now: now})
			if !errors.Is(err, engine.ErrContradiction) || !strings.Contains(err.Error(), "one wants to") || !strings.Contains(err.Error(), "two wants to") {
				t.Fatalf("error %v does not name both rules", err)
			}
			if len(d.Findings) != 2 || d.Findings[0].Reason == "" {
				t.Errorf("the decision lacks the findings: %+v", d.Findings)
			}
		})
	}
}

func TestNeverSettling(t *testing.T) {
	restless := rule("restless", func(in triage.Input) triage.Verdict {
		return triage.Want("more", triage.AddLabel{Label: strings.Repeat("x", len(in.Issue.Labels)+1)})
	})
	_, _, err := engine.Decide(engine.Policy{Team: team, Settings: []engine.Setting{restless}}, engine.Case{Events: opened, Now: now})
	if !errors.Is(err, engine.ErrContradiction) || !strings.Contains(err.Error(), "restless") {
		t.Fatalf("error %v does not name the rule that never settles", err)
	}
}

// TestAnotherRuleDoesNotRedo: what a person took off is not put back by a rule that had no part in it.
func TestAnotherRuleDoesNotRedo(t *testing.T) {
	policy := engine.Policy{Team: team, Settings: []engine.Setting{wants("one", triage.AddLabel{Label: "x"})}}
	memory := triage.Memory{BotChanges: map[string]triage.BotChange{"label:x": {Rule: "another"}}}
	d, _, err := engine.Decide(policy, engine.Case{Memory: memory, Events: opened, Now: now})
	if err != nil || len(d.Plan) > 0 || !d.Findings[0].Overridden {
		t.Fatalf("plan %v, findings %+v, error %v", d.Plan, d.Findings, err)
	}
}

func TestMemoryIsNotShared(t *testing.T) {
	memory := triage.Memory{BotChanges: map[string]triage.BotChange{}}
	policy := engine.Policy{Team: team, Settings: []engine.Setting{wants("one", triage.AddLabel{Label: "x"})}}
	d, _, err := engine.Decide(policy, engine.Case{Memory: memory, Events: opened, Now: now})
	if err != nil || len(memory.BotChanges) > 0 || d.Memory.BotChanges["label:x"].Rule != "one" {
		t.Fatalf("before %v, after %v, error %v", memory.BotChanges, d.Memory.BotChanges, err)
	}
}

// TestRecover rebuilds from GitLab's events what the bot did and what people undid.
func TestRecover(t *testing.T) {
	label := func(by int64, added bool, l string) triage.ResourceEvent {
		return triage.ResourceEvent{Actor: triage.Person{ID: by, Username: "u"}, Added: added, Label: l}
	}
	weight := func(by int64, w *int) triage.ResourceEvent {
		return triage.ResourceEvent{Actor: triage.Person{ID: by, Username: "u"}, Weight: w}
	}
	own := func(key string, o triage.BotChange) triage.Memory {
		return triage.Memory{BotChanges: map[string]triage.BotChange{key: o}}
	}
	undone := func(key, what string, removed bool) triage.Memory {
		return triage.Memory{Undone: map[string]triage.Undoing{key: {By: "u", What: what, Removed: removed}}}
	}
	bumped := own("weight", triage.BotChange{Value: 3})
	bumped.Bump = &triage.Bump{From: 2, To: 3}
	bumpedLabel := own("weight:backend", triage.BotChange{Value: 3})
	bumpedLabel.Bump = &triage.Bump{From: 2, To: 3}
	stood := undone("weight", "set weight 3", false)
	stood.Bump = &triage.Bump{From: 2, To: 3}
	suspended := triage.Memory{
		Suspensions: map[string]triage.Undoing{"design-needs-ux": {By: "u", What: "add ~UX"}},
		Undone:      map[string]triage.Undoing{"label:UX": {By: "u", What: "add ~UX", Rule: "design-needs-ux"}},
	}
	tests := map[string]struct {
		marker triage.Memory
		past   []triage.ResourceEvent
		want   triage.Memory
	}{
		"nothing":                       {},
		"a person's label":              {past: []triage.ResourceEvent{label(1, true, "UX")}},
		"the bot's label":               {past: []triage.ResourceEvent{label(bot, true, "UX")}, want: own("label:UX", triage.BotChange{})},
		"taken off by a person":         {past: []triage.ResourceEvent{label(bot, true, "UX"), label(1, false, "UX")}, want: undone("label:UX", "add ~UX", false)},
		"of a rule the marker names":    {marker: own("label:UX", triage.BotChange{Rule: "design-needs-ux"}), past: []triage.ResourceEvent{label(bot, true, "UX"), label(1, false, "UX")}, want: suspended},
		"taken off by the bot":          {past: []triage.ResourceEvent{label(bot, true, "x"), label(bot, false, "x")}},
		"moved within its scope":        {past: []triage.ResourceEvent{label(bot, true, "workflow::start"), label(1, true, "workflow::in dev"), label(1, false, "workflow::start")}},
		"a person's label taken off":    {past: []triage.ResourceEvent{label(1, true, "x"), label(bot, false, "x")}, want: own("label:x", triage.BotChange{Removed: true})},
		"and set again":                 {past: []triage.ResourceEvent{label(bot, false, "x"), label(1, true, "x")}, want: undone("label:x", "remove ~x", true)},
		"set again by the bot later":    {past: []triage.ResourceEvent{label(bot, true, "UX"), label(1, false, "UX"), label(bot, true, "UX")}, want: own("label:UX", triage.BotChange{})},
		"the extra level":               {past: []triage.ResourceEvent{weight(1, triage.Int(2)), weight(bot, triage.Int(3))}, want: bumped},
		"the extra level, then changed": {past: []triage.ResourceEvent{weight(1, triage.Int(2)), weight(bot, triage.Int(3)), weight(1, nil)}, want: stood},
		"a weight that the bot set on a security issue has its level": {
			past: []triage.ResourceEvent{label(1, true, "Security"), weight(bot, triage.Int(3))}, want: bumped,
		},
		"not if the label came later": {past: []triage.ResourceEvent{weight(bot, triage.Int(3)), label(1, true, "security")}, want: own("weight", triage.BotChange{Value: 3})},
		"not if the label was gone":   {past: []triage.ResourceEvent{label(1, true, "security"), label(1, false, "security"), weight(bot, triage.Int(3))}, want: own("weight", triage.BotChange{Value: 3})},
		"and on a feature, too": { // security is the label, whatever the type
			past: []triage.ResourceEvent{label(1, true, "security"), label(1, true, "type::feature"), weight(bot, triage.Int(3))}, want: bumped,
		},
		"not on a spike":               {past: []triage.ResourceEvent{label(1, true, "security"), label(1, true, "spike"), weight(bot, triage.Int(2))}, want: own("weight", triage.BotChange{Value: 2})},
		"not at the top of the scale":  {past: []triage.ResourceEvent{label(1, true, "security"), weight(bot, triage.Int(5))}, want: own("weight", triage.BotChange{Value: 5})},
		"a spike's weight is no level": {past: []triage.ResourceEvent{weight(bot, triage.Int(2))}, want: own("weight", triage.BotChange{Value: 2})},
		"taken off by a person, set again by one, then taken off by the bot": {
			past: []triage.ResourceEvent{label(bot, true, "x"), label(1, false, "x"), label(1, true, "x"), label(bot, false, "x")},
			want: own("label:x", triage.BotChange{Removed: true}),
		},
		"moved by the bot": {
			past: []triage.ResourceEvent{label(1, true, "s::a"), label(bot, true, "s::b"), label(bot, false, "s::a")},
			want: own("label:s::b", triage.BotChange{Replaced: "s::a"}),
		},
		"moved by the bot and back by a person": {
			past: []triage.ResourceEvent{
				label(1, true, "s::a"), label(bot, true, "s::b"), label(bot, false, "s::a"), label(1, true, "s::a"), label(1, false, "s::b"),
			},
			want: undone("label:s::b", `add ~"s::b"`, false),
		},
		"moved by the bot and on by a person": {
			past: []triage.ResourceEvent{
				label(1, true, "s::a"), label(bot, true, "s::b"), label(bot, false, "s::a"), label(1, true, "s::c"), label(1, false, "s::b"),
			},
		},
		"the extra level on a label": {
			past: []triage.ResourceEvent{label(1, true, "backend-weight::2"), label(bot, true, "backend-weight::3"), label(bot, false, "backend-weight::2")}, want: bumpedLabel,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := engine.RestoreMemory(tt.marker, team, tt.past, bot)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error("(-want +got)\n", diff)
			}
		})
	}
}

// TestRecoverState: since when an issue is in its workflow state is what GitLab recorded, and a decision keeps it.
func TestRecoverState(t *testing.T) {
	minute := func(n int) time.Time { return now.Add(time.Duration(n-60) * time.Minute) }
	change := func(n int, added bool, l string) triage.ResourceEvent {
		return triage.ResourceEvent{At: minute(n), Actor: triage.Person{ID: int64(n)}, Added: added, Label: l}
	}
	policy := engine.Policy{Team: team}
	tests := map[string]struct {
		past   []triage.ResourceEvent
		labels []string // of the issue now
		want   triage.StateEntry
	}{
		"no workflow label":      {past: []triage.ResourceEvent{change(1, true, "x::in dev")}, labels: []string{"x::in dev"}},
		"set once":               {past: []triage.ResourceEvent{change(1, true, "workflow::start")}, labels: []string{"workflow::start"}, want: triage.StateEntry{State: "start", At: minute(1)}},
		"by the bot":             {past: []triage.ResourceEvent{change(bot, true, "workflow::start")}, labels: []string{"workflow::start"}, want: triage.StateEntry{State: "start", At: minute(bot)}},
		"in another spelling":    {past: []triage.ResourceEvent{change(1, true, "Workflow:: In dev")}, labels: []string{"Workflow:: In dev"}, want: triage.StateEntry{State: "in dev", At: minute(1)}},
		"other labels came last": {past: []triage.ResourceEvent{change(1, true, "workflow::start"), change(2, true, "UX"), change(3, true, "UX")}, labels: []string{"workflow::start", "UX"}, want: triage.StateEntry{State: "start", At: minute(1)}},
		"replaced, added first": {
			past:   []triage.ResourceEvent{change(1, true, "workflow::start"), change(2, true, "workflow::in dev"), change(2, false, "workflow::start")},
			labels: []string{"workflow::in dev"}, want: triage.StateEntry{State: "in dev", From: "start", At: minute(2)},
		},
		"replaced, removed first": {
			past:   []triage.ResourceEvent{change(1, true, "workflow::start"), change(2, false, "workflow::start"), change(2, true, "workflow::in dev")},
			labels: []string{"workflow::in dev"}, want: triage.StateEntry{State: "in dev", From: "start", At: minute(2)},
		},
		"back again": {
			past: []triage.ResourceEvent{
				change(1, true, "workflow::start"), change(2, true, "workflow::in dev"), change(2, false, "workflow::start"),
				change(3, true, "workflow::start"), change(3, false, "workflow::in dev"),
			},
			labels: []string{"workflow::start"}, want: triage.StateEntry{State: "start", From: "in dev", At: minute(3)},
		},
		"the last one of two taken off": {
			past:   []triage.ResourceEvent{change(1, true, "workflow::start"), change(2, true, "workflow::in dev"), change(3, false, "workflow::in dev")},
			labels: []string{"workflow::start"}, want: triage.StateEntry{State: "start", At: minute(1)},
		},
		"taken off":                     {past: []triage.ResourceEvent{change(1, true, "workflow::start"), change(2, false, "workflow::start")}},
		"the label was deleted since":   {labels: []string{"workflow::start"}, want: triage.StateEntry{State: "start", At: now}},
		"the past tells of another one": {past: []triage.ResourceEvent{change(1, true, "workflow::start")}, labels: []string{"workflow::in dev"}, want: triage.StateEntry{State: "in dev", From: "start", At: now}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			recovered := engine.RestoreMemory(triage.Memory{}, team, tt.past, bot)
			d, _, err := engine.Decide(policy, engine.Case{Issue: triage.Issue{Labels: tt.labels}, Memory: recovered, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, d.Memory.StateEntry); diff != "" {
				t.Error("(-want +got)\n", diff)
			}
		})
	}
}

// TestMovesBackAreNotRedone: where the store lost its memory, a person who moves an issue back to where the bot took it from still wins,
// whether they did so before or after the memory was recovered.
func TestMovesBackAreNotRedone(t *testing.T) {
	change := func(by int64, added bool, l string) triage.ResourceEvent {
		return triage.ResourceEvent{Actor: triage.Person{ID: by, Username: "u"}, Added: added, Label: l}
	}
	moved := []triage.ResourceEvent{change(1, true, "s::a"), change(bot, true, "s::b"), change(bot, false, "s::a")}
	back := []triage.ResourceEvent{change(1, true, "s::a"), change(1, false, "s::b")}
	policy := engine.Policy{Team: team, Settings: []engine.Setting{wants("moves", add("s::b"))}}
	for name, past := range map[string][]triage.ResourceEvent{"before": slices.Concat(moved, back), "after": moved} {
		t.Run(name, func(t *testing.T) {
			recovered := engine.RestoreMemory(triage.Memory{}, team, past, bot)
			d, _, err := engine.Decide(policy, engine.Case{Issue: triage.Issue{Labels: []string{"s::a"}}, Memory: recovered, Events: opened, Now: now})
			if err != nil || len(d.Plan) > 0 {
				t.Errorf("plan %v, error %v", d.Plan, err)
			}
		})
	}
}
