package gitlab_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// A milestone known by its title goes into the same request as everything else; one that does not exist is left out.
func TestUpdateMilestone(t *testing.T) {
	t.Parallel()
	const (
		own     = `{"id":41,"project_id":7,"title":"Backlog"}`
		groups  = `{"id":42,"group_id":3,"title":"Backlog"}`
		similar = `{"id":43,"project_id":7,"title":"backlog"}`
	)
	backlog := func(i triage.Issue) triage.Issue { return triage.SetMilestone{Title: "Backlog"}.Apply(i) }
	tests := map[string]struct {
		status int
		found  string
		before triage.Issue
		after  func(triage.Issue) triage.Issue
		sent   []map[string]any
	}{
		"alone":              {found: "[" + own + "]", after: backlog, sent: []map[string]any{{"milestone_id": 41.0}}},
		"a group's":          {found: "[" + groups + "]", after: backlog, sent: []map[string]any{{"milestone_id": 42.0}}},
		"its own is nearer":  {found: "[" + groups + "," + own + "]", after: backlog, sent: []map[string]any{{"milestone_id": 41.0}}},
		"whatever the order": {found: "[" + own + "," + groups + "]", after: backlog, sent: []map[string]any{{"milestone_id": 41.0}}},
		"another spelling":   {found: "[" + similar + "]", after: backlog},
		"none, alone":        {found: "[]", after: backlog},
		"no list, alone":     {status: http.StatusNotFound, found: `{"message":"404 Not found"}`, after: backlog},
		"denied, alone":      {status: http.StatusForbidden, found: `{"message":"403 Forbidden"}`, after: backlog},
		"with a label": {
			found: "[" + own + "]",
			after: func(i triage.Issue) triage.Issue { return triage.AddLabel{Label: "a"}.Apply(backlog(i)) },
			sent:  []map[string]any{{"milestone_id": 41.0, "add_labels": "a"}},
		},
		"none, with a label and closed": {
			found: "[]",
			after: func(i triage.Issue) triage.Issue {
				return triage.Close{}.Apply(triage.AddLabel{Label: "a"}.Apply(backlog(i)))
			},
			sent: []map[string]any{{"add_labels": "a", "state_event": "close"}},
		},
		"no title": {
			found: "[" + own + "]",
			after: func(i triage.Issue) triage.Issue { i.Milestone = triage.NewMilestone; return i },
		},
		"by its id": {
			after: func(i triage.Issue) triage.Issue { i.Milestone = 44; return i },
			sent:  []map[string]any{{"milestone_id": 44.0}},
		},
		"to none": {
			before: triage.Issue{Milestone: 44},
			after:  func(i triage.Issue) triage.Issue { i.Milestone = 0; return i },
			sent:   []map[string]any{{"milestone_id": 0.0}},
		},
		"the one it has": {before: triage.Issue{Milestone: 44}, after: backlog},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var query string
			s := server{}
			s.Answer = at("/api/v4/projects/7/milestones", func(w http.ResponseWriter, r *http.Request) bool {
				query = r.URL.RawQuery
				return always(max(tt.status, http.StatusOK), "application/json", tt.found)(w, r)
			})
			before := state{}.issue()
			before.Milestone = tt.before.Milestone
			got, err := s.client(t).UpdateIssue(t.Context(), before, tt.after(before))
			if err != nil {
				t.Fatalf("updating: %v", err)
			}
			if diff := cmp.Diff(tt.sent, s.updates()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if len(tt.sent) == 0 && got.Milestone != before.Milestone {
				t.Errorf("nothing was sent, the answer has milestone %d", got.Milestone)
			}
			if want := "include_ancestors=true&per_page=100&state=active&title=Backlog"; query != "" && query != want {
				t.Errorf("asked for %s, want %s", query, want)
			}
		})
	}
}

