package report

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

const (
	// catchUp is how long after its due time a report is still published.
	catchUp = 24 * time.Hour
	// keepCalendar is how long the dates of GitLab's milestones are believed.
	keepCalendar = time.Hour
	// firstRetry and longestRetry are the waits before a report that failed is tried again; they double.
	firstRetry, longestRetry = time.Minute, time.Hour
)

// retry is when a report that failed is tried again.
type retry struct {
	key  string
	at   time.Time
	wait time.Duration
}

// calendarCopy is the team's calendar as it was read last.
type calendarCopy struct {
	mu       sync.Mutex
	calendar planning.Calendar
	at       time.Time
}

// Calendar is the team's calendar, as it was at most an hour ago.
func (p *Publisher) Calendar(ctx context.Context) (planning.Calendar, error) {
	c := &p.calendar
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := p.o.Now(); c.at.IsZero() || now.Sub(c.at).Abs() >= keepCalendar {
		read, err := p.o.Gatherer.Calendar(ctx)
		if err != nil {
			return planning.Calendar{}, err
		}
		c.calendar, c.at = read, now
	}
	return c.calendar, nil
}

// RunDue does what is due. One process at a time calls it, about once a minute. What goes wrong with one report is logged and tried again at a later
// call; an error is one of the store, or of a GitLab that does not tell the calendar.
func (p *Publisher) RunDue(ctx context.Context) error {
	if !p.schedule().Enabled() {
		return nil
	}
	calendar, err := p.Calendar(ctx)
	if err != nil {
		return err
	}
	if err := p.restore(ctx); err != nil {
		return err
	}
	for _, k := range scheduled {
		if p.schedule().mode(k) == triage.Off {
			continue
		}
		due, ok := p.schedule().Last(k, calendar, p.o.Now())
		if !ok {
			continue
		}
		if err := p.runOnce(ctx, due); err != nil {
			return err
		}
	}
	if err := p.mailDue(ctx); err != nil {
		return err
	}
	return p.remindDue(ctx)
}

// restore rebuilds the registry if the store has lost it, and has what was found brought up to date.
func (p *Publisher) restore(ctx context.Context) error {
	_, known, err := p.entries(ctx)
	if err != nil || known || p.schedule().isShadow() {
		return err
	}
	found, err := p.rebuild(ctx)
	if err != nil {
		return err
	}
	for _, e := range found {
		if err := p.enqueue(ctx, e.Ref, Update, 0, ""); err != nil {
			return err
		}
	}
	return nil
}

// runOnce does a report that is due, unless that was done before.
func (p *Publisher) runOnce(ctx context.Context, due Due) error {
	name, key := "reports/done/"+string(due.Kind), due.id()
	done, err := p.o.Coordination.Checkpoint(ctx, name)
	if err != nil || due.isDone(string(done)) {
		return err
	}
	log := p.o.Log.With(zap.String("report", string(due.Kind)), zap.String("key", due.Key()), zap.Time("due", due.At))
	now := p.o.Now()
	switch late := now.Sub(due.At) > catchUp; {
	case late && len(done) == 0: // it was due before the bot made such reports, or the store was emptied
		return p.o.Coordination.SetCheckpoint(ctx, name, []byte(key))
	case late:
		log.Warn("a report is left out: it was due more than a day ago; flowkeeper report makes it by hand")
		p.metrics.results.WithLabelValues(string(due.Kind), missed).Inc()
		return p.o.Coordination.SetCheckpoint(ctx, name, []byte(key))
	}
	r := p.retries[due.Kind]
	if r.key == key && now.Before(r.at) {
		return nil
	}
	outcome, err := p.do(ctx, due, log)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if r.key != key {
			r = retry{key: key}
		}
		r.wait = min(max(2*r.wait, firstRetry), longestRetry)
		r.at = now.Add(max(r.wait, gitlab.RetryDelay(err)))
		p.retries[due.Kind] = r
		log.Warn("a report that is due was not published and is tried again", zap.Time("again_at", r.at), zap.Error(err))
		return nil
	}
	delete(p.retries, due.Kind)
	if err := p.o.Coordination.SetCheckpoint(ctx, name, []byte(key)); err != nil {
		return err
	}
	log.Info("a report was due", zap.String("result", outcome.What), zap.String("url", outcome.URL))
	return nil
}

