package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// watched puts a rule in shadow; own is the mode that it has by itself.
func watched(s engine.Setting, own triage.Mode) engine.Setting {
	s.Rule.Mode, s.Mode = own, triage.Shadow
	return s
}

// asksAndWants wants a label and has an item.
func asksAndWants(id string) engine.Setting {
	return rule(id, func(in triage.Input) triage.Verdict {
		if in.HasLabel("fine") {
			return triage.Nothing("fine")
		}
		return triage.Verdict{
			Reason: "because", Actions: []triage.Action{triage.AddLabel{Label: "x"}}, Items: []triage.Item{{Slot: "weight", Title: "A weight"}},
		}
	})
}

// shadowSteps are decisions on one issue, one after the other.
type shadowSteps struct {
	t      *testing.T
	policy engine.Policy
	memory triage.Memory
}

// decide decides and compares what the first rule would do, and when it is to be looked at again.
func (s *shadowSteps) decide(what string, events []triage.Event, issue triage.Issue, at time.Time, wake time.Time, would ...string) {
	s.t.Helper()
	d, _, err := engine.Decide(s.policy, engine.Case{Issue: issue, Memory: s.memory, Events: events, Now: at})
	if err != nil || len(d.Plan)+len(d.Note.Items) > 0 {
		s.t.Fatalf("%s: plan %v, items %v, error %v", what, d.Plan, d.Note.Items, err)
	}
	if diff := cmp.Diff(would, d.Findings[0].Would); diff != "" {
		s.t.Errorf("%s: would (-want +got):\n%s", what, diff)
	}
	if !d.WakeAt.Equal(wake) {
		s.t.Errorf("%s: wakes at %s, want %s", what, d.WakeAt, wake)
	}
	s.memory = d.Memory
}

// TestShadowTellsWhatItWouldDo: what a rule in shadow would do is what its own mode lets it do; what it would ask people for waits for the
// grace period, as on the note.
func TestShadowTellsWhatItWouldDo(t *testing.T) {
	const grace = 5 * time.Minute
	later := now.Add(grace)
	woken := []triage.Event{{Kind: triage.Woken, At: later, ReceivedAt: later}}
	for own, want := range map[triage.Mode][2][]string{
		triage.Act:    {{"add ~x"}, {"add ~x", "ask for “A weight”"}},
		triage.Remind: {nil, {"ask for “A weight”", "ask for “A label”"}},
		triage.Shadow: {nil, nil},
	} {
		t.Run(own.String(), func(t *testing.T) {
			s := shadowSteps{t: t, policy: engine.Policy{Team: team, Settings: []engine.Setting{watched(asksAndWants("one"), own)}, Grace: grace}}
			wake := later
			if own == triage.Shadow {
				wake = time.Time{}
			}
			s.decide("opened", opened, triage.Issue{}, now, wake, want[0]...)
			s.decide("woken", woken, triage.Issue{}, later, time.Time{}, want[1]...)
			s.decide("an event of no interest", []triage.Event{{Kind: triage.Awarded, ReceivedAt: now}}, triage.Issue{}, later, time.Time{}, want[1]...)
			s.decide("met by people", []triage.Event{{Kind: triage.Awarded, ReceivedAt: now}}, triage.Issue{Labels: []string{"fine"}}, later, time.Time{})
			if len(s.memory.ShadowActions) > 0 {
				t.Errorf("it remembers %v", s.memory.ShadowActions)
			}
		})
	}
}

// TestShadowDoesNotWaitWhereTheNoteWouldNot: the items of a prompt rule go on the note at once.
func TestShadowDoesNotWaitWhereTheNoteWouldNot(t *testing.T) {
	prompt := watched(asksAndWants("one"), triage.Remind)
	prompt.Prompt = true
	s := shadowSteps{t: t, policy: engine.Policy{Team: team, Settings: []engine.Setting{prompt}, Grace: time.Hour}}
	s.decide("opened", opened, triage.Issue{}, now, time.Time{}, "ask for “A weight”", "ask for “A label”")
}

// TestShadowIsForgottenInAnotherMode: what a rule would have done is of no interest once it may do it, or is off.
func TestShadowIsForgottenInAnotherMode(t *testing.T) {
	for _, mode := range []triage.Mode{triage.Off, triage.Remind, triage.Act} {
		other := asksAndWants("one")
		other.Mode = mode
		memory := triage.Memory{ShadowActions: map[string][]string{"one": {"add ~x"}, "gone": {"add ~y"}}}
		d, _, err := engine.Decide(engine.Policy{Team: team, Settings: []engine.Setting{other}}, engine.Case{Memory: memory, Events: []triage.Event{{Kind: triage.Awarded, ReceivedAt: now}}, Now: now})
		if err != nil || len(d.Memory.ShadowActions) > 0 || d.Findings[0].Evaluated || len(memory.ShadowActions) != 2 {
			t.Errorf("in mode %s: %+v, remembered %v, before %v, error %v", mode, d.Findings, d.Memory.ShadowActions, memory.ShadowActions, err)
		}
	}
}
