package report

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Task is what is to be done with the issue of a report, beside bringing it up to date.
type Task string

// The tasks.
const (
	Update  Task = ""        // what is up to date stays as it is
	Compose Task = "compose" // all is composed afresh, also lists of boxes
	Kickoff Task = "kickoff" // the kickoff of the planning issue's milestone is commented
	Remind  Task = "remind"  // people whose boxes are open are reminded
	Hide    Task = "hide"    // all is composed afresh if an issue that it shows has become confidential
)

// Request asks to bring the issue of a report up to date.
type Request struct {
	Report Entry
	Tasks  []Task
	Edits  []triage.ReportEdit // what commands change in the state of its document
	May    func(context.Context) error
}

// Result is what came of a request.
type Result struct {
	Did    []string  // what was written, in words
	WakeAt time.Time // look at the issue again then; zero is never
}

func (r *Result) did(what string) { r.Did = append(r.Did, what) }

// late is how long after a write without an answer GitLab may still carry it out.
const late = 5 * time.Minute

// Refresh brings the issue of a report up to date. Whoever calls it holds the lease of the issue's mailbox; May is asked before every write.
// Doing it again changes nothing. An issue that is closed is left as it is, and the report forgotten.
func (p *Publisher) Refresh(ctx context.Context, r Request) (Result, error) {
	var result Result
	err := p.measure(ctx, r.Report.Kind, func(ctx context.Context) (string, error) {
		err := p.refresh(ctx, r, &result)
		if noting := p.noteBroken(ctx, r.Report, err); noting != nil && err == nil {
			err = noting
		}
		if err == nil && len(result.Did) == 0 {
			return Unchanged, nil
		}
		return Edited, err
	})
	return result, err
}

func (p *Publisher) refresh(ctx context.Context, r Request, result *Result) error {
	issue, closed, broken := p.update(ctx, r, result)
	if broken != nil && !isBroken(broken) || closed {
		return broken
	}
	if err := p.finish(ctx, r, issue, result); err != nil {
		return err
	}
	return broken
}

// finish does what is not about the blocks, which people may have broken.
func (p *Publisher) finish(ctx context.Context, r Request, issue gitlab.ReportIssue, result *Result) error {
	kickoff, err := p.wantsKickoff(ctx, r)
	if err != nil {
		return err
	}
	if kickoff {
		o, err := p.comment(ctx, r.Report.Milestone(), r.Report.Ref, r.May)
		if err != nil {
			return err
		}
		if o != Unchanged {
			result.did(string(planning.KindKickoff) + " comment " + o)
		}
	}
	if err := p.closeTwins(ctx, r, result); err != nil {
		return err
	}
	return p.closeExpired(ctx, r, issue, result)
}

// wantsKickoff reports whether the kickoff is to be commented, or composed afresh where it is there.
func (p *Publisher) wantsKickoff(ctx context.Context, r Request) (bool, error) {
	if slices.Contains(r.Tasks, Kickoff) || r.Report.Kind != planning.KindPlanning || !slices.Contains(r.Tasks, Hide) {
		return slices.Contains(r.Tasks, Kickoff), nil
	}
	there, err := p.ownComments(ctx, r.Report.Ref, document.Marker(planning.KindKickoff, r.Report.Key))
	return len(there) > 0, err
}

// update brings the blocks up to date. It returns the issue as it was read last.
func (p *Publisher) update(ctx context.Context, r Request, result *Result) (issue gitlab.ReportIssue, closed bool, err error) {
	writer := newWriter(p, r)
	issue, written, err := p.edit(ctx, r.Report.Ref, r.May, func(i gitlab.ReportIssue) (string, error) {
		if i.Closed {
			return i.Description, nil
		}
		return writer.next(ctx, i.Description)
	})
	switch {
	case errors.Is(err, errElsewhere):
		p.o.Log.Warn("a report is left as it is", zap.Stringer("issue", r.Report.Ref), zap.Error(err))
		return issue, true, p.Forget(ctx, r.Report.Ref)
	case gitlab.ClassOf(err) == gitlab.NotFound:
		return issue, true, errors.Join(err, p.Forget(ctx, r.Report.Ref))
	case err != nil:
		return issue, false, err
	case issue.Closed:
		return issue, true, p.Forget(ctx, r.Report.Ref)
	}
	if written {
		result.did(fmt.Sprintf("the %s report is up to date", r.Report.Kind))
	}
	if slices.Contains(r.Tasks, Remind) {
		if err := p.remind(ctx, r, issue, result); err != nil {
			return issue, false, err
		}
	}
	return issue, false, p.noteHolds(ctx, r.Report, issue.Description, writer.snapshot)
}

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

// measure counts a publication with its calls and its time.
func (p *Publisher) measure(ctx context.Context, k planning.Kind, publish func(context.Context) (result string, err error)) error {
	began := p.o.Now()
	var calls atomic.Int64
	result, err := publish(gitlab.CountCalls(ctx, &calls))
	if err != nil {
		if result = failed; isBroken(err) {
			result = broken
		}
		p.o.Log.Debug("a report was not published", zap.String("report", string(k)), zap.Error(err))
	}
	p.metrics.record(k, result, calls.Load(), p.o.Now().Sub(began))
	return err
}
