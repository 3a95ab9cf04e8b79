package page_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func TestFormsWithoutJavaScript(t *testing.T) {
	l := newLab(t)
	if _, err := l.AddMilestone(l.project, "19.2"); err != nil {
		t.Fatal(err)
	}
	v := browse(t, l)
	p := v.post("/issues", "project", "1", "title", "From the page", "labels", "UX, ~backend", "weight", "2", "description", "Why", "type", "Task")
	if p.status != 200 || p.path != "/issues/1/1" || p.wordsOf("issue-title") != "From the page" {
		t.Fatalf("opening: %d %s %q", p.status, p.path, p.wordsOf("issue-title"))
	}
	ref := triage.Ref{Project: 1, IID: 1}
	noteID := l.comment("maria", ref, "hers")
	on := "/issues/1/1/notes/" + strconv.FormatInt(noteID, 10)
	steps := []struct {
		name  string
		path  string
		pairs []string
		want  func(sandbox.Issue) bool
	}{
		{"add a label", "/labels", []string{"add", "w::a"}, func(i sandbox.Issue) bool { return i.Has("w::a") }},
		{"remove a label", "/labels", []string{"remove", "UX"}, func(i sandbox.Issue) bool { return !i.Has("UX") }},
		{"set the weight", "/weight", []string{"weight", "5"}, func(i sandbox.Issue) bool { return *i.Weight == 5 }},
		{"clear the weight", "/weight", []string{"weight", ""}, func(i sandbox.Issue) bool { return i.Weight == nil }},
		{"close", "/state", []string{"do", "close"}, func(i sandbox.Issue) bool { return i.State == "closed" }},
		{"reopen", "/state", []string{"do", "reopen"}, func(i sandbox.Issue) bool { return i.State == "opened" }},
		{"assign", "/assignee", []string{"assignee", "omar"}, func(i sandbox.Issue) bool { return i.Assignees[0] == "omar" }},
		{"unassign", "/assignee", []string{"assignee", ""}, func(i sandbox.Issue) bool { return len(i.Assignees) == 0 }},
		{"milestone", "/milestone", []string{"milestone", "19.2"}, func(i sandbox.Issue) bool { return i.Milestone == "19.2" }},
		{"due date", "/due", []string{"due", "2026-12-07"}, func(i sandbox.Issue) bool { return i.Due == "2026-12-07" }},
		{"no due date", "/due", []string{"due", ""}, func(i sandbox.Issue) bool { return i.Due == "" }},
		{"text", "/text", []string{"title", "T", "description", "D"}, func(i sandbox.Issue) bool { return i.Title == "T" && i.Description == "D" }},
		{"comment", "/notes", []string{"text", "hello"}, func(i sandbox.Issue) bool { return last(i).Text == "hello" && !last(i).Internal }},
		{"internal", "/notes", []string{"text", "psst", "internal", "1"}, func(i sandbox.Issue) bool { return last(i).Text == "psst" && last(i).Internal }},
		{"react", "/react", []string{"name", "thumbsup"}, func(i sandbox.Issue) bool { return len(i.Awards) == 1 }},
		{"react again", "/react", []string{"name", "thumbsup"}, func(i sandbox.Issue) bool { return len(i.Awards) == 0 }},
		{"react to a note", "/react", []string{"name", "eyes", "note", strconv.FormatInt(noteID, 10)}, func(i sandbox.Issue) bool { return len(i.Notes[0].Awards) == 1 }},
		{"edit a note", strings.TrimPrefix(on, "/issues/1/1"), []string{"text", "changed"}, func(i sandbox.Issue) bool { return i.Notes[0].Text == "changed" }},
		{"delete a note", strings.TrimPrefix(on, "/issues/1/1") + "/delete", nil, func(i sandbox.Issue) bool { return i.Notes[0].Text != "changed" }},
	}
	for _, s := range steps {
		p := v.post("/issues/1/1"+s.path, s.pairs...)
		if p.status != 200 || p.path != "/issues/1/1" || !s.want(l.Issue(ref)) {
			t.Errorf("%s: %d at %s: %+v", s.name, p.status, p.path, l.Issue(ref))
		}
	}
}

func last(i sandbox.Issue) sandbox.Note { return i.Notes[len(i.Notes)-1] }

func TestRefusedFormsSayWhy(t *testing.T) {
	tests := map[string]struct {
		user, path string
		pairs      []string
		want       string
	}{
		"a weight of words":      {"maria", "/issues/1/1/weight", []string{"weight", "much"}, "A weight is a whole number from 0, or nothing."},
		"no label":               {"maria", "/issues/1/1/labels", []string{"add", " , "}, "Name a label to add."},
		"an empty comment":       {"maria", "/issues/1/1/notes", nil, "Note can't be blank."},
		"a guest labels":         {"gil", "/issues/1/1/labels", []string{"add", "UX"}, "Not allowed to change this issue."},
		"a guest writes inside":  {"gil", "/issues/1/1/notes", []string{"text", "x", "internal", "1"}, "Not allowed to write internal notes."},
		"an unknown state":       {"maria", "/issues/1/1/state", []string{"do", "explode"}, "The state can be changed by close and reopen."},
		"no title":               {"maria", "/issues", []string{"project", "1"}, "Title can't be blank."},
		"no project":             {"maria", "/issues", []string{"title", "x", "project", "7"}, "There is no project 7."},
		"nobody":                 {"maria", "/who", []string{"user", "zoe"}, "There is no such person."},
		"the bot is no visitor":  {"maria", "/who", []string{"user", "flowkeeper-bot"}, "There is no such person."},
		"a note that is not one": {"maria", "/issues/1/1/notes/x", []string{"text", "y"}, "There is no note -1."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.open(sandbox.IssueOptions{})
			v := browse(t, l)
			v.post("/who", "user", tt.user)
			p := v.post(tt.path, tt.pairs...)
			alert := p.with("role", "alert")
			if p.status != http.StatusUnprocessableEntity || alert == nil || words(alert) != tt.want {
				t.Errorf("%d %q", p.status, p.text)
			}
		})
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	l := newLab(t)
	ref := l.open(sandbox.IssueOptions{})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/issues/1/1/notes", strings.NewReader("text=spam"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	l.page.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || len(l.Issue(ref).Notes) != 0 {
		t.Errorf("got %d, notes %v", w.Code, l.Issue(ref).Notes)
	}
}

func TestEveryFieldHasALabel(t *testing.T) {
	l := newLab(t)
	ref := l.open(sandbox.IssueOptions{Labels: []string{"a"}})
	l.comment("maria", ref, "hi")
	v := browse(t, l)
	for _, path := range []string{"/", "/issues/1/1"} {
		p := v.get(path)
		ids := map[string]int{}
		for n := range p.root.Descendants() {
			if id, has := attr(n, "id"); has {
				ids[id]++
			}
			kind, _ := attr(n, "type")
			if n.Data != "input" && n.Data != "textarea" && n.Data != "select" || kind == "hidden" {
				continue
			}
			id, _ := attr(n, "id")
			if p.with("for", id) == nil && n.Parent.Data != "label" {
				t.Errorf("%s: <%s %v> has no label", path, n.Data, n.Attr)
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: the id %q is used %d times", path, id, n)
			}
		}
	}
}
