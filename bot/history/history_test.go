package history_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/history"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// store keeps decisions, the newest last, and counts how many it was asked for.
type store struct {
	records []inbox.Record
	read    int
	away    error
}

func (s *store) RecentRecords(_ context.Context, limit int) ([]inbox.Record, error) {
	var all []inbox.Record
	for n := len(s.records) - 1; n >= 0 && len(all) < limit; n-- {
		all = append(all, s.records[n])
	}
	s.read += len(all)
	return all, s.away
}

func (s *store) add(t *testing.T, iid int64, d record.Decision) {
	t.Helper()
	body, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Duration(len(s.records)) * time.Second)
	s.records = append(s.records, inbox.Record{Issue: triage.Ref{Project: 7, IID: iid}, At: at, Body: body})
}

func numbers(entries []history.Entry) []int64 {
	var all []int64
	for _, e := range entries {
		all = append(all, e.Issue.IID)
	}
	return all
}

func entries(t *testing.T, x *history.Index) []history.Entry {
	t.Helper()
	all, err := x.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestIndexReadsWhatIsNew: with ten thousand decisions kept, a look reads a few of them, however it goes on.
func TestIndexReadsWhatIsNew(t *testing.T) {
	s := &store{}
	for iid := range int64(inbox.RecordsOverall) {
		s.add(t, iid+1, record.Decision{InScope: true})
	}
	x := history.NewIndex(s)
	if all := entries(t, x); len(all) != inbox.RecordsOverall || all[0].Issue.IID != inbox.RecordsOverall {
		t.Fatalf("%d entries, the newest of issue %d", len(all), all[0].Issue.IID)
	}
	for _, more := range []int64{0, 1, 15, 16, 100} {
		for range more {
			s.add(t, 1, record.Decision{InScope: true, Done: []string{"add ~a"}})
		}
		s.read = 0
		if all := entries(t, x); more > 0 && all[0].Outcome != history.Changed {
			t.Errorf("%d more: the newest is %+v", more, all[0])
		}
		if most := 16 + int(more)*6; s.read > most {
			t.Errorf("%d more: %d records were read, want at most %d", more, s.read, most)
		}
	}
}

// TestIndexForgets: as the store does, all but the newest of an issue; and everything when the store was emptied.
func TestIndexForgets(t *testing.T) {
	s := &store{}
	x := history.NewIndex(s)
	s.add(t, 2, record.Decision{})
	for range inbox.RecordsPerIssue + 3 {
		s.add(t, 1, record.Decision{})
		entries(t, x)
	}
	if all := entries(t, x); len(all) != inbox.RecordsPerIssue+1 || all[len(all)-1].Issue.IID != 2 {
		t.Errorf("%v", numbers(all))
	}
	s.records = nil
	if all := entries(t, x); len(all) != 0 {
		t.Errorf("after the store was emptied: %v", numbers(all))
	}
	s.add(t, 9, record.Decision{})
	if diff := cmp.Diff([]int64{9}, numbers(entries(t, x))); diff != "" {
		t.Error(diff)
	}
	s.away = errors.New("away")
	if _, err := x.Entries(t.Context()); !errors.Is(err, s.away) {
		t.Errorf("error %v", err)
	}
}

func TestOutcomes(t *testing.T) {
	s := &store{}
	says := func(f engine.Finding) []engine.Finding { f.Rule = "r"; return []engine.Finding{f} }
	for n, d := range []record.Decision{
		{InScope: true, Findings: says(engine.Finding{Reason: "all is well"})},
		{Reason: "another team's"},
		{InScope: true, Findings: says(engine.Finding{Would: []string{"add ~a"}})},
		{InScope: true, Findings: says(engine.Finding{Wants: []string{"add ~a"}}), Done: []string{"add ~a"}},
		{InScope: true, Error: "403"},
	} {
		s.add(t, int64(n), d)
	}
	s.records = append(s.records, inbox.Record{Issue: triage.Ref{Project: 7, IID: 5}, At: noon.Add(time.Hour), Body: []byte(`{"v":2}`)})
	var got []string
	for _, e := range entries(t, history.NewIndex(s)) {
		got = append(got, fmt.Sprint(e.Outcome, len(e.Findings)))
	}
	want := []string{"failed0", "failed0", "changed1", "shadow1", "left alone0", "unchanged0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestByRule(t *testing.T) {
	s := &store{}
	wants, undone := engine.Finding{Rule: "r", Notable: true}, engine.Finding{Rule: "r", Overridden: true}
	for iid := range int64(5) {
		s.add(t, iid, record.Decision{InScope: true, Findings: []engine.Finding{wants}})
		s.add(t, iid, record.Decision{InScope: true, Findings: []engine.Finding{undone}})
		s.add(t, iid, record.Decision{InScope: true, Findings: []engine.Finding{undone}})
	}
	got := history.ByRule(entries(t, history.NewIndex(s)), noon.Add(3*time.Second))["r"]
	if got.Fired != 4 || got.Undone != 4 {
		t.Errorf("%+v: want each issue once, and none before the time", got)
	}
	if diff := cmp.Diff([]int64{4, 3, 2}, numbers(got.Last)); diff != "" {
		t.Error(diff)
	}
}

func TestFilter(t *testing.T) {
	s := &store{}
	s.add(t, 1, record.Decision{InScope: true, Path: "team/a", Findings: []engine.Finding{{Rule: "r", Overridden: true}}})
	s.add(t, 2, record.Decision{InScope: true, Path: "team/a", Done: []string{"add ~a"}, Findings: []engine.Finding{{Rule: "r", Notable: true}}})
	s.add(t, 3, record.Decision{Path: "team/b"})
	all := entries(t, history.NewIndex(s))
	for name, test := range map[string]struct {
		filter history.Filter
		want   []int64
	}{
		"everything": {history.Filter{}, []int64{3, 2, 1}},
		"path":       {history.Filter{Project: "Team/A"}, []int64{2, 1}},
		"id":         {history.Filter{Project: "7"}, []int64{3, 2, 1}},
		"rule":       {history.Filter{Rule: "r"}, []int64{2, 1}},
		"outcome":    {history.Filter{Outcome: history.LeftAlone}, []int64{3}},
		"undone":     {history.Filter{Undone: true}, []int64{1}},
		"none":       {history.Filter{Rule: "r", Project: "team/b"}, nil},
	} {
		found, total := test.filter.Select(all, 0, 50)
		if diff := cmp.Diff(test.want, numbers(found)); diff != "" || total != len(test.want) {
			t.Errorf("%s: %d in all\n%s", name, total, diff)
		}
	}
	if found, total := (history.Filter{}).Select(all, 1, 2); total != 3 || len(found) != 1 || found[0].Issue.IID != 1 {
		t.Errorf("the second page: %v of %d", numbers(found), total)
	}
	if id, ok := history.ProjectID(all, "team/A"); id != 7 || !ok {
		t.Errorf("%d %v", id, ok)
	}
	if diff := cmp.Diff([]string{"team/b", "team/a"}, history.Projects(all)); diff != "" {
		t.Error(diff)
	}
}
