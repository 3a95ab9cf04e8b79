package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

var mergeRequest = triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}

// What is asked of a merge request goes to the merge request: nothing of the issue with its number is read or written.
func TestMergeRequestsAreNoIssues(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("null"))
	}))
	defer web.Close()
	c, ctx := newClient(t, gitlab.Options{URL: web.URL}), t.Context()
	issue, ref := triage.Ref{Project: 7, IID: 12}, mergeRequest
	for name, call := range map[string]func(){
		"Issue":         func() { _, _ = c.Issue(ctx, ref) },
		"Lists":         func() { _, _ = c.IsListed(ctx, ref) },
		"Awards":        func() { _, _ = c.Awards(ctx, ref, 0) },
		"Awards of one": func() { _, _ = c.Awards(ctx, ref, 1) },
		"Comments":      func() { _, _ = c.Comments(ctx, ref, time.Time{}) },
		"Activities":    func() { _, _ = c.Activities(ctx, ref, time.Time{}) },
		"Past":          func() { _, _ = c.ResourceEvents(ctx, ref) },
		"OwnNotes":      func() { _, _ = c.OwnNotes(ctx, ref, func(gitlab.Note) bool { return true }) },
		"CreateNote":    func() { _, _ = c.CreateNote(ctx, ref, false, "x") },
		"EditNote":      func() { _ = c.EditNote(ctx, ref, 1, "x") },
		"DeleteNote":    func() { _ = c.DeleteNote(ctx, ref, 1) },
		"React":         func() { _ = c.AddReaction(ctx, ref, 1, "eyes") },
		"Reply":         func() { _, _ = c.Reply(ctx, ref, "abc", 1, false, "x") },
		"Reply inside":  func() { _, _ = c.Reply(ctx, ref, "", 1, true, "x") },
		"Closed":        func() { _, _ = c.ClosedIssues(ctx, ref) },
		"Referred":      func() { _, _ = c.ReferredIssues(ctx, ref) },
		"Update": func() {
			_, _ = c.UpdateIssue(ctx, triage.Issue{Ref: ref}, triage.Issue{Ref: ref, Labels: []string{"a"}})
		},
	} {
		mu.Lock()
		paths = nil
		mu.Unlock()
		call()
		for _, p := range paths {
			if p != "/api/v4/user" && !strings.HasPrefix(p, "/api/v4/projects/7/merge_requests") {
				t.Errorf("%s asks for %s", name, p)
			}
		}
		if len(paths) == 0 {
			t.Errorf("%s asks for nothing", name)
		}
	}
	paths = nil
	for name, call := range map[string]func() error{
		"Links":     func() error { _, err := c.Links(ctx, ref); return err },
		"Link from": func() error { _, err := c.CreateLink(ctx, ref, issue, triage.RelatesTo); return err },
		"Link to":   func() error { _, err := c.CreateLink(ctx, issue, ref, triage.RelatesTo); return err },
		"Closers":   func() error { _, err := c.MergeRequestsClosing(ctx, ref, "a/b#1"); return err },
	} {
		err := call()
		if err == nil || gitlab.ClassOf(err) != gitlab.Permanent || !strings.Contains(err.Error(), "issues only") {
			t.Errorf("%s: got %v, want it given up, with the reason", name, err)
		}
	}
	if mails, err := c.MailsOutsiders(ctx, ref, 1); mails || err != nil {
		t.Errorf("MailsOutsiders: got %t, %v, want no and no error", mails, err)
	}
	if len(paths) > 0 {
		t.Errorf("what issues have was asked for at %q", paths)
	}
}
