package gather_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

// backlog is a GitLab with a group of many open issues, which are made as they are asked for.
type backlog struct {
	size   int
	broken int // the page that cannot be read, 0 for none

	lists, events, others atomic.Int64
}

// created is when the n-th issue was created: one each hour, the last one now.
func (b *backlog) created(n int) time.Time {
	return planningtest.Now.Add(time.Duration(n-b.size) * time.Hour)
}

func (b *backlog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/groups/my-group/issues"):
		b.list(w, r)
	case strings.HasSuffix(r.URL.Path, "/resource_label_events"):
		b.events.Add(1)
		_, _ = fmt.Fprintf(w, `[{"action":"add","created_at":%q,"label":{"name":"severity::2"}}]`, planningtest.Now.AddDate(0, 0, -70).Format(time.RFC3339))
	default:
		b.others.Add(1)
		_, _ = fmt.Fprint(w, `[]`)
	}
}

// list answers with a page of issues that have long descriptions.
func (b *backlog) list(w http.ResponseWriter, r *http.Request) {
	page := b.lists.Add(1)
	if int(page) == b.broken {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"message":"400 Bad Request"}`)
		return
	}
	q := r.URL.Query()
	number, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("per_page"))
	first := 0
	if since, err := time.Parse(time.RFC3339, q.Get("created_after")); err == nil {
		for first < b.size && b.created(first).Before(since) {
			first++
		}
	}
	first += (number - 1) * size
	last := min(first+size, b.size)
	next := ""
	if last < b.size {
		next = strconv.Itoa(number + 1)
	}
	w.Header()["X-Next-Page"] = []string{next}
	var issues []map[string]any
	for n := first; n < last; n++ {
		issues = append(issues, b.issue(n))
	}
	_ = json.NewEncoder(w).Encode(issues)
}

func (b *backlog) issue(n int) map[string]any {
	path := fmt.Sprintf("my-group/project-%d", n%20)
	labels := []string{"group::source code", "devops::create", "Category:Source Code Management", "backend", "workflow::planning breakdown", "priority::3"}
	switch n % 5 {
	case 0:
		labels = append(labels, "type::bug", "severity::"+strconv.Itoa(1+n%4))
	case 1:
		labels[0] = "group::another"
	default:
		labels = append(labels, "type::feature")
	}
	return map[string]any{
		"id": 100_000 + n, "iid": n + 1, "project_id": 10 + n%20, "title": fmt.Sprintf("Issue %d with a title of a usual length, of some seventy characters", n),
		"description": strings.Repeat("Steps, logs and expectations. ", 150), "state": "opened", "type": "ISSUE", "labels": labels, "weight": nil,
		"author": map[string]any{"id": 3, "username": "mika"}, "assignees": []map[string]any{{"id": 4, "username": "eric"}},
		"milestone": map[string]any{"id": 70, "title": "Backlog"}, "created_at": b.created(n), "updated_at": b.created(n),
		"web_url": fmt.Sprintf("https://gitlab.example.com/%s/-/issues/%d", path, n+1), "references": map[string]any{"full": fmt.Sprintf("%s#%d", path, n+1)},
	}
}

// gatherer is a Gatherer that asks the backlog.
func (b *backlog) gatherer(t *testing.T, e gather.Extras) *gather.Gatherer {
	t.Helper()
	web := httptest.NewServer(b)
	t.Cleanup(web.Close)
	client, err := gitlab.New(gitlab.Options{URL: web.URL, Token: "glpat-0123456789"})
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Home = ""
	return gather.New(client, o, e)
}

// TestLimits is the promise for a triage report of 5,000 open issues: at most 60 list calls and 64 MiB.
func TestLimits(t *testing.T) {
	const issues, most = 5000, 64 << 20
	before, peak := heap(), uint64(0)
	b := &backlog{size: issues}
	pages := 0
	g := b.gatherer(t, gather.Extras{Progress: func(p gather.Progress) {
		if pages++; p.Step == gather.Listing && pages%10 == 0 {
			peak = max(peak, heap())
		}
	}})
	s, err := g.Snapshot(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now)
	if err != nil {
		t.Fatal(err)
	}
	peak = max(peak, heap())
	if lists := b.lists.Load() + b.others.Load(); lists > 60 {
		t.Errorf("%d list calls", lists)
	}
	if want := issues * 4 / 5; len(s.Issues) != want {
		t.Errorf("%d issues, want %d: those of another group are left out", len(s.Issues), want)
	}
	bugs := 0
	for n := range s.Issues {
		i := &s.Issues[n]
		i.SeverityAt = time.Time{}
		if clock, _, runs := s.Options.SLO.ClockOf(i, s.Team); runs && clock.State(s.Now) != planning.InTime {
			bugs++
		}
	}
	if events := b.events.Load(); int(events) != bugs || bugs == 0 {
		t.Errorf("label events of %d issues were asked for, want those of %d bugs", events, bugs)
	}
	if grown := int64(peak) - int64(before); grown > most {
		t.Errorf("the heap has grown by %d MiB, allowed are %d", grown>>20, most>>20)
	} else {
		t.Logf("%d list calls, %d calls for bugs, %d KiB of heap", b.lists.Load(), b.events.Load(), grown>>10)
	}
	runtime.KeepAlive(s)
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools gave back at the first time
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAnswerThatFailsMidway(t *testing.T) {
	b := &backlog{size: 1000, broken: 5}
	s, err := b.gatherer(t, gather.Extras{}).Snapshot(t.Context(), planning.KindTriage, planning.Version{}, planningtest.Now)
	if err == nil || !strings.Contains(err.Error(), "listing the open issues of group my-group") {
		t.Errorf("the error is %v", err)
	}
	if len(s.Issues) > 0 || b.lists.Load() != 5 {
		t.Errorf("after %d pages there are %d issues beside the error", b.lists.Load(), len(s.Issues))
	}
}
