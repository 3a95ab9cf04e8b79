package report

import (
	"context"
	"errors"
	"fmt"
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
