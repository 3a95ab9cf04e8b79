package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
)

func TestPagesOfALongList(t *testing.T) {
	l := newLab(t, sandbox.Options{PageSize: 3})
	for n := range 8 {
		l.open(sandbox.IssueOptions{Title: fmt.Sprint("issue ", n+1)})
	}
	upwards, downwards := []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{8, 7, 6, 5, 4, 3, 2, 1}
	for name, tt := range map[string]struct {
		path string
		want []float64
	}{
		"offset":               {"/projects/1/issues?sort=asc&order_by=created_at&per_page=100", upwards},
		"offset, newest first": {"/projects/1/issues?sort=desc&order_by=created_at&per_page=100", downwards},
		"keyset":               {"/projects/1/issues?sort=asc&order_by=updated_at&pagination=keyset&per_page=100", upwards},
		"keyset, newest first": {"/projects/1/issues?sort=desc&order_by=updated_at&pagination=keyset&per_page=100", downwards},
	} {
		t.Run(name, func(t *testing.T) {
			var got []float64
			for path := tt.path; path != ""; {
				r := l.must("GET", path, "")
				page := r.list(t)
				if len(page) > 3 || len(got) > 8 {
					t.Fatalf("a page of %d rows, %d so far", len(page), len(got))
				}
				for _, i := range page {
					got = append(got, i["iid"].(float64))
				}
				path = next(t, r)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("headers", func(t *testing.T) {
		r := l.must("GET", "/projects/1/issues?page=2&per_page=3", "")
		for name, want := range map[string]string{
			"X-Page": "2", "X-Per-Page": "3", "X-Next-Page": "3", "X-Prev-Page": "1", "X-Total": "8", "X-Total-Pages": "3",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		r = l.must("GET", "/projects/1/issues?page=9&per_page=3", "")
		if n := len(r.list(t)); n != 0 || r.Header.Get("X-Next-Page") != "" {
			t.Errorf("behind the end: %d rows, next page %q", n, r.Header.Get("X-Next-Page"))
		}
	})
	t.Run("keyset does not lose rows that move", func(t *testing.T) {
		r := l.must("GET", "/projects/1/issues?sort=asc&order_by=updated_at&pagination=keyset&per_page=3", "")
		l.must("PUT", "/projects/1/issues/1", `{"title":"moved"}`)
		if got := l.must("GET", next(t, r), "").list(t)[0]["iid"]; got != 4.0 {
			t.Errorf("the second page begins with %v", got)
		}
	})
}

var nextLink = regexp.MustCompile(`<([^>]*)>; rel="next"`)

// next is the path of the next page, "" if there is none.
func next(t *testing.T, r reply) string {
	t.Helper()
	m := nextLink.FindStringSubmatch(r.Header.Get("Link"))
	if m == nil {
		return ""
	}
	u, err := url.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.RequestURI(), "/api/v4")
}

func TestFindingIssues(t *testing.T) {
	var hours atomic.Int64
	l := newLab(t, sandbox.Options{Now: func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }})
	l.open(sandbox.IssueOptions{Labels: []string{"a", "b"}})
	hours.Add(1)
	closed := l.open(sandbox.IssueOptions{Labels: []string{"a"}})
	l.edit("omar", closed, sandbox.Change{Close: true})
	hours.Add(1)
	l.open(sandbox.IssueOptions{})
	tests := map[string][]float64{
		"":                                    {3, 2, 1},
		"sort=asc":                            {1, 2, 3},
		"state=opened":                        {3, 1},
		"state=closed":                        {2},
		"state=all":                           {3, 2, 1},
		"labels=a":                            {2, 1},
		"labels=a,b":                          {1},
		"labels=None":                         {3},
		"labels=Any":                          {2, 1},
		"labels=A":                            {},
		"updated_after=2026-11-23T12:30Z":     nil, // not a time: refused
		"updated_after=2026-11-23T12:30:00Z":  {3, 2},
		"updated_before=2026-11-23T12:30:00Z": {1},
		"iids[]=1&iids[]=3":                   {3, 1},
		"order_by=updated_at&sort=asc":        {1, 2, 3},
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			r := l.api("GET", "/projects/1/issues?"+query, "")
			if want == nil {
				if r.StatusCode != http.StatusBadRequest {
					t.Errorf("got %d", r.StatusCode)
				}
				return
			}
			got := []float64{}
			for _, i := range r.list(t) {
				got = append(got, i["iid"].(float64))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("with label details", func(t *testing.T) {
		list := l.must("GET", "/projects/1/issues?labels=b&with_labels_details=true", "").list(t)
		if got := list[0]["labels"].([]any)[1].(map[string]any)["name"]; got != "b" {
			t.Errorf("the second label is %v", got)
		}
	})
}
