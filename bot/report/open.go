package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/lease"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sleep"
	"flowkeeper/rules/planning"
)

// Opening is done by one process at a time.
const (
	openingLock  = "reports/opening"
	openingLease = time.Minute
	openingWait  = time.Second          // between two tries to get the lock
	openingTries = 2 * 60               // of them
	markerPast   = 366 * 24 * time.Hour // how old an issue may be that is looked for by its marker: people plan ahead
)

// errOpeningLost says that another process may be opening reports by now.
var errOpeningLost = errors.New("the right to open reports was lost to another process")

// open opens a report on an issue of its own, or finds it. It does so under a lock, because between the look for its marker and the opening
// nobody else may open it. The error says nothing about whether it was opened: the next call finds it.
func (p *Publisher) open(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (e Entry, o Outcome, err error) {
	select {
	case p.opening <- struct{}{}:
		defer func() { <-p.opening }()
	case <-ctx.Done():
		return Entry{}, Outcome{}, ctx.Err()
	}
	if err := p.lockOpening(ctx); err != nil {
		return Entry{}, Outcome{}, err
	}
	defer p.unlockOpening(ctx)
	renew := func(ctx context.Context) error {
		held, err := p.o.Coordination.TryLock(ctx, openingLock, p.o.Holder, openingLease)
		if err == nil && !held {
			return errOpeningLost
		}
		return err
	}
	err = lease.Keep(ctx, openingLease, errOpeningLost, renew, func(ctx context.Context) error {
		e, o, err = p.openLocked(ctx, k, milestone, now, renew)
		return err
	})
	return e, o, err
}

// lockOpening waits for the lock.
func (p *Publisher) lockOpening(ctx context.Context) error {
	for range openingTries {
		held, err := p.o.Coordination.TryLock(ctx, openingLock, p.o.Holder, openingLease)
		if err != nil || held {
			return err
		}
		if !sleep.For(ctx, openingWait) {
			return ctx.Err()
		}
	}
	return errors.New("another process has been opening reports for minutes; try again when it has ended")
}

// unlockOpening gives the lock back, also when the process ends.
func (p *Publisher) unlockOpening(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := p.o.Coordination.TryLock(ctx, openingLock, p.o.Holder, time.Millisecond); err != nil {
		p.o.Log.Debug("giving the lock for opening reports back; it runs out by itself", zap.Error(err))
	}
}

// openLocked finds the report, else composes and opens it.
func (p *Publisher) openLocked(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time, may check) (Entry, Outcome, error) {
	key := keyOf(k, milestone, now.In(p.schedule().Location))
	home, err := p.o.Gatherer.Home(ctx)
	if err != nil {
		return Entry{}, Outcome{}, err
	}
	known, err := p.known(ctx, home, k, key, now)
	if err != nil {
		return Entry{}, Outcome{}, err
	}
	if known.found {
		return known.entry, Outcome{What: Unchanged, URL: known.url, Ref: known.entry.Ref}, p.note(ctx, known.entry)
	}
	s, err := p.gather(ctx, k, milestone, now)
	if err != nil {
		return Entry{}, Outcome{}, err
	}
	s.Previous = known.previous
	d, err := p.compose(k, s)
	switch {
	case err != nil:
		return Entry{}, Outcome{}, err
	case d.Key != key:
		return Entry{}, Outcome{}, fmt.Errorf("the %s report of %s calls itself that of %q", k, key, d.Key)
	case d.Empty:
		return Entry{}, Outcome{What: Nothing}, nil
	}
	text, err := p.description(d, s)
	if err != nil {
		return Entry{}, Outcome{}, err
	}
	e, o, err := p.create(ctx, home, d, text, known.doubt, may)
	if err != nil {
		return e, o, err
	}
	return e, o, p.noteHolds(ctx, e, text, &s)
}

// knownReport is what is known of a report that is to be opened.
type knownReport struct {
	found    bool
	entry    Entry
	url      string
	previous planning.State // what it takes over from its predecessor
	doubt    time.Time      // when somebody began to open it, and nobody knows what came of it; zero if nobody did
}

// known looks for a report by its marker, among the issues that the bot opened; of several the oldest counts that is open.
func (p *Publisher) known(ctx context.Context, home planning.Home, k planning.Kind, key string, now time.Time) (knownReport, error) {
	var r knownReport
	began, err := p.o.Coordination.Checkpoint(ctx, openingName(k, key))
	if err != nil {
		return r, err
	}
	list, whole, err := p.entries(ctx)
	if err != nil {
		return r, err
	}
	if r.doubt = parseTime(began); !whole {
		r.doubt = p.o.Now() // an emptied store does not know whether somebody began
	}
	issues, err := p.o.GitLab.ReportIssues(ctx, home.Project, p.o.Self.ID, document.MarkerPrefix+string(k)+" ", p.o.Now().Add(-markerPast))
	if err != nil {
		return r, fmt.Errorf("looking for the %s report of %s: %w", k, key, err)
	}
	closed := false
	for _, i := range issues {
		e, ok := entryOf(i)
		switch {
		case !ok:
		case e.is(k, key) && (!r.found || closed && !i.Closed):
			closed, r.found, r.entry, r.url = i.Closed, true, e, i.URL
			r.entry.Doubt = r.doubt
		case e.is(k, key):
			r.entry.Doubt = p.o.Now() // there is one too many
		case planning.Precedes(e.Key, key):
			if b, err := document.Parse(i.Description, k); err == nil {
				r.previous = b.State.Inherited(planning.DateOf(now))
			}
		}
	}
	if n := slices.IndexFunc(list, func(e Entry) bool { return e.is(k, key) && e.Ref.Project == home.Project }); n >= 0 && !r.found {
		// GitLab's list lags behind, or people took the marker out.
		i, err := p.o.GitLab.ReportIssue(ctx, list[n].Ref)
		if err == nil {
			r.found, r.entry, r.url = true, list[n], i.URL
		} else if gitlab.ClassOf(err) != gitlab.NotFound {
			return r, err
		}
	}
	return r, nil
}

// create opens the issue. Before, it notes that somebody is about to, so that a process that takes over knows that the issue may appear late.
func (p *Publisher) create(ctx context.Context, home planning.Home, d planning.Document, text string, doubt time.Time, may check) (Entry, Outcome, error) {
	if doubt.IsZero() {
		if err := p.o.Coordination.SetCheckpoint(ctx, openingName(d.Kind, d.Key), formatTime(p.o.Now())); err != nil {
			return Entry{}, Outcome{}, err
		}
	}
	if err := may(ctx); err != nil {
		return Entry{}, Outcome{}, err
	}
	issue, err := p.o.GitLab.CreateIssue(ctx, home.Project, gitlab.NewIssue{
		Title: d.Title, Description: text, Labels: d.Labels, Assignees: d.Assignees, Due: d.Due, Milestone: d.Milestone, Confidential: d.Confidential,
	})
	if err != nil {
		if isAnswered(err) && doubt.IsZero() {
			err = errors.Join(err, p.o.Coordination.SetCheckpoint(ctx, openingName(d.Kind, d.Key), nil))
		}
		return Entry{}, Outcome{}, fmt.Errorf("opening the %s report: %w", d.Kind, err)
	}
	e := Entry{Kind: d.Kind, Key: d.Key, Ref: issue.Ref, OpenedAt: issue.CreatedAt, Due: d.Due, Doubt: doubt}
	o := Outcome{What: Opened, URL: issue.URL, Ref: issue.Ref}
	if err := p.note(ctx, e); err != nil {
		return e, o, err
	}
	return e, o, p.o.Coordination.SetCheckpoint(ctx, openingName(d.Kind, d.Key), nil)
}

// description is the text of a new issue: the marker, and the block in the frame. A planning issue has the block of the capacity, too.
func (p *Publisher) description(d planning.Document, s planning.Snapshot) (string, error) {
	block, frame := document.Wrap(d.Kind, p.o.Markdown(d)), d.Frame
	if !strings.Contains(frame, planning.BlockHere) {
		frame = strings.TrimRight(frame, "\n") + "\n\n" + planning.BlockHere
	}
	if d.Kind == planning.KindPlanning {
		capacity, err := p.compose(planning.KindCapacity, s)
		if err != nil {
			return "", err
		}
		if !strings.Contains(frame, planning.CapacityHere) {
			frame = strings.Replace(frame, planning.BlockHere, planning.BlockHere+planning.CapacityHere, 1)
		}
		frame = strings.Replace(frame, planning.CapacityHere, onItsOwn(document.Wrap(planning.KindCapacity, p.o.Markdown(capacity))), 1)
	}
	frame = strings.Replace(frame, planning.BlockHere, onItsOwn(block), 1)
	text := document.Marker(d.Kind, d.Key) + "\n\n" + strings.TrimSpace(frame) + "\n"
	for _, k := range blocksOf(d.Kind) {
		if _, err := document.Parse(text, k); err != nil {
			return "", fmt.Errorf("the %s report is not opened: its template does not leave the block where GitLab shows it: %w", d.Kind, err)
		}
	}
	if line := document.QuickAction(text); line != "" {
		return "", fmt.Errorf("the %s report is not opened: GitLab would execute its line %q; write it in another way in the template", d.Kind, line)
	}
	return text, nil
}

// onItsOwn is a block with blank lines around it: without them it could become part of a paragraph.
func onItsOwn(block string) string { return "\n\n" + block + "\n\n" }

// openingName names the checkpoint that says when somebody began to open a report.
func openingName(k planning.Kind, key string) string {
	return "reports/opening/" + string(k) + "/" + key
}

// formatTime writes a time for a checkpoint.
func formatTime(t time.Time) []byte { return []byte(t.UTC().Format(time.RFC3339Nano)) }

// parseTime reads what formatTime wrote; anything else is the zero time.
func parseTime(value []byte) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return time.Time{}
	}
	return t
}