// id names a due time for good: also when a milestone's dates are changed, it is due once.
func (d Due) id() string {
	if d.Update {
		return d.Key() + " update"
	}
	return d.Key()
}

// isDone reports whether it was done, or something later of its kind, by the id of what was done last. A milestone whose dates are moved makes
// due again what was done for the one before.
func (d Due) isDone(last string) bool {
	key, _, _ := strings.Cut(last, " ")
	return last == d.id() || planning.Precedes(d.Key(), key) || key == d.Key() && !d.Update
}

// do does what is due of a report in its mode.
func (p *Publisher) do(ctx context.Context, due Due, log *zap.Logger) (Outcome, error) {
	kept := Kept{Kind: due.Kind, Key: due.Key(), DueAt: due.At, At: p.o.Now(), Mode: p.schedule().mode(due.Kind)}
	err := p.measure(ctx, due.Kind, func(ctx context.Context) (string, error) {
		if kept.Mode == triage.Shadow {
			d, err := p.Compose(ctx, due.Kind, due.Milestone, due.At)
			kept.Outcome.What = Composed
			if kept.Document = p.o.Markdown(d); err != nil {
				kept.Document = ""
			}
			return Composed, err
		}
		err := persist(ctx, dueTries, func() (err error) {
			kept.Outcome, err = p.publish(ctx, due)
			return err
		})
		return kept.Outcome.What, err
	})
	if err != nil {
		kept.Error = err.Error()
	}
	if err := p.keep(ctx, kept); err != nil {
		log.Warn("keeping what became of a report for operators", zap.Error(err))
	}
	return kept.Outcome, err
}

// publish opens the report, or has the worker write to the issue that is there.
func (p *Publisher) publish(ctx context.Context, due Due) (Outcome, error) {
	if due.Kind.Place() == planning.OwnIssue && !due.Update {
		e, o, err := p.open(ctx, due.Kind, due.Milestone, due.At)
		if err != nil || o.What == Nothing {
			return o, err
		}
		return o, p.touchOlder(ctx, e)
	}
	k, task := due.Kind, Compose
	if k == planning.KindKickoff {
		k, task = planning.KindPlanning, Kickoff
	}
	e, err := p.registered(ctx, k, due.Milestone)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{What: Edited, Ref: e.Ref}, p.enqueue(ctx, e.Ref, task, 0, "report/"+string(due.Kind)+"/"+due.id())
}

// registered is the open report of a milestone. One that the command line opened may not be in the registry yet.
func (p *Publisher) registered(ctx context.Context, k planning.Kind, milestone planning.Version) (Entry, error) {
	list, _, err := p.entries(ctx)
	if err != nil {
		return Entry{}, err
	}
	for _, e := range list {
		if e.is(k, milestone.String()) {
			return e, nil
		}
	}
	e, _, err := p.find(ctx, k, milestone)
	if err != nil {
		return Entry{}, err
	}
	return e, p.note(ctx, e)
}

// touchOlder has earlier reports of the kind looked at, which may have to be closed.
func (p *Publisher) touchOlder(ctx context.Context, newest Entry) error {
	list, _, err := p.entries(ctx)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Kind == newest.Kind && planning.Precedes(e.Key, newest.Key) {
			if err := p.enqueue(ctx, e.Ref, Update, 0, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// remindDue has people reminded on the needs-weight issues that are due today or were before.
func (p *Publisher) remindDue(ctx context.Context) error {
	if p.schedule().mode(planning.KindNeedsWeight) != triage.Act {
		return nil
	}
	list, _, err := p.entries(ctx)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Kind != planning.KindNeedsWeight || e.Reminded || e.Due.IsZero() || p.o.Now().Before(p.schedule().At(e.Due)) {
			continue
		}
		if p.o.Now().Sub(p.schedule().At(e.Due)) <= catchUp {
			if err := p.enqueue(ctx, e.Ref, Remind, 0, "report/remind/"+e.Ref.String()); err != nil {
				return err
			}
		}
		e.Reminded = true
		if err := p.note(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
