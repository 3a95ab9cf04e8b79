package gitlab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
)

// Replies stand in the thread of the comment, whether the thread is known, unknown or no id at all, and however long the list is.
func TestSandboxReply(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	for range 5 {
		comment(t, lab, ref, "talk")
	}
	plain := comment(t, lab, ref, "/flow help")
	internal, err := lab.CommentInternally("ann", ref, "/flow unclear why")
	if err != nil {
		t.Fatal(err)
	}
	answered, err := lab.Reply("ann", ref, plain, "/flow why")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		discussion string
		note       int64
		internal   bool
	}{
		{"known", noteOf(t, lab, ref, plain).Discussion, plain, false},
		{"unknown", "", plain, false},
		{"of a reply", "", answered, false},
		{"no id", "../../notes", plain, false},
		{"internal", noteOf(t, lab, ref, internal).Discussion, internal, true},
		{"internal, unknown", "", internal, true},
		{"internal without saying so", noteOf(t, lab, ref, internal).Discussion, internal, false},
	}
	for _, tt := range tests {
		id, err := c.Reply(t.Context(), ref, tt.discussion, tt.note, tt.internal, tt.name)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, to := noteOf(t, lab, ref, id), noteOf(t, lab, ref, tt.note)
		if got.Text != tt.name || got.Discussion != to.Discussion || got.Internal != to.Internal || got.Author != "flowkeeper-bot" {
			t.Errorf("%s: the reply is %+v, to %+v", tt.name, got, to)
		}
	}
	before := len(lab.Issue(ref).Notes)
	_, err = c.Reply(t.Context(), ref, noteOf(t, lab, ref, plain).Discussion, plain, true, "secret")
	check(t, err, gitlab.Permanent, "is not internal")
	_, err = c.Reply(t.Context(), ref, "", 999999, false, "nobody")
	check(t, err, gitlab.NotFound, "loading the thread of comment 999999")
	_, err = c.Reply(t.Context(), ref, strings.Repeat("a", 40), plain, false, "nobody")
	check(t, err, gitlab.NotFound, "replying to comment")
	if after := len(lab.Issue(ref).Notes); after != before {
		t.Errorf("%d comments were written by replies that failed", after-before)
	}
}

// A thread that is not the one asked for says nothing of who may read the reply.
func TestReplyToAnotherThread(t *testing.T) {
	t.Parallel()
	asked, other := strings.Repeat("a", 40), strings.Repeat("b", 40)
	s := server{Answer: at("/discussions/"+asked, always(http.StatusOK, "application/json", `{"id":"`+other+`","notes":[{"id":31,"internal":true}]}`))}
	_, err := s.client(t).Reply(t.Context(), ref, asked, 31, true, "secret")
	check(t, err, gitlab.Transient, "loading the thread of comment 31 of issue 7#12: ", "not that thread")
}

// A reply whose answer is lost is there once.
func TestSandboxReplyCut(t *testing.T) {
	t.Parallel()
	lab, c, ref := inSandbox(t, sandbox.Premium, sandbox.IssueOptions{Title: "Slow"})
	id := comment(t, lab, ref, "/flow help")
	lab.FailNext(sandbox.Fault{Match: "POST reply", ApplyThenCut: true})
	_, err := c.Reply(t.Context(), ref, "", id, false, "help")
	check(t, err, gitlab.Unavailable, "no answer")
	if got := lab.Issue(ref).CommentsBy("flowkeeper-bot"); len(got) != 1 || got[0].Text != "help" {
		t.Errorf("the bot wrote %+v, want one reply", got)
	}
	lab.FailNext(sandbox.Fault{Match: "GET discussions", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
	_, err = c.Reply(t.Context(), ref, "", id, false, "help")
	check(t, err, gitlab.Unavailable, "429")
	if after := gitlab.RetryDelay(err); after != 30*time.Second {
		t.Errorf("come back after %s, want 30s", after)
	}
}
