// Package history reads the kept decisions for those who look through them: by project, by rule, by what came of them. Reading ten thousand
// takes most of a second, so what lists need of them is remembered, and only what is new is read.
package history

import (
	"context"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Store is where decisions are kept.
type Store interface {
	// RecentRecords lists the newest decisions of all issues first, at most limit.
	RecentRecords(ctx context.Context, limit int) ([]inbox.Record, error)
}

// firstLook is how many decisions are read to find out what is new. If all of them are, growth times as many are read.
const (
	firstLook = 16
	growth    = 5
)

// Index remembers what lists need of the kept decisions. It may be used by many goroutines.
type Index struct {
	store   Store
	turn    chan struct{} // holds one entry while somebody reads; guards entries
	entries []Entry       // the newest first; never changed, only replaced
}

// NewIndex is an index that has read nothing yet.
func NewIndex(s Store) *Index { return &Index{store: s, turn: make(chan struct{}, 1)} }

// Entries are the kept decisions, the newest first, at most inbox.RecordsOverall. The slice is shared: do not change it.
func (x *Index) Entries(ctx context.Context) ([]Entry, error) {
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	before := x.entries
	known := map[key]bool{}
	for _, e := range before {
		known[key{e.Issue, e.At.UnixMilli()}] = true
	}
	for limit := firstLook; ; limit = min(limit*growth, inbox.RecordsOverall) {
		records, err := x.store.RecentRecords(ctx, limit)
		if err != nil {
			return nil, err
		}
		fresh := countNew(records, known)
		if fresh == len(records) && limit < inbox.RecordsOverall {
			continue // the decision that was the newest may lie deeper
		}
		if fresh == len(records) {
			before = nil // nothing of it is kept any more
		}
		x.entries = merge(records[:fresh], before)
		return x.entries, nil
	}
}

// key tells decisions apart: no issue is decided on twice in a millisecond.
type key struct {
	issue triage.Ref
	milli int64
}

// countNew is how many of the records are newer than the newest one that is known.
func countNew(records []inbox.Record, known map[key]bool) int {
	for n, r := range records {
		if known[key{r.Issue, r.At.UnixMilli()}] {
			return n
		}
	}
	return len(records)
}

// merge puts the new records before the entries, and drops what the store drops: all but the newest of an issue, and of all.
func merge(records []inbox.Record, before []Entry) []Entry {
	if len(records) == 0 {
		return before
	}
	after := make([]Entry, 0, min(len(records)+len(before), inbox.RecordsOverall))
	ofIssue := map[triage.Ref]int{}
	add := func(e Entry) {
		if len(after) < inbox.RecordsOverall && ofIssue[e.Issue] < inbox.RecordsPerIssue {
			ofIssue[e.Issue]++
			after = append(after, e)
		}
	}
	for _, r := range records {
		add(newEntry(r))
	}
	for _, e := range before {
		add(e)
	}
	return after
}