// What was found is asked for again after ten minutes, what was not found each time. Projects and titles are told apart.
func TestMilestonesAreRemembered(t *testing.T) {
	t.Parallel()
	now, exists := noon, false
	var asked []string
	s := server{}
	s.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			return false
		}
		title := r.FormValue("title")
		asked = append(asked, title)
		if !exists {
			return always(http.StatusOK, "application/json", "[]")(w, r)
		}
		return always(http.StatusOK, "application/json", fmt.Sprintf(`[{"id":41,"title":%q}]`, title))(w, r)
	}
	c := newClient(t, gitlab.Options{URL: s.start(t), Now: func() time.Time { return now }})
	steps := []struct {
		name   string
		later  time.Duration
		exists bool
		title  string
		asks   bool
	}{
		{"not there", 0, false, "Backlog", true},
		{"still not there", 0, false, "Backlog", true},
		{"created", 0, true, "Backlog", true},
		{"known", 9 * time.Minute, true, "Backlog", false},
		{"another", 0, true, "19.4", true},
		{"too old", time.Minute, true, "Backlog", true},
		{"known again", 0, true, "Backlog", false},
	}
	for _, step := range steps {
		now = now.Add(step.later)
		s.do(func() { exists, asked = step.exists, nil })
		if _, err := c.UpdateIssue(t.Context(), state{}.issue(), triage.SetMilestone{Title: step.title}.Apply(state{}.issue())); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		s.do(func() {
			if (len(asked) > 0) != step.asks {
				t.Errorf("%s: asked for %q", step.name, asked)
			}
		})
	}
	if want := 5; len(s.updates()) != want {
		t.Errorf("%d updates, want %d", len(s.updates()), want)
	}
}

func TestSandboxMilestone(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	id, err := lab.AddMilestone(ref.Project, "Back log & more")
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.Issue(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	wanted := triage.AddLabel{Label: "a"}.Apply(triage.SetMilestone{Title: "Nowhere"}.Apply(before))
	if got, err := c.UpdateIssue(t.Context(), before, wanted); err != nil || got.Milestone != 0 || !got.Has("a") {
		t.Errorf("milestone %d, labels %v, %v: want only the label", got.Milestone, got.Labels, err)
	}
	wanted = triage.Close{}.Apply(triage.SetMilestone{Title: "Back log & more"}.Apply(before))
	if got, err := c.UpdateIssue(t.Context(), before, wanted); err != nil || got.Milestone != id || !got.Closed {
		t.Errorf("milestone %d, closed %v, %v: want %d and closed", got.Milestone, got.Closed, err, id)
	}
	if writes := lab.Writes(); len(writes) != 2 {
		t.Errorf("wrote %q, want two requests", writes)
	}
}

// Dates may be missing. A project's own milestones come first, and the list has several pages.
func TestMilestoneDates(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"1": `[{"id":42,"group_id":3,"title":"19.6","start_date":"2026-10-10","due_date":"2026-11-13"},{"id":43,"group_id":3,"title":"Backlog","start_date":null,"due_date":null}]`,
		"2": `[{"id":41,"project_id":7,"title":"19.6","due_date":"2026-11-12","state":"closed"}]`,
	}
	var queries []string
	s := server{}
	s.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		queries = append(queries, r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		n := r.FormValue("page")
		if n == "1" {
			w.Header().Set("X-Next-Page", "2")
		} else {
			w.Header().Set("X-Next-Page", "")
		}
		return always(http.StatusOK, "application/json", pages[n])(w, r)
	}
	got, err := s.client(t).MilestoneDates(t.Context(), "team/project")
	if err != nil {
		t.Fatal(err)
	}
	want := []planning.MilestoneDates{
		{Title: "19.6", Due: planning.Date{Year: 2026, Month: time.November, Day: 12}},
		{Title: "19.6", Start: planning.Date{Year: 2026, Month: time.October, Day: 10}, Due: planning.Date{Year: 2026, Month: time.November, Day: 13}},
		{Title: "Backlog"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dates (-want +got):\n%s", diff)
	}
	all, err := s.client(t).Milestones(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]gitlab.Milestone{{MilestoneDates: want[0], ID: 41, Closed: true}, {MilestoneDates: want[1], ID: 42}, {MilestoneDates: want[2], ID: 43}}, all); diff != "" {
		t.Errorf("milestones (-want +got):\n%s", diff)
	}
	const list, byID = "/api/v4/projects/team%2Fproject/milestones?include_ancestors=true&page=", "/api/v4/projects/7/milestones?include_ancestors=true&page="
	s.do(func() {
		want := []string{list + "1&per_page=100", list + "2&per_page=100", byID + "1&per_page=100", byID + "2&per_page=100"}
		if !slices.Equal(queries, want) {
			t.Errorf("asked for %q, want %q", queries, want)
		}
	})
}
