package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// updateWalk hands on what was updated in a project.
type updateWalk func(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error

// updateWalks are the walks through both kinds of subjects.
func updateWalks(c *gitlab.Client) map[triage.SubjectKind]updateWalk {
	return map[triage.SubjectKind]updateWalk{triage.SubjectIssue: c.EachUpdatedIssue, triage.SubjectMergeRequest: c.EachUpdatedMergeRequest}
}

// eachKind runs a test for both kinds of subjects.
func eachKind(t *testing.T, test func(t *testing.T, kind triage.SubjectKind)) {
	for _, kind := range []triage.SubjectKind{triage.SubjectIssue, triage.SubjectMergeRequest} {
		t.Run(kind.Words(), func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

// collect gives the numbers of what a walk through project 7 hands on.
func collect(t *testing.T, walk updateWalk, since time.Time) []int64 {
	t.Helper()
	var got []int64
	err := walk(t.Context(), 7, since, func(i triage.Issue) error {
		got = append(got, i.IID)
		return nil
	})
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	return got
}

// listing is a GitLab with many issues or merge requests, of which a page holds as many as are asked for. Large ones are so large that no two of them
// fit into an answer.
type listing struct {
	updated []time.Time // of number 1, 2, …; oldest first
	large   []int       // their numbers
}

func (l listing) answer(w http.ResponseWriter, r *http.Request) bool {
	after, err := time.Parse(time.RFC3339Nano, r.FormValue("updated_after"))
	size, sizeErr := strconv.Atoi(r.FormValue("per_page"))
	page, pageErr := strconv.Atoi(r.FormValue("page"))
	if errors.Join(err, sizeErr, pageErr) != nil || r.FormValue("order_by") != "updated_at" || r.FormValue("sort") != "asc" {
		w.WriteHeader(http.StatusBadRequest)
		return true
	}
	first, _ := slices.BinarySearchFunc(l.updated, after, time.Time.Compare)
	from := min(first+(page-1)*size, len(l.updated))
	to := min(from+size, len(l.updated))
	next := ""
	if to < len(l.updated) {
		next = strconv.Itoa(page + 1)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Next-Page", next)
	fit := 0
	for _, n := range l.large {
		if n > from && n <= to {
			fit++
		}
	}
	if fit > 1 {
		return tooLarge(w, r)
	}
	rows := []map[string]any{}
	for n := from; n < to; n++ {
		rows = append(rows, map[string]any{"id": n + 1, "iid": n + 1, "project_id": 7, "state": "opened", "updated_at": l.updated[n]})
	}
	_ = json.NewEncoder(w).Encode(rows)
	return true
}

func TestUpdatedLongLists(t *testing.T) {
	t.Parallel()
	times := func(n int, step time.Duration) (list []time.Time) {
		for i := range n {
			list = append(list, noon.Add(time.Duration(i)*step))
		}
		return list
	}
	tests := map[string]struct {
		listing
		want int // issues
	}{
		"many":                  {listing{updated: times(450, time.Second)}, 450},
		"many of one moment":    {listing{updated: times(450, 0)}, 450},
		"microseconds apart":    {listing{updated: times(450, 3*time.Microsecond)}, 450},
		"some large":            {listing{updated: times(120, time.Second), large: []int{1, 7, 8, 9, 50, 120}}, 120},
		"large ones, no moment": {listing{updated: times(30, 0), large: []int{7, 8}}, 30},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind triage.SubjectKind) {
				s := server{Answer: tt.answer}
				got := collect(t, updateWalks(s.client(t))[kind], noon)
				var want []int64
				for n := range tt.want {
					want = append(want, int64(n+1))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("numbers (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestUpdatedTooLong(t *testing.T) {
	t.Parallel()
	l := listing{}
	for n := range 7000 {
		l.updated = append(l.updated, noon.Add(time.Duration(n)*time.Second))
	}
	eachKind(t, func(t *testing.T, kind triage.SubjectKind) {
		s := server{Answer: l.answer}
		c := s.client(t)
		seen := map[int64]bool{}
		since := noon
		walk := func() error {
			return updateWalks(c)[kind](t.Context(), 7, since, func(i triage.Issue) error {
				seen[i.IID], since = true, i.UpdatedAt
				return nil
			})
		}
		err := walk()
		check(t, err, gitlab.Permanent, "more than 50 pages")
		if refused, ok := errors.AsType[*gitlab.Error](err); !ok || refused.Status != 0 {
			t.Errorf("the error %v is of GitLab, want it of the bot", err)
		}
		if err := walk(); err != nil { // whoever goes on from the last one gets all
			t.Errorf("the second walk: %v", err)
		}
		if len(seen) != 7000 {
			t.Errorf("%d in two walks, want 7000", len(seen))
		}
	})
}

// tooLarge is an answer of which nobody reads more than its header.
func tooLarge(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(33<<20))
	return true
}

func TestUpdatedFailures(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		class  gitlab.Class
		says   string
	}{
		"429":             {always(429, "text/plain", "Retry later"), gitlab.Unavailable, "429"},
		"403 of a proxy":  {always(403, "text/html", "<html>"), gitlab.Unavailable, "403"},
		"no rights":       {always(403, json, `{"error":"insufficient_scope"}`), gitlab.Unavailable, "403"},
		"another project": {always(200, json, `[{"id":1,"iid":1,"project_id":8,"state":"opened","updated_at":"2026-10-05T12:00:00Z"}]`), gitlab.Transient, "of that project"},
		"no number":       {always(200, json, `[{"id":1,"project_id":7,"state":"opened","updated_at":"2026-10-05T12:00:00Z"}]`), gitlab.Transient, "of that project"},
		"nothing":         {always(200, json, `[{"state":"opened"}]`), gitlab.Transient, "of that project"},
		"odd weight":      {always(200, json, `[{"id":1,"iid":1,"project_id":7,"weight":"many"}]`), gitlab.Transient, "weight"},
		"half":            {always(200, json, `[{"id":1`), gitlab.Transient, "reading the answer"},
		"one too large":   {tooLarge, gitlab.Transient, "larger than 32 MiB"},
		"a page":          {always(200, "text/html", "<html>"), gitlab.Unavailable, "text/html"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind triage.SubjectKind) {
				s := server{Answer: tt.answer}
				err := updateWalks(s.client(t))[kind](t.Context(), 7, noon, func(i triage.Issue) error { return fmt.Errorf("handed on %s", i.Ref) })
				check(t, err, tt.class, "listing the updated "+kind.Words()+"s of project 7: ", tt.says)
			})
		})
	}
}

// TestUpdatedDenied: a project without issues is one that the bot may not see; one without merge requests is as good as any other.
func TestUpdatedDenied(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		class  gitlab.Class // for issues
	}{
		"denied": {http.StatusForbidden, gitlab.Permanent},
		"hidden": {http.StatusNotFound, gitlab.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: always(tt.status, "application/json", `{"message":"no"}`)}
			none := func(i triage.Issue) error { return fmt.Errorf("handed on %s", i.Ref) }
			c := s.client(t)
			check(t, c.EachUpdatedIssue(t.Context(), 7, noon, none), tt.class, "listing the updated issues of project 7: ")
			if err := errors.Join(c.EachUpdatedMergeRequest(t.Context(), 7, noon, none), c.EachCreatedMergeRequest(t.Context(), 7, noon, true, none)); err != nil {
				t.Errorf("merge requests: %v", err)
			}
		})
	}
}

// TestDeniedOnce: a server that lags behind the others says once that there is nothing. Nothing is left out, and nothing comes twice.
func TestDeniedOnce(t *testing.T) {
	t.Parallel()
	l := listing{}
	for n := range 250 {
		l.updated = append(l.updated, noon.Add(time.Duration(n)*time.Second))
	}
	for _, denied := range []int{1, 2, 3} {
		calls := 0
		s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
			if calls++; calls == denied {
				return always(http.StatusNotFound, "application/json", `{"message":"404 Project Not Found"}`)(w, r)
			}
			return l.answer(w, r)
		}}
		if got := collect(t, s.client(t).EachUpdatedMergeRequest, noon); len(got) != 250 || got[249] != 250 {
			t.Errorf("with answer %d denied: %d merge requests %v", denied, len(got), got)
		}
	}
	// What the caller returns is not taken for GitLab's answer.
	gone := &gitlab.Error{Status: http.StatusNotFound, Class: gitlab.NotFound, Err: errors.New("gone")}
	s := server{Answer: l.answer}
	if err := s.client(t).EachUpdatedMergeRequest(t.Context(), 7, noon, func(triage.Issue) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("got %v, want the caller's own error", err)
	}
}
