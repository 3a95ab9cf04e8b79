package gitlab_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	s := server{}
	c := s.client(t)
	first, err := c.CreateNote(t.Context(), ref, false, "one\n\n<!-- marker -->")
	if err != nil {
		t.Fatalf("creating: %v", err)
	}
	second, err := c.CreateNote(t.Context(), ref, false, "two")
	if err != nil {
		t.Fatalf("creating: %v", err)
	}
	if err := c.EditNote(t.Context(), ref, first, "edited"); err != nil {
		t.Fatalf("editing: %v", err)
	}
	if err := c.DeleteNote(t.Context(), ref, second); err != nil {
		t.Fatalf("deleting: %v", err)
	}
	got, err := c.OwnNotes(t.Context(), ref, by(5))
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	want := []gitlab.Note{{ID: first, Author: triage.Person{ID: 5}, Body: "edited", CreatedAt: noon.Add(time.Duration(first) * time.Minute)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	if err := c.DeleteNote(t.Context(), ref, second); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	check(t, c.EditNote(t.Context(), ref, second, "x"), gitlab.NotFound, fmt.Sprintf("editing comment %d of issue 7#12: ", second))
}

// All pages are read, whoever says how many there are, and only the author's comments are kept.
func TestOwnNotes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		notes, page int
		noHeader    bool
	}{
		"none":                           {notes: 0},
		"one page":                       {notes: 100},
		"three pages":                    {notes: 201},
		"smaller pages than asked for":   {notes: 7, page: 2},
		"a proxy drops the header":       {notes: 201, noHeader: true},
		"a full last page, no header":    {notes: 200, noHeader: true},
		"as many pages as the bot reads": {notes: 50, page: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Page: tt.page, NoHeader: tt.noHeader}
			var want []int64
			for n := range int64(tt.notes) {
				s.Notes = append(s.Notes, note{ID: n + 1, Author: 4 + n%3, System: n%2 == 0})
				if n%3 == 1 && n%2 != 0 {
					want = append(want, n+1)
				}
			}
			notes, err := s.client(t).OwnNotes(t.Context(), ref, by(5))
			if err != nil {
				t.Fatalf("listing: %v", err)
			}
			var got []int64
			for _, n := range notes {
				got = append(got, n.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTooManyNotes(t *testing.T) {
	t.Parallel()
	s := server{Page: 1, Notes: make([]note, 51)}
	_, err := s.client(t).OwnNotes(t.Context(), ref, by(5))
	check(t, err, gitlab.Permanent, "loading the comments of issue 7#12: ", "more than 50 pages")
}

func TestInternalNotes(t *testing.T) {
	t.Parallel()
	s := server{Answer: always(http.StatusOK, "application/json", `[
		{"id":1,"author":{"id":5},"internal":true},{"id":2,"author":{"id":5},"confidential":true},
		{"id":3,"author":{"id":5}},{"id":4,"author":null},{"id":5,"author":{"id":5},"created_at":null,"body":null}]`)}
	got, err := s.client(t).OwnNotes(t.Context(), ref, by(5))
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	five := triage.Person{ID: 5}
	want := []gitlab.Note{{ID: 1, Author: five, Internal: true}, {ID: 2, Author: five, Internal: true}, {ID: 3, Author: five}, {ID: 5, Author: five}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// A comment whose answer was an error is there once, not once for every hidden attempt.
func TestCreateNoteIsSentOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
	}{
		"429":        {always(http.StatusTooManyRequests, "text/plain", "Retry later\n"), gitlab.Unavailable},
		"500":        {always(http.StatusInternalServerError, "application/json", `{"message":"500"}`), gitlab.Transient},
		"502":        {always(http.StatusBadGateway, "text/html", "<html>"), gitlab.Unavailable},
		"503":        {always(http.StatusServiceUnavailable, "text/html", "<html>"), gitlab.Unavailable},
		"no answer":  {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, gitlab.Unavailable},
		"a page":     {always(http.StatusOK, "text/html", "<html>"), gitlab.Transient},
		"no note":    {always(http.StatusCreated, "application/json", `{}`), gitlab.Transient},
		"half of it": {always(http.StatusCreated, "application/json", `{"id":`), gitlab.Transient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			c := s.client(t)
			_, err := c.CreateNote(t.Context(), ref, false, "hello")
			check(t, err, tt.class, "commenting on issue 7#12: ")

			s.do(func() { s.Answer = nil })
			notes, err := c.OwnNotes(t.Context(), ref, by(5))
			if err != nil || len(notes) != 1 || notes[0].Body != "hello" {
				t.Errorf("the issue has the comments %v, %v; want one", notes, err)
			}
		})
	}
}

// Somebody else's page is no proof that a comment is gone.
func TestDeleteNoteFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
	}{
		"a login page":  {always(http.StatusOK, "text/html", "<html>"), gitlab.Transient},
		"a proxy's 404": {always(http.StatusNotFound, "text/html", "<html>"), gitlab.Transient},
		"403":           {always(http.StatusForbidden, "application/json", `{"message":"403 Forbidden"}`), gitlab.Permanent},
		"503":           {always(http.StatusServiceUnavailable, "text/html", "<html>"), gitlab.Unavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			check(t, s.client(t).DeleteNote(t.Context(), ref, 1), tt.class, "deleting comment 1 of issue 7#12: ")
		})
	}
}

// GitLab executes quick actions and keeps no comment if there is nothing else.
func TestNoteOfQuickActions(t *testing.T) {
	t.Parallel()
	s := server{}
	id, err := s.client(t).CreateNote(t.Context(), ref, false, "/label ~UX")
	check(t, err, gitlab.Permanent, "quick actions")
	if id != 0 {
		t.Errorf("the comment that does not exist has the id %d", id)
	}
}

// by accepts a user's comments.
func by(author int64) func(gitlab.Note) bool {
	return func(n gitlab.Note) bool { return n.Author.ID == author }
}
