package sandbox_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// state is what the tables compare of an issue.
type state struct {
	Labels []string
	Weight *int
	State  string
}

func stateOf(i sandbox.Issue) state { return state{i.Labels, i.Weight, i.State} }

func TestWritesThroughTheAPI(t *testing.T) {
	opened := sandbox.IssueOptions{Labels: []string{"backend", "w::start"}, Weight: ptr(1)}
	tests := map[string]struct {
		edition sandbox.Edition
		body    string
		want    state
	}{
		"a label is added":                     {body: `{"add_labels":"UX"}`, want: state{[]string{"backend", "w::start", "UX"}, ptr(1), "opened"}},
		"a scoped label replaces its sibling":  {body: `{"add_labels":"w::design"}`, want: state{[]string{"backend", "w::design"}, ptr(1), "opened"}},
		"the last of a scope in the list wins": {body: `{"add_labels":"w::b,w::a"}`, want: state{[]string{"backend", "w::a"}, ptr(1), "opened"}},
		"the scope ends at the last colons":    {body: `{"add_labels":"w::start::x"}`, want: state{[]string{"backend", "w::start", "w::start::x"}, ptr(1), "opened"}},
		"labels replaces all":                  {body: `{"labels":"a,b"}`, want: state{[]string{"a", "b"}, ptr(1), "opened"}},
		"empty labels clears":                  {body: `{"labels":""}`, want: state{[]string{}, ptr(1), "opened"}},
		"removing wins over adding":            {body: `{"add_labels":"UX","remove_labels":"UX"}`, want: state{[]string{"backend", "w::start"}, ptr(1), "opened"}},
		"an unknown label to remove":           {body: `{"remove_labels":"nothing"}`, want: state{[]string{"backend", "w::start"}, ptr(1), "opened"}},
		"a form body":                          {body: `add_labels=UX&remove_labels=backend&weight=3`, want: state{[]string{"w::start", "UX"}, ptr(3), "opened"}},
		"a weight":                             {body: `{"weight":0}`, want: state{[]string{"backend", "w::start"}, ptr(0), "opened"}},
		"no weight":                            {body: `{"weight":null}`, want: state{[]string{"backend", "w::start"}, nil, "opened"}},
		"close":                                {body: `{"state_event":"close"}`, want: state{[]string{"backend", "w::start"}, ptr(1), "closed"}},
		"all at once":                          {body: `{"state_event":"close","add_labels":"w::done","weight":5}`, want: state{[]string{"backend", "w::done"}, ptr(5), "closed"}},
		"free: no exclusive scopes, no weight": {sandbox.Free, `{"add_labels":"w::design","weight":3}`, state{[]string{"backend", "w::start", "w::design"}, nil, "opened"}},
		"CE: no exclusive scopes, no weight":   {sandbox.CE, `{"add_labels":"w::design","weight":3}`, state{[]string{"backend", "w::start", "w::design"}, nil, "opened"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{Edition: tt.edition})
			ref := l.open(opened)
			l.must("PUT", "/projects/1/issues/1", tt.body)
			if diff := cmp.Diff(tt.want, stateOf(l.Issue(ref))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReopeningThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	for _, step := range []struct{ event, want string }{{"close", "closed"}, {"reopen", "opened"}} {
		l.must("PUT", "/projects/1/issues/1", `{"state_event":"`+step.event+`"}`)
		if got := l.Issue(ref).State; got != step.want {
			t.Errorf("after %s the issue is %s, want %s", step.event, got, step.want)
		}
	}
}

func TestAnswersSayWhetherWeightsExist(t *testing.T) {
	tests := map[string]struct {
		edition sandbox.Edition
		want    any // of the key weight; "absent" if there is none
		status  int // of a PUT with nothing but a weight
	}{
		"premium": {sandbox.Premium, 3.0, 200},
		"free":    {sandbox.Free, nil, 200},
		"CE":      {sandbox.CE, "absent", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{Edition: tt.edition})
			l.open(sandbox.IssueOptions{})
			if r := l.api("PUT", "/projects/1/issues/1", `{"weight":3}`); r.StatusCode != tt.status {
				t.Errorf("PUT answered %d %s, want %d", r.StatusCode, r.Text, tt.status)
			}
			for what, o := range map[string]map[string]any{
				"the API": l.must("GET", "/projects/1/issues/1", "").object(t),
				"a hook":  l.sent(0)[len(l.sent(0))-1].at("object_attributes").(map[string]any),
			} {
				got, has := o["weight"]
				if !has {
					got = "absent"
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("weight in %s: %s", what, diff)
				}
			}
		})
	}
}

func TestEventsRecordWhoDidWhat(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"w::start"}, Weight: ptr(1)})
	l.edit("omar", ref, sandbox.Change{AddLabels: []string{"w::design"}, Weight: ptr(2)})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"UX","weight":null,"state_event":"close"}`)
	l.edit("omar", ref, sandbox.Change{Reopen: true, RemoveLabels: []string{"UX"}})

	type row struct{ User, Action, Label string }
	var labels []row
	for _, e := range l.must("GET", "/projects/1/issues/1/resource_label_events", "").list(t) {
		labels = append(labels, row{user(e), e["action"].(string), e["label"].(map[string]any)["name"].(string)})
	}
	want := []row{
		{"maria", "add", "w::start"}, {"omar", "add", "w::design"}, {"omar", "remove", "w::start"},
		{"flowkeeper-bot", "add", "UX"}, {"omar", "remove", "UX"},
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("label events: %s", diff)
	}

	var weights, states []any
	for _, e := range l.must("GET", "/projects/1/issues/1/resource_weight_events", "").list(t) {
		weights = append(weights, user(e), e["weight"])
	}
	if diff := cmp.Diff([]any{"maria", 1.0, "omar", 2.0, "flowkeeper-bot", nil}, weights); diff != "" {
		t.Errorf("weight events: %s", diff)
	}
	for _, e := range l.must("GET", "/projects/1/issues/1/resource_state_events", "").list(t) {
		states = append(states, user(e), e["state"])
	}
	if diff := cmp.Diff([]any{"flowkeeper-bot", "closed", "omar", "reopened"}, states); diff != "" {
		t.Errorf("state events: %s", diff)
	}
}

func user(event map[string]any) string { return event["user"].(map[string]any)["username"].(string) }

func TestUpdatedAtMovesWithEveryChangeOnly(t *testing.T) {
	tests := map[string]struct {
		do    func(l *lab, id int64)
		moves bool
	}{
		"a label":              {func(l *lab, _ int64) { l.must("PUT", "/projects/1/issues/1", `{"add_labels":"UX"}`) }, true},
		"nothing new":          {func(l *lab, _ int64) { l.must("PUT", "/projects/1/issues/1", `{"add_labels":"backend"}`) }, false},
		"a comment":            {func(l *lab, _ int64) { l.must("POST", "/projects/1/issues/1/notes", `{"body":"hi"}`) }, true},
		"a reaction":           {func(l *lab, _ int64) { l.must("POST", "/projects/1/issues/1/award_emoji", `{"name":"eyes"}`) }, false},
		"an edited comment":    {func(l *lab, id int64) { l.must("PUT", note(id), `{"body":"other"}`) }, true},
		"the same text again":  {func(l *lab, id int64) { l.must("PUT", note(id), `{"body":"mine"}`) }, false},
		"a deleted comment":    {func(l *lab, id int64) { l.must("DELETE", note(id), "") }, true},
		"reading changes none": {func(l *lab, _ int64) { l.must("GET", "/projects/1/issues/1", "") }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref := l.open(sandbox.IssueOptions{Labels: []string{"backend"}})
			id := l.comment("flowkeeper-bot", ref, "mine")
			before := l.Issue(ref).UpdatedAt
			tt.do(l, id)
			if after := l.Issue(ref).UpdatedAt; after.After(before) != tt.moves || after.Sub(before) > time.Second {
				t.Errorf("updated_at went from %v to %v", before, after)
			}
		})
	}
}

func TestPeopleMayDoWhatTheirRoleAllows(t *testing.T) {
	label := sandbox.Change{AddLabels: []string{"UX"}}
	tests := map[string]struct {
		user   string
		author string
		change sandbox.Change
		labels []string
		state  string
		fails  bool
	}{
		"a developer labels":                      {"omar", "maria", label, []string{"UX"}, "opened", false},
		"a guest labels another's":                {"gil", "maria", label, []string{}, "opened", true},
		"a guest labels their own: left out":      {"gil", "gil", label, []string{}, "opened", false},
		"a guest closes their own":                {"gil", "gil", sandbox.Change{Close: true}, []string{}, "closed", false},
		"somebody who is no member closes":        {"nora", "maria", sandbox.Change{Close: true}, []string{}, "opened", true},
		"nobody of that name":                     {"zoe", "maria", label, []string{}, "opened", true},
		"a negative weight":                       {"omar", "maria", sandbox.Change{Weight: ptr(-1)}, []string{}, "opened", true},
		"an empty title":                          {"omar", "maria", sandbox.Change{Title: ptr(" ")}, []string{}, "opened", true},
		"a milestone that does not exist":         {"omar", "maria", sandbox.Change{Milestone: ptr("20.0")}, []string{}, "opened", true},
		"an assignee who does not exist":          {"omar", "maria", sandbox.Change{Assignees: &[]string{"zoe"}}, []string{}, "opened", true},
		"nothing happens of what cannot be whole": {"omar", "maria", sandbox.Change{AddLabels: []string{"UX"}, Title: ptr("")}, []string{}, "opened", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref, err := l.Open(tt.author, l.project, sandbox.IssueOptions{Title: "Slow"})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Edit(tt.user, ref, tt.change); (err != nil) != tt.fails {
				t.Errorf("editing: %v", err)
			}
			if diff := cmp.Diff(state{tt.labels, nil, tt.state}, stateOf(l.Issue(ref))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfidentialIssuesAreHidden(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Confidential: true})
	if err := l.AddToken("gil", "glpat-gil"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Comment("gil", ref, "hi"); err == nil {
		t.Error("a guest could comment on a confidential issue")
	}
	if r := l.apiAs("glpat-gil", "GET", "/projects/1/issues/1", ""); r.StatusCode != 404 {
		t.Errorf("a guest got %d", r.StatusCode)
	}
	if n := len(l.apiAs("glpat-gil", "GET", "/projects/1/issues", "").list(t)); n != 0 {
		t.Errorf("a guest's list has %d issues", n)
	}
	l.must("GET", "/projects/1/issues/1", "")
}
