package bot_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
)

// TestFightIsStopped lets somebody change a priority to and fro on a GitLab that does not keep scopes exclusive: each time the bot has to
// take the other label off. After ten changes it stops, says so once, and leaves a dead letter.
func TestFightIsStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Free, func(o *bot.Options) { o.Worker.Attempts = 3 })
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "priority::1"}})
	for i := range 14 {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{[]string{"priority::2", "priority::1"}[i%2]}})
	}
	_, writes := r.calls()
	puts := slices.DeleteFunc(slices.Clone(writes), func(w string) bool { return !strings.HasPrefix(w, "PUT issue") })
	if len(puts) != 10 || len(writes) > 11 {
		t.Errorf("%d changes of the issue, the breaker stops at 10:\n%s", len(puts), strings.Join(writes, "\n"))
	}
	if note := r.note(ref); !strings.Contains(note, "changed this issue ten times") {
		t.Errorf("the note does not tell that the bot stopped:\n%s", note)
	}
	if dead := r.dead(); len(dead) != 1 || !strings.Contains(dead[0].Cause, "ten changes") || !strings.Contains(string(dead[0].Record), "one-per-scope") {
		t.Errorf("dead letters %+v", dead)
	}
	other := r.open(sandbox.IssueOptions{Title: "another", Labels: []string{"type::bug"}})
	if !r.gitlab.Issue(other).Has("workflow::start") {
		t.Error("other issues are stopped too")
	}
}
