package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// What is asked of a merge request is refused before anything is sent: nothing of the issue with its number is read or written.
func TestMergeRequestsAreRefused(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent", r.Method, r.URL)
	}))
	defer web.Close()
	c, ctx := newClient(t, gitlab.Options{URL: web.URL}), t.Context()
	issue := triage.Ref{Project: 7, IID: 12}
	ref := triage.Ref{Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}
	weight := 3
	for name, call := range map[string]func() error{
		"Issue":         func() error { _, err := c.Issue(ctx, ref); return err },
		"Lists":         func() error { _, err := c.IsListed(ctx, ref); return err },
		"Links":         func() error { _, err := c.Links(ctx, ref); return err },
		"Awards":        func() error { _, err := c.Awards(ctx, ref, 0); return err },
		"Awards of one": func() error { _, err := c.Awards(ctx, ref, 1); return err },
		"Comments":      func() error { _, err := c.Comments(ctx, ref, time.Time{}); return err },
		"Activities":    func() error { _, err := c.Activities(ctx, ref, time.Time{}); return err },
		"Past":          func() error { _, err := c.ResourceEvents(ctx, ref); return err },
		"OwnNotes":      func() error { _, err := c.OwnNotes(ctx, ref, func(gitlab.Note) bool { return true }); return err },
		"CreateNote":    func() error { _, err := c.CreateNote(ctx, ref, false, "x"); return err },
		"EditNote":      func() error { return c.EditNote(ctx, ref, 1, "x") },
		"DeleteNote":    func() error { return c.DeleteNote(ctx, ref, 1) },
		"React":         func() error { return c.AddReaction(ctx, ref, 1, "eyes") },
		"Reply":         func() error { _, err := c.Reply(ctx, ref, "abc", 1, false, "x"); return err },
		"Reply inside":  func() error { _, err := c.Reply(ctx, ref, "", 1, true, "x"); return err },
		"ReadOutside":   func() error { _, err := c.MailsOutsiders(ctx, ref, 1); return err },
		"Link from":     func() error { _, err := c.CreateLink(ctx, ref, issue, triage.RelatesTo); return err },
		"Link to":       func() error { _, err := c.CreateLink(ctx, issue, ref, triage.RelatesTo); return err },
		"Update": func() error {
			_, err := c.UpdateIssue(ctx, triage.Issue{Ref: ref}, triage.Issue{Ref: ref, Weight: &weight})
			return err
		},
	} {
		err := call()
		if err == nil || gitlab.ClassOf(err) != gitlab.Permanent || !strings.Contains(err.Error(), "issues only, no merge requests") {
			t.Errorf("%s: got %v, want it given up, with the reason", name, err)
		}
	}
}
