package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sleep"
	"flowkeeper/rules/planning"
)

// How long a report is tried while GitLab does not do what it is asked.
const (
	postTries   = 12          // for somebody who waits
	dueTries    = 4           // before others that are due
	firstWait   = time.Second // before the second try; it doubles from there
	longestWait = 30 * time.Second
)

// Post publishes a report now, whatever its mode: it opens it, or brings the one that is there up to date. The milestone is zero for a kind that
// is of none; now says of which day the report is. While GitLab is not available it tries again for some minutes; the report is opened once all
// the same. A *BrokenBlock says that people broke the block, and that nothing was written.
func (p *Publisher) Post(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (o Outcome, err error) {
	if k.Place() == planning.OnlyPrinted {
		return Outcome{}, fmt.Errorf("the %s report is only printed: leave out --post", k)
	}
	err = persist(ctx, postTries, func() error {
		return p.measure(ctx, k, func(ctx context.Context) (string, error) {
			o, err = p.post(ctx, k, milestone, now)
			return o.What, err
		})
	})
	return o, err
}

// persist does something until GitLab does what it is asked, at most so often.
func persist(ctx context.Context, tries int, do func() error) error {
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := do()
		if tries--; tries == 0 || !passes(err) {
			return err
		}
		if !sleep.For(ctx, max(wait, gitlab.RetryDelay(err))) {
			return ctx.Err()
		}
	}
}

// passes reports whether an error is one of GitLab that is over after a while.
func passes(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && (e.Class == gitlab.Unavailable || e.Class == gitlab.Transient)
}

// post publishes a report, once.
func (p *Publisher) post(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (Outcome, error) {
	if k.Place() == planning.OwnIssue {
		e, o, err := p.open(ctx, k, milestone, now)
		if err != nil || o.What != Unchanged {
			return o, err
		}
		return p.postTo(ctx, e, o.URL, Compose)
	}
	e, url, err := p.find(ctx, planning.KindPlanning, milestone)
	if err != nil {
		return Outcome{}, err
	}
	if k.Place() == planning.PlanningComment {
		what, err := p.comment(ctx, milestone, e.Ref, unleased)
		return Outcome{What: what, URL: url, Ref: e.Ref}, err
	}
	return p.postTo(ctx, e, url, Compose)
}

// postTo brings an issue that is there up to date.
func (p *Publisher) postTo(ctx context.Context, e Entry, url string, task Task) (Outcome, error) {
	var r Result
	_, closed, err := p.update(ctx, Request{Report: e, Tasks: []Task{task}, May: unleased}, &r)
	if err == nil && closed {
		err = fmt.Errorf("%s is closed: open it again to have it written", url)
	}
	o := Outcome{What: Unchanged, URL: url, Ref: e.Ref}
	if len(r.Did) > 0 {
		o.What = Edited
	}
	return o, err
}

// unleased is the check of who has no lease that could be lost.
func unleased(context.Context) error { return nil }

// find finds the open report of a milestone in GitLab, with its address.
func (p *Publisher) find(ctx context.Context, k planning.Kind, milestone planning.Version) (Entry, string, error) {
	home, err := p.o.Gatherer.Home(ctx)
	if err != nil {
		return Entry{}, "", err
	}
	marker := document.Marker(k, milestone.String())
	issues, err := p.o.GitLab.ReportIssues(ctx, home.Project, p.o.Self.ID, marker, p.o.Now().Add(-markerPast))
	if err != nil {
		return Entry{}, "", err
	}
	for _, i := range issues {
		if e, ok := entryOf(i); ok && !i.Closed {
			return e, i.URL, nil
		}
	}
	return Entry{}, "", &NoReport{k, milestone}
}

// NoReport says that a milestone has no open report of a kind, on which something else was to be written.
type NoReport struct {
	Kind      planning.Kind
	Milestone planning.Version
}

func (n *NoReport) Error() string {
	return fmt.Sprintf("there is no open %s issue of %s; open one: flowkeeper report %s --milestone %s --post", n.Kind, n.Milestone, n.Kind, n.Milestone)
}
