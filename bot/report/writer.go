package report

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
)

// writer makes the next text of a description, from what it gathered at the first time.
type writer struct {
	p        *Publisher
	r        Request
	compose  bool
	snapshot *planning.Snapshot // nil until it was gathered
	listed   []string           // of which issues the snapshot is, if it does not hold all
	blocks   map[planning.Kind]composed
}

// composed is a block's content, and the state that it was composed from.
type composed struct {
	from    planning.State
	content string
}

func newWriter(p *Publisher, r Request) *writer {
	return &writer{p: p, r: r, compose: !isTicked(r.Report.Kind) || len(r.Edits) > 0 || slices.Contains(r.Tasks, Compose), blocks: map[planning.Kind]composed{}}
}

// next is the description with all blocks as they should be. It is not to be written if there is a quick action in people's text, which GitLab left
// alone when they saved it and would execute with the bot's rights.
func (w *writer) next(ctx context.Context, description string) (string, error) {
	next, err := w.blocked(ctx, description)
	if err != nil || next == description {
		return next, err
	}
	if line := document.QuickAction(next); line != "" {
		return "", &BrokenBlock{Report: w.r.Report, Err: fmt.Errorf("GitLab would execute the line %.80q in its description: take it out, or make it code", line)}
	}
	return next, nil
}

// blocked is the description with all blocks as they should be.
func (w *writer) blocked(ctx context.Context, description string) (string, error) {
	for _, k := range blocksOf(w.r.Report.Kind) {
		b, err := document.Parse(description, k)
		switch {
		case errors.Is(err, document.ErrNoBlock) && k != w.r.Report.Kind:
			continue // people do not want it there
		case err != nil:
			return "", &BrokenBlock{Report: w.r.Report, Err: err}
		}
		if err := w.hide(ctx, b); err != nil {
			return "", err
		}
		if !w.compose {
			if description, err = w.tick(ctx, description, b); err != nil {
				return "", err
			}
			continue
		}
		content, err := w.content(ctx, k, b.State)
		if err != nil {
			return "", err
		}
		description = document.Replace(description, k, content)
	}
	return description, nil
}

// blocksOf are the kinds of the blocks that stand on the issue of a report.
func blocksOf(k planning.Kind) []planning.Kind {
	if k == planning.KindPlanning {
		return []planning.Kind{k, planning.KindCapacity}
	}
	return []planning.Kind{k}
}

// content composes a block from its state, once for each state.
func (w *writer) content(ctx context.Context, k planning.Kind, state planning.State) (string, error) {
	if c, ok := w.blocks[k]; ok && reflect.DeepEqual(c.from, state) {
		return c.content, nil
	}
	if w.snapshot == nil {
		s, err := w.p.gatherFor(ctx, w.r.Report.Ref, w.r.Report.Kind, w.r.Report.Milestone())
		if err != nil {
			return "", err
		}
		w.snapshot = &s
	}
	s := *w.snapshot
	s.Previous, s.Key = state, w.r.Report.Key
	for _, e := range w.r.Edits {
		s.Previous = s.Previous.Edited(e)
	}
	d, err := w.p.compose(k, s)
	if err != nil {
		return "", err
	}
	c := composed{from: state, content: w.p.o.Markdown(d)}
	w.blocks[k] = c
	return c.content, nil
}

// hide has the block composed afresh if it shows an issue that became confidential.
func (w *writer) hide(ctx context.Context, b document.Block) error {
	if w.compose || !slices.Contains(w.r.Tasks, Hide) {
		return nil
	}
	var shown []string
	for _, x := range b.Boxes {
		if url := x.URL(); url != "" && !slices.Contains(shown, url) {
			shown = append(shown, url)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	s, err := w.list(ctx, shown)
	w.compose = slices.ContainsFunc(s.Issues, func(i planning.Issue) bool { return i.Confidential })
	return err
}

// list is a snapshot of some of the report's issues.
func (w *writer) list(ctx context.Context, urls []string) (planning.Snapshot, error) {
	s, err := w.p.o.Gatherer.Listed(ctx, w.r.Report.Kind, w.r.Report.Milestone(), w.p.o.Now().In(w.p.schedule().Location), urls)
	if err != nil {
		return s, fmt.Errorf("reading the issues of the %s report: %w", w.r.Report.Kind, err)
	}
	return s, nil
}

// tick ticks the boxes whose issues do not belong on their list any more.
func (w *writer) tick(ctx context.Context, description string, b document.Block) (string, error) {
	var open []string
	for _, x := range b.Boxes {
		if url := x.URL(); url != "" && x.IsOpen() && !slices.Contains(open, url) {
			open = append(open, url)
		}
	}
	if len(open) == 0 {
		return description, nil
	}
	if w.snapshot == nil || !slices.Equal(open, w.listed) {
		s, err := w.list(ctx, open)
		if err != nil {
			return "", err
		}
		w.snapshot, w.listed = &s, open
	}
	s := *w.snapshot
	s.Previous = b.State
	byURL := map[string]*planning.Issue{}
	for n := range s.Issues {
		byURL[s.Issues[n].URL] = &s.Issues[n]
	}
	return document.Tick(description, w.r.Report.Kind, func(x document.Box) bool {
		i := byURL[x.URL()]
		return i != nil && w.p.o.Done(w.r.Report.Kind, x.Section, i, s)
	}), nil
}
