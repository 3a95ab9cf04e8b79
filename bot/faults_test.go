package bot_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
)

// TestGitLabDownForLong: more failures than attempts do not bury anything, as long as it is GitLab that is down.
func TestGitLabDownForLong(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Worker.Attempts = 2; o.Worker.Backoff = time.Millisecond })
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusServiceUnavailable, Times: 4})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug"}})
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// TestRefusedWriteIsADeadLetter: what will not get better by itself is kept with its cause and its decision, and other issues go on.
func TestRefusedWriteIsADeadLetter(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusForbidden})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug"}})
	dead := r.dead()
	if len(dead) != 1 || dead[0].Issue != ref {
		t.Fatalf("dead letters %+v", dead)
	}
	if !strings.Contains(dead[0].Cause, "403") || !strings.Contains(string(dead[0].Record), "team-labels") {
		t.Errorf("the letter does not tell why: %s\n%s", dead[0].Cause, dead[0].Record)
	}
	if err := r.app.Inbox().Redrive(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("the revived letter was not acted on, labels %v", r.gitlab.Issue(ref).Labels)
	}
}

func TestIssueThatIsGoneIsDone(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.gitlab.FailNext(sandbox.Fault{Match: "issue", Status: http.StatusNotFound, Times: -1})
	r.open(sandbox.IssueOptions{Title: "t"})
	r.alive()
}

// TestProjectOutOfSightKeepsDeliveries: a token that lost its access gets 404 for everything. That is no reason to forget anything.
func TestProjectOutOfSightKeepsDeliveries(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.gitlab.FailNext(sandbox.Fault{Match: "/api/v4/projects/1", Status: http.StatusNotFound, Times: -1})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", "severity::1", "priority::1"}})
	if dead := r.dead(); len(dead) != 1 || !strings.Contains(dead[0].Cause, "the token cannot see the project") {
		t.Fatalf("dead letters %+v", dead)
	}
	r.gitlab.ClearFaults()
	r.must(nil, r.app.Inbox().Redrive(t.Context(), ref))
	r.settle()
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("the retried letter was not acted on, labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// TestStoppedInTheMiddle stops the bot while GitLab holds back the answer to its write, and starts it again.
func TestStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Drain = 50 * time.Millisecond })
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold})
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t"})
	if err != nil {
		t.Fatal(err)
	}
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) == 1 }))
	if err := r.app.Stop(); err != nil {
		t.Fatal(err)
	}
	close(hold)
	r.start()
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::start") || r.note(ref) == "" {
		t.Errorf("labels %v, note %q", i.Labels, r.note(ref))
	}
}
