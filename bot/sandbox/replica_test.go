package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// A replica that lags shows the issue, its lists and its absence as they were; writes and webhooks see the truth.
func TestReplicaLags(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"before"}})
	old := l.comment("omar", ref, "before")
	other := l.open(sandbox.IssueOptions{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.React("omar", ref, 0, "eyes"))
	l.LagReads(1000)
	must(l.Edit("omar", ref, sandbox.Change{AddLabels: []string{"after"}}))
	must(l.React("omar", ref, 0, "rocket"))
	must(l.React("omar", ref, old, "rocket"))
	id := l.comment("omar", ref, "after")
	l.must("POST", fmt.Sprintf("/projects/1/issues/1/links?target_project_id=1&target_issue_iid=%d", other.IID), "")
	young := l.open(sandbox.IssueOptions{Title: "after"})

	paths := map[string]string{ // of what reads show, and a word of what they show only later
		"/projects/1/issues/1":                       `"after"`,
		"/projects/1/issues":                         `"after"`,
		"/projects/1/issues/1/notes":                 `"after"`,
		"/projects/1/issues/1/award_emoji":           `"rocket"`,
		note(old) + "/award_emoji":                   `"rocket"`,
		"/projects/1/issues/1/resource_label_events": `"after"`,
		"/projects/1/issues/1/links":                 `"issue_link_id"`,
	}
	for path, late := range paths {
		if r := l.api("GET", path, ""); r.StatusCode != 200 || strings.Contains(r.Text, late) {
			t.Errorf("GET %s: status %d, or it shows %s already", path, r.StatusCode, late)
		}
	}
	for _, path := range []string{fmt.Sprintf("/projects/1/issues/%d", young.IID), note(id) + "/award_emoji"} {
		if r := l.api("GET", path, ""); r.StatusCode != 404 {
			t.Errorf("GET %s: status %d, want 404", path, r.StatusCode)
		}
	}
	if r := l.api("PUT", "/projects/1/issues/1", `{"add_labels":"more"}`); !strings.Contains(r.Text, `"after"`) {
		t.Error("the answer to a write does not show the truth")
	}
	l.LagReads(1)
	l.api("GET", "/version", "")
	for path, late := range paths {
		if r := l.api("GET", path, ""); !strings.Contains(r.Text, late) {
			t.Errorf("GET %s does not show %s after the replica caught up", path, late)
		}
	}
}
