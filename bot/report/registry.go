package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Entry is a report that stands on an issue of its own, as the registry has it.
type Entry struct {
	Kind     planning.Kind `json:"k"`
	Key      string        `json:"y"`
	Ref      triage.Ref    `json:"r"`
	OpenedAt time.Time     `json:"o"`
	Due      planning.Date `json:"d,omitzero"`  // of the issue
	Reminded bool          `json:"m,omitempty"` // it was told at its due date to remind people

	// Doubt is when GitLab was asked to open the report without an answer, so that it may be opened twice; zero if that did not happen, or
	// was so long ago that it did not come true.
	Doubt time.Time `json:"b,omitzero"`
}

// Milestone is the milestone that the report is about, zero if it is about none.
func (e Entry) Milestone() planning.Version {
	v, _ := planning.ParseVersion(e.Key)
	return v
}

// is reports whether it is the report with a key.
func (e Entry) is(k planning.Kind, key string) bool { return e.Kind == k && e.Key == key }

// The registry is the checkpoint with the open reports. What it loses is found again in GitLab, by the reports' markers.
const (
	registryName = "reports/open"
	maxEntries   = 30               // more would not fit; the oldest go first
	keepRead     = 10 * time.Second // how old a copy of the registry may be for those that ask on every event
)

// entries reads the registry. It is not known if the store has none.
func (p *Publisher) entries(ctx context.Context) (list []Entry, known bool, err error) {
	value, err := p.o.Coordination.Checkpoint(ctx, registryName)
	if err != nil {
		return nil, false, err
	}
	list, known = decodeEntries(value)
	p.registry.keep(list, p.o.Now())
	return list, known, nil
}

// decodeEntries reads what the checkpoint holds. What cannot be read is not known.
func decodeEntries(value []byte) (list []Entry, known bool) {
	if len(value) == 0 || json.Unmarshal(value, &list) != nil {
		return nil, false
	}
	return list, true
}

// changeEntries changes the registry, anew as often as another process was quicker.
func (p *Publisher) changeEntries(ctx context.Context, change func([]Entry) []Entry) error {
	for range 20 {
		old, err := p.o.Coordination.Checkpoint(ctx, registryName)
		if err != nil {
			return err
		}
		before, _ := decodeEntries(old)
		list := change(slices.Clone(before))
		value, err := encodeEntries(list)
		if err != nil {
			return err
		}
		swapped, err := p.o.Coordination.SwapCheckpoint(ctx, registryName, old, value)
		if err != nil {
			return err
		}
		if swapped {
			p.registry.keep(list, p.o.Now())
			return nil
		}
	}
	return errors.New("noting a report: other processes were always quicker")
}

// encodeEntries writes the newest entries, as many as fit. An empty registry is not the same as none.
func encodeEntries(list []Entry) ([]byte, error) {
	slices.SortStableFunc(list, func(a, b Entry) int { return a.OpenedAt.Compare(b.OpenedAt) })
	list = list[max(0, len(list)-maxEntries):]
	for ; ; list = list[1:] {
		value, err := json.Marshal(append([]Entry{}, list...))
		if err != nil || len(value) <= coordination.MaxCheckpoint {
			return value, err
		}
	}
}

// note puts a report into the registry, or what is new of it.
func (p *Publisher) note(ctx context.Context, e Entry) error {
	return p.changeEntries(ctx, func(list []Entry) []Entry {
		return append(slices.DeleteFunc(list, func(o Entry) bool { return o.Ref == e.Ref }), e)
	})
}

// Forget takes a report out of the registry: its issue is closed or gone, nothing is written to it any more.
func (p *Publisher) Forget(ctx context.Context, ref triage.Ref) error {
	if list, known, err := p.entries(ctx); err != nil || known && !slices.ContainsFunc(list, func(e Entry) bool { return e.Ref == ref }) {
		return err
	}
	return p.changeEntries(ctx, func(list []Entry) []Entry {
		return slices.DeleteFunc(list, func(e Entry) bool { return e.Ref == ref })
	})
}

// Find tells which report stands on an issue, as far as the registry knows.
func (p *Publisher) Find(ctx context.Context, ref triage.Ref) (Entry, bool, error) {
	list, err := p.recentEntries(ctx)
	if err != nil {
		return Entry{}, false, err
	}
	n := slices.IndexFunc(list, func(e Entry) bool { return e.Ref == ref })
	if n < 0 {
		return Entry{}, false, nil
	}
	return list[n], true, nil
}

// recentEntries is the registry as it was at most keepRead ago.
func (p *Publisher) recentEntries(ctx context.Context) ([]Entry, error) {
	if list, ok := p.registry.recent(p.o.Now()); ok {
		return list, nil
	}
	list, _, err := p.entries(ctx)
	return list, err
}

// rebuild finds the open reports in GitLab, with one list of the bot's issues.
func (p *Publisher) rebuild(ctx context.Context) ([]Entry, error) {
	home, err := p.o.Gatherer.Home(ctx)
	if err != nil {
		return nil, err
	}
	now := p.o.Now()
	issues, err := p.o.GitLab.ReportIssues(ctx, home.Project, p.o.Self.ID, document.MarkerPrefix, now.Add(-markerPast))
	if err != nil {
		return nil, fmt.Errorf("looking for open reports: %w", err)
	}
	var found []Entry
	for _, i := range issues {
		e, ok := entryOf(i)
		if !ok || i.Closed || slices.ContainsFunc(found, func(o Entry) bool { return o.is(e.Kind, e.Key) }) {
			continue
		}
		e.Doubt = now // whoever was at it when the store was emptied may have sent one more request
		found = append(found, e)
	}
	err = p.changeEntries(ctx, func(list []Entry) []Entry {
		for _, e := range found {
			if !slices.ContainsFunc(list, func(o Entry) bool { return o.Ref == e.Ref }) {
				list = append(list, e)
			}
		}
		return list
	})
	return found, err
}

// entryOf is the report that an issue is by its marker.
func entryOf(i gitlab.ReportIssue) (Entry, bool) {
	kind, key, ok := document.FindMarker(i.Description)
	return Entry{Kind: kind, Key: key, Ref: i.Ref, OpenedAt: i.CreatedAt, Due: i.Due}, ok && kind.Place() == planning.OwnIssue
}
