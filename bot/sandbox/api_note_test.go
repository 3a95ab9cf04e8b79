package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestNoteLists(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "first")
	l.edit("omar", ref, sandbox.Change{Assignees: &[]string{"maria"}})
	if _, err := l.CommentInternally("omar", ref, "inside"); err != nil {
		t.Fatal(err)
	}
	if err := l.AddToken("gil", "glpat-gil"); err != nil {
		t.Fatal(err)
	}
	bodies := func(r reply) []string {
		var list []string
		for _, n := range r.list(t) {
			list = append(list, n["body"].(string))
		}
		return list
	}
	for query, want := range map[string][]string{
		"":                                      {"inside", "assigned to @maria", "first"},
		"?sort=asc":                             {"first", "assigned to @maria", "inside"},
		"?activity_filter=only_comments":        {"inside", "first"},
		"?activity_filter=only_activity":        {"assigned to @maria"},
		"?order_by=updated_at&sort=asc":         {"first", "assigned to @maria", "inside"},
		"?activity_filter=only_comments&page=2": nil,
	} {
		if diff := cmp.Diff(want, bodies(l.must("GET", "/projects/1/issues/1/notes"+query, ""))); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if got := bodies(l.apiAs("glpat-gil", "GET", "/projects/1/issues/1/notes", "")); slices.Contains(got, "inside") {
		t.Errorf("a guest reads %v", got)
	}
}

func TestDiscussions(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "a question")
	id := l.Issue(ref).Notes[0].Discussion
	if len(id) != 40 {
		t.Errorf("the id of a discussion is %q", id)
	}
	reply := l.must("POST", "/projects/1/issues/1/discussions/"+id+"/notes", `{"body":"an answer"}`).object(t)
	if reply["type"] != "DiscussionNote" {
		t.Errorf("the reply's type is %v", reply["type"])
	}
	l.must("POST", "/projects/1/issues/1/discussions", `{"body":"a thread"}`)
	type thread struct {
		Single bool
		Notes  int
	}
	var got []thread
	for _, d := range l.must("GET", "/projects/1/issues/1/discussions", "").list(t) {
		got = append(got, thread{d["individual_note"].(bool), len(d["notes"].([]any))})
	}
	if diff := cmp.Diff([]thread{{false, 2}, {false, 1}}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(l.must("GET", "/projects/1/issues/1/discussions/"+id, "").object(t)["notes"].([]any)); n != 2 {
		t.Errorf("the discussion has %d notes", n)
	}
	sent := l.sent(2)
	if sent[0].at("object_attributes.discussion_id") != id || sent[0].at("object_attributes.type") != "DiscussionNote" {
		t.Errorf("the hook says %v", sent[0].at("object_attributes"))
	}
}

func TestRepliesToInternalNotesAreInternal(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	if _, err := l.CommentInternally("omar", ref, "inside"); err != nil {
		t.Fatal(err)
	}
	id := l.Issue(ref).Notes[0].Discussion
	if r := l.must("POST", "/projects/1/issues/1/discussions/"+id+"/notes", `{"body":"answer"}`).object(t); r["internal"] != true {
		t.Errorf("the reply is %v", r)
	}
}

func TestReactionsThroughTheAPI(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	on := note(l.comment("omar", ref, "hi")) + "/award_emoji"
	made := l.must("POST", on, `{"name":"white_check_mark"}`).object(t)
	if r := l.api("POST", on, `{"name":"white_check_mark"}`); r.StatusCode != 404 || !strings.Contains(r.Text, "already been taken") {
		t.Errorf("a second time: %d %s", r.StatusCode, r.Text)
	}
	if n := len(l.must("GET", on, "").list(t)); n != 1 {
		t.Errorf("%d reactions", n)
	}
	if err := l.AddToken("gil", "glpat-gil"); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("%s/%.0f", on, made["id"])
	if r := l.apiAs("glpat-gil", "DELETE", one, ""); r.StatusCode != 403 {
		t.Errorf("another's reaction: %d", r.StatusCode)
	}
	if r := l.must("DELETE", one, ""); r.StatusCode != 204 || r.Text != "" {
		t.Errorf("taken back: %d %q", r.StatusCode, r.Text)
	}
	if n := len(l.Issue(ref).Notes[0].Awards); n != 0 {
		t.Errorf("%d reactions left", n)
	}
}
