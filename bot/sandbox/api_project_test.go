package sandbox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestLinks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	l.open(sandbox.IssueOptions{Title: "Other"})
	l.must("POST", "/projects/1/issues/1/links", `{"target_project_id":"create/source-code","target_issue_iid":2,"link_type":"is_blocked_by"}`)
	for path, want := range map[string][]any{
		"/projects/1/issues/1/links": {"is_blocked_by", "Other"}, "/projects/1/issues/2/links": {"blocks", "Slow"},
	} {
		r := l.must("GET", path, "").list(t)
		if diff := cmp.Diff(want, []any{r[0]["link_type"], r[0]["title"]}); diff != "" || len(r) != 1 {
			t.Errorf("%s: %s", path, diff)
		}
	}
	free := newLab(t, sandbox.Options{Edition: sandbox.Free})
	free.open(sandbox.IssueOptions{})
	free.open(sandbox.IssueOptions{})
	if r := free.api("POST", "/projects/1/issues/1/links", `{"target_project_id":1,"target_issue_iid":2,"link_type":"blocks"}`); r.StatusCode != 403 {
		t.Errorf("blocks without a licence: %d", r.StatusCode)
	}
}

func TestMembersAndMilestones(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	milestone, err := l.AddMilestone(l.project, "19.2")
	if err != nil {
		t.Fatal(err)
	}
	ref := l.open(sandbox.IssueOptions{})
	for name, want := range map[string]int{"omar": 200, "nora": 404} {
		id := l.must("GET", "/users?username="+name, "").list(t)[0]["id"].(float64)
		r := l.api("GET", fmt.Sprintf("/projects/1/members/all/%.0f", id), "")
		if r.StatusCode != want || want == 200 && r.object(t)["access_level"] != 30.0 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Text)
		}
		l.must("PUT", "/projects/1/issues/1", fmt.Sprintf(`{"assignee_ids":[%.0f],"milestone_id":%d}`, id, milestone))
		if i := l.Issue(ref); i.Milestone != "19.2" || !slices.Equal(i.Assignees, []string{name}) {
			t.Errorf("milestone %q, assignees %v", i.Milestone, i.Assignees)
		}
	}
	l.must("PUT", "/projects/1/issues/1", `{"milestone_id":0,"assignee_ids":[]}`)
	if i := l.Issue(ref); i.Milestone != "" || len(i.Assignees) != 0 {
		t.Errorf("milestone %q, assignees %v", i.Milestone, i.Assignees)
	}
}

func TestHooksThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Maintainer})
	made := l.must("POST", "/projects/1/hooks", `{"url":"http://bot.test/x","token":"s","issues_events":true,"note_events":false}`).object(t)
	path := fmt.Sprintf("/projects/1/hooks/%.0f", made["id"])
	got := l.must("GET", path, "").object(t)
	for key, want := range map[string]any{
		"url": "http://bot.test/x", "issues_events": true, "note_events": false, "emoji_events": false, "push_events": true, "token_present": true,
		"signing_token_present": false, "alert_status": "executable", "token": nil,
	} {
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	l.must("PUT", path, `{"url":"http://bot.test/x","note_events":true,"issues_events":false,"push_events":false}`)
	if diff := cmp.Diff([]string{"note"}, l.Hooks(l.project)[1].Events); diff != "" {
		t.Error(diff)
	}
	if r := l.api("PUT", path, `{"note_events":true}`); r.StatusCode != 400 {
		t.Errorf("a change without the URL: %d", r.StatusCode)
	}
	if moved := l.must("PUT", path, `{"url":"http://bot.test/y"}`).object(t); moved["token_present"] != false {
		t.Error("a hook that moved keeps its secret")
	}
	if r := l.api("PUT", path, `{"url":"nowhere"}`); r.StatusCode != 400 {
		t.Errorf("a bad URL: %d", r.StatusCode)
	}
	if n := len(l.must("GET", "/projects/1/hooks", "").list(t)); n != 2 {
		t.Errorf("%d hooks", n)
	}
	l.must("DELETE", path, "")
	if r := l.api("GET", path, ""); r.StatusCode != 404 {
		t.Errorf("a deleted hook: %d", r.StatusCode)
	}
}
