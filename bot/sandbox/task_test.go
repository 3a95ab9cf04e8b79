package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

const list = "People's words\n\n- [ ] one\n- [x] two\n  1. [~] three\n\n```\n- [ ] code\n```\n> - [ ] four"

// systemNotes are GitLab's own notes on an issue.
func systemNotes(i sandbox.Issue) []string {
	var texts []string
	for _, n := range i.Notes {
		if n.System {
			texts = append(texts, n.Text)
		}
	}
	return texts
}

// A tick is an edit of the whole description: its hook says no more than that.
func TestTick(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Description: list})
	if got := l.must("GET", "/projects/1/issues/1", "").object(t)["task_status"]; got != "1 of 3 checklist items completed" {
		t.Errorf("the status is %q", got)
	}
	if err := l.Tick("omar", ref, 3, "- [ ] one", true); err != nil {
		t.Fatal(err)
	}
	if err := l.Tick("omar", ref, 4, "- [x] two", false); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("[ ] one", "[x] one", "[x] two", "[ ] two").Replace(list)
	if diff := cmp.Diff(want, l.Issue(ref).Description); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"marked the checklist item **one** as completed", "marked the checklist item **two** as incomplete"}, systemNotes(l.Issue(ref))); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	sent := l.sent(1)
	if len(sent) != 2 || sent[0].at("changes.description.previous") != list || sent[1].at("changes.description.current") != want {
		t.Errorf("%d hooks, the last one has %v", len(sent), sent[len(sent)-1].at("changes.description"))
	}
}

// GitLab's page says which line it means, and is refused if that has changed meanwhile.
func TestTickOfALineThatChanged(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Description: list})
	for _, tt := range []struct {
		line   int
		source string
	}{{3, "- [ ] uno"}, {3, "- [x] one"}, {1, "People's words"}, {8, "- [ ] code"}, {0, ""}, {99, "- [ ] one"}} {
		if err := l.Tick("omar", ref, tt.line, tt.source, true); err == nil || l.Issue(ref).Description != list {
			t.Errorf("line %d %q was ticked: %v", tt.line, tt.source, err)
		}
	}
}

// Whoever saves last wins, over the whole text, and nobody is told.
func TestLastWriterWins(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Description: "- [ ] one"})
	l.FailNext(sandbox.Fault{Match: "PUT issue", Meanwhile: func() {
		if err := l.Tick("omar", ref, 1, "- [ ] one", true); err != nil {
			t.Error(err)
		}
	}})
	l.must("PUT", "/projects/1/issues/1", `{"description":"- [ ] one\n- [ ] two"}`)
	if got := l.Issue(ref).Description; got != "- [ ] one\n- [ ] two" {
		t.Errorf("the description is %q", got)
	}
	if got := systemNotes(l.Issue(ref)); len(got) != 2 {
		t.Errorf("notes %q, want one of the tick and one of the edit", got)
	}
}

func TestResourceLock(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Description: "before"})
	l.FailNext(sandbox.ResourceLock("PUT issue", 1))
	if r := l.api("PUT", "/projects/1/issues/1", `{"description":"after"}`); r.StatusCode != 409 || !strings.Contains(r.Text, "Resource lock") {
		t.Errorf("%d %s", r.StatusCode, r.Text)
	}
	if got := l.Issue(ref).Description; got != "before" {
		t.Errorf("the description is %q", got)
	}
	l.must("PUT", "/projects/1/issues/1", `{"description":"after"}`)
}

func TestDueDate(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	made := l.must("POST", "/projects/1/issues", `{"title":"Report","due_date":"2026-12-07","description":"text\n/due 2026-12-08\n/label ~backend"}`).object(t)
	if made["due_date"] != "2026-12-08" || made["description"] != "text" {
		t.Errorf("opened with due date %v and description %v: quick actions in it run with the bot's rights", made["due_date"], made["description"])
	}
	l.must("PUT", "/projects/1/issues/1", `{"due_date":"2026-12-07"}`)
	l.must("PUT", "/projects/1/issues/1", `{"due_date":""}`)
	ref := l.Issues(l.project)[0].Ref
	want := []string{"changed due date to December 8, 2026", "changed due date to December 7, 2026", "removed due date"}
	if diff := cmp.Diff(want, systemNotes(l.Issue(ref))); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	sent := l.sent(0)
	if got := sent[1].at("changes.due_date.current"); got != "2026-12-07" {
		t.Errorf("the hook says %v", got)
	}
	if r := l.api("PUT", "/projects/1/issues/1", `{"due_date":"next week"}`); r.StatusCode != 400 {
		t.Errorf("no date: %d", r.StatusCode)
	}
}

// Without a licence GitLab keeps the first assignee and says nothing.
func TestAssigneesByEdition(t *testing.T) {
	for edition, want := range map[sandbox.Edition]int{sandbox.Premium: 2, sandbox.Free: 1} {
		l := newLab(t, sandbox.Options{Edition: edition})
		ids := []string{}
		for _, name := range []string{"maria", "omar"} {
			ids = append(ids, fmt.Sprintf("assignee_ids[]=%.0f", l.must("GET", "/users?username="+name, "").list(t)[0]["id"]))
		}
		made := l.must("POST", "/projects/1/issues", "title=Report&"+strings.Join(ids, "&")).object(t)
		if got := made["assignees"].([]any); len(got) != want {
			t.Errorf("edition %d: %d assignees, want %d", edition, len(got), want)
		}
	}
}
