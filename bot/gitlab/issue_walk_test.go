package gitlab_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// updatedSince collects the numbers of the issues that were updated since then.
func updatedSince(t *testing.T, c *gitlab.Client, project int64, since time.Time) []int64 {
	t.Helper()
	var got []int64
	err := c.EachUpdatedIssue(t.Context(), project, since, func(i triage.Issue) error {
		got = append(got, i.IID)
		return nil
	})
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	return got
}

// Pages hold two issues. Times are told apart, issues of one moment are all found, and an issue that is updated during the walk makes
// no other one disappear.
func TestSandboxUpdated(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	lab := sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	open := func(n int) {
		for range n {
			if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Slow"}); err != nil {
				t.Fatal(err)
			}
		}
		minutes.Add(1)
	}
	if got := updatedSince(t, c, project, time.Time{}); got != nil {
		t.Errorf("an empty project has the issues %v", got)
	}
	open(1)
	open(7)
	open(3)
	for name, tt := range map[string]struct {
		since time.Time
		want  []int64
	}{
		"all":                  {time.Time{}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"from a moment on":     {noon.Add(time.Minute), []int64{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"just after it":        {noon.Add(time.Minute + time.Millisecond), []int64{9, 10, 11}},
		"later than all":       {noon.Add(time.Hour), nil},
		"less than GitLab has": {noon.Add(2*time.Minute + 300*time.Microsecond), []int64{9, 10, 11}},
	} {
		if diff := cmp.Diff(tt.want, updatedSince(t, c, project, tt.since)); diff != "" {
			t.Errorf("%s: issues (-want +got):\n%s", name, diff)
		}
	}

	var got []int64
	err := c.EachUpdatedIssue(t.Context(), project, time.Time{}, func(i triage.Issue) error {
		got = append(got, i.IID)
		if i.IID == 3 && !slices.Contains(i.Labels, "UX") {
			return lab.Edit("ann", triage.Ref{Project: project, IID: 1}, sandbox.Change{AddLabels: []string{"UX"}})
		}
		return nil
	})
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1}, got); err != nil || diff != "" {
		t.Errorf("%v, issues (-want +got):\n%s", err, diff)
	}

	enough := errors.New("enough")
	if err := c.EachUpdatedIssue(t.Context(), project, time.Time{}, func(triage.Issue) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error is %v, want the caller's own", err)
	}
	check(t, c.EachUpdatedIssue(t.Context(), 99, noon, nil), gitlab.NotFound, "listing the updated issues of project 99: ")
}

// Pages hold two issues. The open ones come in the order of their creation, whatever happened to them since; one that is closed meanwhile makes
// no other one disappear.
func TestSandboxOpenIssues(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	lab := sandbox.New(sandbox.Options{
		Token: token, PageSize: 2, Now: func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) },
	})
	c, project := connected(t, lab)
	issue := func(iid int64) triage.Ref { return triage.Ref{Project: project, IID: iid} }
	for range 7 {
		if _, err := lab.Open("ann", project, sandbox.IssueOptions{Title: "Slow"}); err != nil {
			t.Fatal(err)
		}
		minutes.Add(1)
	}
	for ref, change := range map[triage.Ref]sandbox.Change{issue(1): {AddLabels: []string{"UX"}}, issue(3): {Close: true}} {
		if err := lab.Edit("ann", ref, change); err != nil {
			t.Fatal(err)
		}
	}
	list := func(since time.Time, meanwhile func(triage.Issue) error) []int64 {
		var got []int64
		err := c.EachOpenIssue(t.Context(), project, since, func(i triage.Issue) error {
			got = append(got, i.IID)
			return meanwhile(i)
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	nothing := func(triage.Issue) error { return nil }
	if diff := cmp.Diff([]int64{1, 2, 4, 5, 6, 7}, list(time.Time{}, nothing)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{5, 6, 7}, list(noon.Add(4*time.Minute), nothing)); diff != "" {
		t.Errorf("from a moment on (-want +got):\n%s", diff)
	}
	closing := func(i triage.Issue) error {
		if i.IID != 4 {
			return nil
		}
		return lab.Edit("ann", issue(1), sandbox.Change{Close: true})
	}
	if diff := cmp.Diff([]int64{1, 2, 4, 5, 6, 7}, list(time.Time{}, closing)); diff != "" {
		t.Errorf("with one that is closed meanwhile (-want +got):\n%s", diff)
	}
	check(t, c.EachOpenIssue(t.Context(), 99, noon, nil), gitlab.NotFound, "listing the open issues of project 99: ")
}

// listing is a GitLab with many issues, of which a page holds as many as are asked for. Large ones are so large that no two of them fit
// into an answer.
type listing struct {
	updated []time.Time // of issue 1, 2, …; oldest first
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
		rows = append(rows, map[string]any{"id": n + 1, "iid": n + 1, "project_id": 7, "updated_at": l.updated[n]})
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
			s := server{Answer: tt.answer}
			got := updatedSince(t, s.client(t), 7, noon)
			var want []int64
			for n := range tt.want {
				want = append(want, int64(n+1))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
		})
	}

	t.Run("more than the bot reads", func(t *testing.T) {
		t.Parallel()
		l := listing{updated: times(7000, time.Second)}
		s := server{Answer: l.answer}
		c := s.client(t)
		seen := map[int64]bool{}
		since := noon
		walk := func() error {
			return c.EachUpdatedIssue(t.Context(), 7, since, func(i triage.Issue) error {
				seen[i.IID], since = true, i.UpdatedAt
				return nil
			})
		}
		check(t, walk(), gitlab.Permanent, "more than 50 pages")
		if err := walk(); err != nil { // whoever goes on from the last one gets all
			t.Errorf("the second walk: %v", err)
		}
		if len(seen) != 7000 {
			t.Errorf("%d issues in two walks, want 7000", len(seen))
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
		"403":             {always(403, json, `{"message":"403 Forbidden"}`), gitlab.Permanent, "403"},
		"another project": {always(200, json, `[{"id":1,"iid":1,"project_id":8,"updated_at":"2026-10-05T12:00:00Z"}]`), gitlab.Transient, "no issue of that project"},
		"no number":       {always(200, json, `[{"id":1,"project_id":7,"updated_at":"2026-10-05T12:00:00Z"}]`), gitlab.Transient, "no issue of that project"},
		"no issue":        {always(200, json, `[{}]`), gitlab.Transient, "no issue of that project"},
		"odd weight":      {always(200, json, `[{"id":1,"iid":1,"project_id":7,"weight":"many"}]`), gitlab.Transient, "weight"},
		"half":            {always(200, json, `[{"id":1`), gitlab.Transient, "reading the answer"},
		"one too large":   {tooLarge, gitlab.Transient, "larger than 32 MiB"},
		"a page":          {always(200, "text/html", "<html>"), gitlab.Unavailable, "text/html"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: tt.answer}
			err := s.client(t).EachUpdatedIssue(t.Context(), 7, noon, func(i triage.Issue) error { return fmt.Errorf("handed on %s", i.Ref) })
			check(t, err, tt.class, "listing the updated issues of project 7: ", tt.says)
		})
	}
}
