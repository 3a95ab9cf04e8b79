package sandbox_test

import (
	"fmt"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// A moved issue keeps author, time, talk and past in another project; a clone is its maker's, and of today.
func TestMoveAndClone(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	other := l.AddProject("create/other")
	ref := l.open(sandbox.IssueOptions{Title: "t", Labels: []string{"a"}})
	id := l.comment("omar", ref, "hello")
	if err := l.React("maria", ref, id, "thumbsup"); err != nil {
		t.Fatal(err)
	}
	old := l.Issue(ref)
	clone, err := l.Clone("maria", ref, l.project, true)
	if err != nil {
		t.Fatal(err)
	}
	l.must("POST", "/projects/1/issues/1/move", fmt.Sprintf(`{"to_project_id":%d}`, other))
	moved := triage.Ref{Project: other, IID: 1}
	for _, got := range []sandbox.Issue{l.Issue(moved), l.Issue(clone)} {
		said := got.CommentsBy("omar")
		if len(said) != 1 || said[0].ID == id || len(said[0].Awards) != 1 || len(got.LabelEvents) != len(old.LabelEvents) || !got.Has("a") {
			t.Errorf("%s is %+v", got.Ref, got)
		}
	}
	if got := l.Issue(moved); got.Author != old.Author || l.Issue(clone).Author != "maria" {
		t.Errorf("authors %s and %s", got.Author, l.Issue(clone).Author)
	}
	if l.Issue(ref).State != "closed" || l.Issue(clone).State != "opened" {
		t.Error("only the one that was moved is closed")
	}
	if _, err := l.Move("maria", ref, other); err == nil {
		t.Error("an issue is moved once")
	}
}
