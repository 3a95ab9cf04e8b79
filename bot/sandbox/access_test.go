package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

// A label of a group is for all projects below, and no project can have one of the same name beside it.
func TestGroupLabels(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{})
	l.must("POST", "/groups/create/labels", `{"name":"UX","color":"#c39953"}`)
	for path, want := range map[string]int{"/groups/create/labels": 409, "/projects/1/labels": 409} {
		if r := l.api("POST", path, `{"name":"UX","color":"#c39953"}`); r.StatusCode != want || !strings.Contains(r.Text, "already exists") {
			t.Errorf("POST %s: %d %s", path, r.StatusCode, r.Text)
		}
	}
	l.must("POST", "/projects/1/labels", `{"name":"spike","color":"#ff9830"}`)
	for path, want := range map[string]string{
		"/projects/1/labels": "UX false, spike true", "/projects/1/labels?include_ancestor_groups=false": "spike true", "/groups/create/labels": "UX false",
	} {
		var got []string
		for _, label := range l.must("GET", path, "").list(t) {
			got = append(got, fmt.Sprint(label["name"], " ", label["is_project_label"]))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	ref := l.open(sandbox.IssueOptions{})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"UX"}`)
	if !l.Issue(ref).Has("UX") || len(l.must("GET", "/projects/1/labels", "").list(t)) != 2 {
		t.Error("an issue does not carry the label of the group")
	}
}

// A webhook of a group gets the events of all projects below; it takes a licence and an Owner.
func TestGroupHooks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition sandbox.Edition
		level   int
		want    int
	}{"owner": {sandbox.Premium, sandbox.Owner, 201}, "maintainer": {sandbox.Premium, sandbox.Maintainer, 403}, "free": {sandbox.Free, sandbox.Owner, 404}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, sandbox.Options{Edition: tt.edition})
			if err := l.SetLevel(l.BotUser(), "create", tt.level); err != nil {
				t.Fatal(err)
			}
			url := l.Hooks(l.project)[0].URL
			r := l.api("POST", "/groups/create/hooks", `{"url":"`+url+`","issues_events":true}`)
			if r.StatusCode != tt.want {
				t.Fatalf("%d %s", r.StatusCode, r.Text)
			}
			if tt.want != 201 {
				return
			}
			l.open(sandbox.IssueOptions{})
			if err := l.AwaitDelivered(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(l.Deliveries()); n != 2 {
				t.Errorf("%d deliveries, want one for each of the two hooks", n)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Guest})
	for place, level := range map[string]int{"create": 0, "create/source-code": sandbox.Maintainer} {
		if err := l.SetLevel(l.BotUser(), place, level); err != nil {
			t.Fatal(err)
		}
	}
	me := fmt.Sprintf("%.0f", l.must("GET", "/user", "").object(t)["id"])
	if got := l.must("GET", "/projects/1/members/all/"+me, "").object(t)["access_level"]; got != 40.0 {
		t.Errorf("level in the project is %v", got)
	}
	if r := l.api("GET", "/groups/create/members/all/"+me, ""); r.StatusCode != 404 {
		t.Errorf("no member of the group: %d", r.StatusCode)
	}
	if r := l.api("POST", "/groups/create/labels", `{"name":"x","color":"#fff"}`); r.StatusCode != 403 {
		t.Errorf("a label of the group: %d", r.StatusCode)
	}
}

// What an old GitLab does not know it takes and forgets, and it tells nothing of secrets.
func TestOldVersion(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{BotLevel: sandbox.Maintainer, Version: "15.11.0"})
	if got := l.must("GET", "/version", "").object(t)["version"]; got != "15.11.0" {
		t.Errorf("version is %v", got)
	}
	made := l.must("POST", "/projects/1/hooks", `{"url":"http://bot.test/x","token":"s","signing_token":"whsec_MDEyMw=="}`).object(t)
	for _, key := range []string{"token_present", "signing_token_present"} {
		if _, told := made[key]; told {
			t.Errorf("it tells %s", key)
		}
	}
	if hook := l.Hooks(l.project)[1]; hook.Token != "s" || hook.SigningToken != "" {
		t.Errorf("the hook is %+v", hook)
	}
}

func TestMergeRequestsSwitchedOff(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{})
	ref, err := l.OpenMergeRequest("omar", l.project, sandbox.MergeRequestOptions{Title: "Faster"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.DisableMergeRequests(ref.Project); err != nil {
		t.Fatal(err)
	}
	p := l.must("GET", "/projects/1", "").object(t)
	if p["merge_requests_enabled"] != false || p["merge_requests_access_level"] != "disabled" {
		t.Errorf("the project says %v, %v", p["merge_requests_enabled"], p["merge_requests_access_level"])
	}
	for path, status := range map[string]int{"": 403, "/1": 404, "/1/approvals": 404} {
		if r := l.api("GET", "/projects/1/merge_requests"+path, ""); r.StatusCode != status {
			t.Errorf("merge_requests%s: %d, want %d", path, r.StatusCode, status)
		}
	}
	if err := l.DisableMergeRequests(99); err == nil {
		t.Error("a project that does not exist was changed")
	}
}

func TestArchivedProject(t *testing.T) {
	t.Parallel()
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	if err := l.ArchiveProject(ref.Project); err != nil {
		t.Fatal(err)
	}
	if err := l.DisableIssues(ref.Project); err != nil {
		t.Fatal(err)
	}
	p := l.must("GET", "/projects/1", "").object(t)
	if p["archived"] != true || p["issues_enabled"] != false || p["issues_access_level"] != "disabled" {
		t.Errorf("the project says %v, %v, %v", p["archived"], p["issues_enabled"], p["issues_access_level"])
	}
	if r := l.api("PUT", "/projects/1/issues/1", `{"add_labels":"UX"}`); r.StatusCode != 403 {
		t.Errorf("a change: %d", r.StatusCode)
	}
	if n := len(l.must("GET", "/groups/create/projects?archived=false", "").list(t)); n != 0 {
		t.Errorf("%d projects that are not archived", n)
	}
	if err := l.ArchiveProject(99); err == nil {
		t.Error("a project that does not exist was archived")
	}
}
