package gitlab_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// state is what an update is about.
type state struct {
	Labels  []string
	Weight  *int
	Closed  bool
	Unknown bool // the weight
}

func (s state) issue() triage.Issue {
	return triage.Issue{Ref: ref, ID: 900, Labels: s.Labels, Weight: s.Weight, Closed: s.Closed, NoWeights: s.Unknown}
}

func stateOf(i triage.Issue) state {
	return state{Labels: i.Labels, Weight: i.Weight, Closed: i.Closed, Unknown: i.NoWeights}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	three := triage.Int(3)
	tests := map[string]struct {
		ce, unlicensed bool
		before, after  state
		sent           []map[string]any
		want           state // as the answer says
	}{
		"no difference": {
			before: state{Labels: []string{"a", "b"}, Weight: triage.Int(3)},
			after:  state{Labels: []string{"b", "a"}, Weight: three},
			want:   state{Labels: []string{"a", "b"}, Weight: three},
		},
		"a label stored twice is no difference": {
			before: state{Labels: []string{"a", "a"}},
			after:  state{Labels: []string{"a"}},
			want:   state{Labels: []string{"a", "a"}},
		},
		"everything in one request": {
			before: state{Labels: []string{"w::start", "old", "kept"}},
			after:  state{Labels: []string{"kept", "w::ready", "new"}, Weight: three, Closed: true},
			sent: []map[string]any{{
				"add_labels": "w::ready,new", "remove_labels": "w::start,old", "weight": 3.0, "state_event": "close",
			}},
			want: state{Labels: []string{"kept", "w::ready", "new"}, Weight: three, Closed: true},
		},
		"only a label": {
			before: state{Labels: []string{"a"}, Weight: three},
			after:  state{Labels: []string{"a", `needs "research" & ü`}, Weight: three},
			sent:   []map[string]any{{"add_labels": `needs "research" & ü`}},
			want:   state{Labels: []string{"a", `needs "research" & ü`}, Weight: three},
		},
		"weight 0 is a weight": {
			after: state{Weight: triage.Int(0)},
			sent:  []map[string]any{{"weight": 0.0}},
			want:  state{Weight: triage.Int(0)},
		},
		"weight to none": {
			before: state{Weight: three},
			sent:   []map[string]any{{"weight": nil}},
		},
		"weight 0 to none": {
			before: state{Weight: triage.Int(0)},
			sent:   []map[string]any{{"weight": nil}},
		},
		"reopen": {
			before: state{Closed: true},
			sent:   []map[string]any{{"state_event": "reopen"}},
		},
		"no licence: the weight is dropped": {
			unlicensed: true,
			after:      state{Labels: []string{"a"}, Weight: three},
			sent:       []map[string]any{{"add_labels": "a", "weight": 3.0}},
			want:       state{Labels: []string{"a"}},
		},
		"no weights at all, with a label": {
			ce:    true,
			after: state{Labels: []string{"a"}, Weight: three},
			sent:  []map[string]any{{"add_labels": "a", "weight": 3.0}},
			want:  state{Labels: []string{"a"}, Unknown: true},
		},
		"no weights at all, alone": {
			ce:     true,
			before: state{Labels: []string{"a"}},
			after:  state{Labels: []string{"a"}, Weight: three},
			sent:   []map[string]any{{"weight": 3.0}},
			want:   state{Labels: []string{"a"}, Unknown: true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Labels: tt.before.Labels, Weight: tt.before.Weight, Closed: tt.before.Closed,
				Unlicensed: tt.unlicensed, CE: tt.ce}
			got, err := s.client(t).UpdateIssue(t.Context(), tt.before.issue(), tt.after.issue())
			if err != nil {
				t.Fatalf("updating: %v", err)
			}
			if diff := cmp.Diff(tt.sent, s.updates()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, emptyAsNil(stateOf(got))); diff != "" {
				t.Errorf("issue (-want +got):\n%s", diff)
			}
			if got.Ref != ref || got.ID != 900 {
				t.Errorf("the answer is about %s with id %d", got.Ref, got.ID)
			}
		})
	}
}

func emptyAsNil(s state) state {
	if len(s.Labels) == 0 {
		s.Labels = nil
	}
	return s
}

// What GitLab's API cannot express is refused before anything is sent.
func TestUpdateRefusals(t *testing.T) {
	t.Parallel()
	other := triage.Issue{Ref: triage.Ref{Project: 7, IID: 13}}
	tests := map[string]struct {
		before, after triage.Issue
		says          string
	}{
		"adding a comma":   {state{}.issue(), state{Labels: []string{"fine", "a, b"}}.issue(), `adding labels: the label "a, b" holds a comma`},
		"removing a comma": {state{Labels: []string{"a,b"}}.issue(), state{}.issue(), `removing labels: the label "a,b" holds a comma`},
		"a nameless label": {state{}.issue(), state{Labels: []string{" "}}.issue(), "a label has no name"},
		"another issue":    {state{}.issue(), other, "the wanted state is one of issue 7#13"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{}
			_, err := s.client(t).UpdateIssue(t.Context(), tt.before, tt.after)
			check(t, err, gitlab.Permanent, "updating issue 7#12: ", tt.says)
			if sent := s.updates(); len(sent) != 0 {
				t.Errorf("sent %v, want nothing", sent)
			}
		})
	}
}

// A 400 for another reason stays one, also if only a weight was sent.
func TestUpdateRefused(t *testing.T) {
	t.Parallel()
	s := server{Answer: always(http.StatusBadRequest, "application/json", `{"error":"weight does not have a valid value"}`)}
	_, err := s.client(t).UpdateIssue(t.Context(), state{}.issue(), state{Weight: triage.Int(-1)}.issue())
	check(t, err, gitlab.Permanent, "updating issue 7#12: ", "weight does not have a valid value")

	// A GitLab that does not know labels either is not one without weights.
	s = server{}
	s.Answer = always(http.StatusBadRequest, "application/json", `{"error":"x are missing, at least one parameter must be provided"}`)
	_, err = s.client(t).UpdateIssue(t.Context(), state{}.issue(), state{Labels: []string{"a"}, Weight: triage.Int(1)}.issue())
	check(t, err, gitlab.Permanent, "none of the fields")
}

// After an update whose answer was lost, the same update brings the same state.
func TestUpdateAfterALostAnswer(t *testing.T) {
	t.Parallel()
	s := server{Labels: []string{"old"}, Answer: func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }}
	c := s.client(t)
	before, after := state{Labels: []string{"old"}}.issue(), state{Labels: []string{"new"}, Weight: triage.Int(2)}.issue()
	_, err := c.UpdateIssue(t.Context(), before, after)
	check(t, err, gitlab.Unavailable, "no answer")

	s.do(func() { s.Answer = nil })
	got, err := c.UpdateIssue(t.Context(), before, after)
	if err != nil {
		t.Fatalf("updating again: %v", err)
	}
	if diff := cmp.Diff(state{Labels: []string{"new"}, Weight: triage.Int(2)}, stateOf(got)); diff != "" {
		t.Errorf("issue (-want +got):\n%s", diff)
	}
}
