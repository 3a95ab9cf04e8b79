package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// TestItemsSayWhatTheAuthorMayDo: one who may label is told how, one who may not who will. That costs one call for each author, and none for an
// issue on which nothing is asked of its author.
func TestItemsSayWhatTheAuthorMayDo(t *testing.T) {
	t.Parallel()
	for level, want := range map[int]string{
		sandbox.Guest: "**A type label**. The engineering manager will see to it.", sandbox.Reporter: "**A type label**: `/label ~\"type::bug\"`",
	} {
		r := newRig(t, sandbox.Premium, nil)
		r.must(r.gitlab.AddUser("gus", "gus", level))
		write := func(labels ...string) {
			ref, err := r.gitlab.Open("gus", r.project, sandbox.IssueOptions{Title: "t", Labels: labels})
			r.must(nil, err)
			r.settle()
			if note := r.note(ref); len(labels) == 0 && !strings.Contains(note, want) {
				t.Errorf("level %d: the note lacks %q:\n%s", level, want, note)
			}
		}
		asked := func() (n int) {
			reads, _ := r.calls()
			for _, call := range reads {
				if strings.Contains(call, "member") {
					n++
				}
			}
			return n
		}
		r.open(sandbox.IssueOptions{Title: "t", Labels: typed}) // guests make no labels
		r.calls()
		write(typed...)
		if n := asked(); n > 0 {
			t.Errorf("level %d: %d calls where nothing is asked", level, n)
		}
		write()
		write()
		if n := asked(); n != 1 {
			t.Errorf("level %d: %d calls for two issues of one author, want one", level, n)
		}
	}
}
