package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// milestoneTitles are the titles of a list of milestones.
func milestoneTitles(t *testing.T, r reply) []string {
	t.Helper()
	titles := []string{}
	for _, m := range r.list(t) {
		titles = append(titles, m["title"].(string))
	}
	return titles
}

func TestListsOfMilestones(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for _, m := range []sandbox.MilestoneOptions{{Title: "19.6", Start: "2026-10-10", Due: "2026-11-13", Closed: true}, {Title: "19.7"}} {
		if _, err := l.AddGroupMilestone("create", m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.AddMilestone(l.project, "Backlog"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/groups/create/milestones":                                  {"19.6", "19.7"},
		"/groups/create/milestones?state=active":                     {"19.7"},
		"/groups/create/milestones?state=closed":                     {"19.6"},
		"/groups/create/milestones?title=19.7":                       {"19.7"},
		"/groups/create/milestones?search=9.6":                       {"19.6"},
		"/groups/create/milestones?iids[]=2":                         {"19.7"},
		"/projects/1/milestones":                                     {"Backlog"},
		"/projects/1/milestones?include_ancestors=true":              {"Backlog", "19.6", "19.7"},
		"/projects/1/milestones?include_ancestors=true&iids[]=1":     {"Backlog", "19.6", "19.7"}, // then iids are ignored
		"/projects/1/milestones?include_ancestors=true&state=active": {"Backlog", "19.7"},
		"/projects/1/milestones?updated_after=2026-11-24":            {},
	} {
		if diff := cmp.Diff(want, milestoneTitles(t, l.must("GET", path, ""))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	first := l.must("GET", "/groups/create/milestones", "").list(t)[0]
	for key, want := range map[string]any{
		"start_date": "2026-10-10", "due_date": "2026-11-13", "state": "closed", "expired": true, "group_id": 501.0, "project_id": nil,
	} {
		if first[key] != want {
			t.Errorf("%s is %v, want %v", key, first[key], want)
		}
	}
}

func TestWritingMilestones(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	made := l.must("POST", "/groups/create/milestones", `{"title":"19.7","start_date":"2026-11-14","due_date":"2026-12-11"}`).object(t)
	path := fmt.Sprintf("/groups/create/milestones/%.0f", made["id"])
	ref := l.open(sandbox.IssueOptions{Milestone: "19.7"})
	updated, hooks := l.Issue(ref).UpdatedAt, len(l.sent(0))
	if got := l.must("PUT", path, `{"due_date":"2026-12-18"}`).object(t); got["due_date"] != "2026-12-18" || got["start_date"] != "2026-11-14" {
		t.Errorf("with another date it is %v", got)
	}
	if got := l.must("PUT", path, `{"state_event":"close"}`).object(t); got["state"] != "closed" {
		t.Errorf("closed it is %v", got)
	}
	if !l.Issue(ref).UpdatedAt.Equal(updated) || len(l.sent(0)) != hooks {
		t.Error("a change of the milestone changed the issue or was told by a hook")
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"title":" "}`: 400, `{"title":"19.7"}`: 400, `{"title":"x","due_date":"soon"}`: 400,
		`{"title":"x","start_date":"2026-12-11","due_date":"2026-12-10"}`: 400,
	} {
		if r := l.api("POST", "/groups/create/milestones", body); r.StatusCode != status {
			t.Errorf("%s: %d %s", body, r.StatusCode, r.Text)
		}
	}
	if r := l.api("GET", "/projects/1/milestones/"+path[len("/groups/create/milestones/"):], ""); r.StatusCode != 404 {
		t.Errorf("a group's milestone is found in the project: %d", r.StatusCode)
	}
}

// From one milestone to another GitLab notes only that the new one came.
func TestMilestoneEvents(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for _, title := range []string{"19.7", "19.8"} {
		if _, err := l.AddGroupMilestone("create", sandbox.MilestoneOptions{Title: title}); err != nil {
			t.Fatal(err)
		}
	}
	ref := l.open(sandbox.IssueOptions{Milestone: "19.7"})
	l.edit("omar", ref, sandbox.Change{Milestone: ptr("19.8")})
	l.edit("omar", ref, sandbox.Change{Milestone: ptr("")})
	var got []string
	for _, e := range l.must("GET", "/projects/1/issues/1/resource_milestone_events", "").list(t) {
		got = append(got, fmt.Sprint(e["action"], " ", e["milestone"].(map[string]any)["title"]))
	}
	if diff := cmp.Diff([]string{"add 19.7", "add 19.8", "remove 19.8"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
