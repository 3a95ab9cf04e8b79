// Package backtest tells what a configuration would have done in the past: it plays what people did to the issues of a project to the very
// rules that would have looked at them, and compares what the rules want with what people did themselves. It writes nothing.
package backtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// GitLab is what is read.
type GitLab interface {
	EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error
	Issue(ctx context.Context, ref triage.Ref) (triage.Issue, error)
	ResourceEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error)
	StateEvents(ctx context.Context, ref triage.Ref) ([]gitlab.StateEvent, error)
	MilestoneEvents(ctx context.Context, ref triage.Ref) ([]gitlab.MilestoneEvent, error)
	Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]gitlab.Comment, error)
	Awards(ctx context.Context, ref triage.Ref, note int64) ([]gitlab.Award, error)
	Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error)
	Milestones(ctx context.Context, project int64) ([]gitlab.Milestone, error)
}

// ErrCallsUsedUp is what the limiter of the calls returns when no more may be made: what was played until then is reported.
var ErrCallsUsedUp = errors.New("the calls that were allowed are used up: allow more")

// Options are what a backtest is made of.
type Options struct {
	GitLab   GitLab
	Bot      triage.Person // what this user did is left out of the past
	Former   []string      // usernames that the bot had before; what they did is left out, too
	Project  int64
	Path     string          // of the project, for people
	Policies []engine.Policy // each is played on the same past
	Since    time.Time       // acts from then on count, and issues that changed since; zero is since the first of the issues was opened
	Issues   []int64         // only these; nil is all
	Done     map[int64]bool  // issues that earlier runs played
	Reports  []Report        // of earlier runs, to be added to; nil if this is the first
	Workers  int             // issues that are read at the same time

	Digest       []string // of what the policies hold beside their settings, each: another one is another backtest
	Confidential bool     // name confidential issues
	Now          time.Time
	Progress     func(done, of int)                              // called after each issue, one call at a time
	Sleep        func(ctx context.Context, d time.Duration) bool // before a failed call is made again; false if ctx has ended
}

// Result is a report for each policy, and how to go on if the calls were used up.
type Result struct {
	Reports []Report
	Done    map[int64]bool // issues that were played
}

// Run plays the issues. When the calls are used up or ctx ends, the result is of what was played until then; in the second case there is an
// error, too.
func Run(ctx context.Context, o Options) (Result, error) {
	b := &run{Options: o, done: map[int64]bool{}}
	b.GitLab = patient{o.GitLab, o.Sleep}
	b.milestones = &milestones{gitlab: b.GitLab, project: o.Project}
	for iid := range o.Done {
		b.done[iid] = true
	}
	for n := range o.Policies {
		r := Report{Project: o.Path, Since: o.Since, Until: o.Now, Remarks: remarks(o.Policies[n])}
		if o.Reports != nil {
			r = o.Reports[n]
		}
		r.Left = 0
		b.tallies = append(b.tallies, newTally(r, o.Confidential))
		b.policies = append(b.policies, inForce(o.Policies[n]))
	}
	err := b.playAll(ctx)
	result := Result{Done: b.done}
	for _, t := range b.tallies {
		t.report.Left = b.left
		result.Reports = append(result.Reports, t.result())
	}
	return result, err
}

// inForce lets rules in shadow go as far as they would if they were let: that is what one wants to know of them.
func inForce(p engine.Policy) engine.Policy {
	settings := make([]engine.Setting, len(p.Settings))
	for n, s := range p.Settings {
		switch {
		case s.Looks != nil && len(s.Looks.Unrecorded) > 0:
			s.Mode = triage.Off
		case s.Looks != nil && s.Mode == triage.Shadow:
			s.Mode = triage.Act
		case s.Mode == triage.Shadow:
			s.Mode = s.Rule.Mode
		}
		settings[n] = s
	}
	p.Settings, p.Commands, p.Index = settings, nil, engine.NewIndex(settings)
	return p
}

// remarks say of policies that are on what GitLab keeps no record of, and what becomes of them therefore.
func remarks(p engine.Policy) []Remark {
	var all []Remark
	for _, s := range p.Settings {
		switch {
		case s.Looks == nil || s.Mode == triage.Off:
		case len(s.Looks.Unrecorded) > 0:
			all = append(all, Remark{s.ID, "not played: GitLab keeps no record of " + strings.Join(s.Looks.Unrecorded, ", ")})
		case len(s.Looks.AsNow) > 0:
			all = append(all, Remark{s.ID, "played with what GitLab keeps no record of as it is now: " + strings.Join(s.Looks.AsNow, ", ")})
		}
	}
	return all
}

// countsComments reports whether a policy asks how long nothing has happened, for which comments count.
func countsComments(all []engine.Policy) bool {
	return slices.ContainsFunc(all, func(p engine.Policy) bool {
		return slices.ContainsFunc(p.Settings, func(s engine.Setting) bool { return s.Looks != nil && s.Mode != triage.Off && s.On&triage.Noted != 0 })
	})
}

// run is a backtest that is going on.
type run struct {
	Options
	policies   []engine.Policy
	milestones *milestones
	total      int

	mu      sync.Mutex
	tallies []*tally
	done    map[int64]bool
	left    int
}

// playAll plays the issues, some at the same time.
func (b *run) playAll(ctx context.Context) error {
	list, err := b.list(ctx)
	if errors.Is(err, ErrCallsUsedUp) {
		return fmt.Errorf("not even the list of issues could be read: %w", ErrCallsUsedUp)
	}
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(i triage.Issue) bool { return b.done[i.IID] })
	if b.Since.IsZero() {
		b.beginWith(list)
	}
	b.total = len(b.done) + len(list)
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(max(b.Workers, 1))
	for _, i := range list {
		workers.Go(func() error { return b.play(ctx, i) })
	}
	err = workers.Wait()
	if err == nil && b.left == len(list) && b.left > 0 {
		return fmt.Errorf("not even one issue could be played: %w", ErrCallsUsedUp)
	}
	return err
}

// list is the issues to be played, without their descriptions: there may be thousands.
func (b *run) list(ctx context.Context) ([]triage.Issue, error) {
	var all []triage.Issue
	listed := map[int64]bool{} // a list that failed begins anew, and people may name an issue twice
	add := func(i triage.Issue) error {
		if !listed[i.IID] {
			i.Description, listed[i.IID] = "", true
			all = append(all, i)
		}
		return nil
	}
	if b.Issues == nil {
		err := b.GitLab.EachUpdatedIssue(ctx, b.Project, b.Since, add)
		return all, err
	}
	for _, iid := range b.Issues {
		if b.done[iid] || listed[iid] {
			continue
		}
		i, err := b.GitLab.Issue(ctx, triage.Ref{Project: b.Project, IID: iid})
		if err != nil {
			return nil, err
		}
		_ = add(i)
	}
	return all, nil
}

// beginWith has the reports begin when the first issue was opened.
func (b *run) beginWith(list []triage.Issue) {
	for _, t := range b.tallies {
		for _, i := range list {
			if since := &t.report.Since; since.IsZero() || i.CreatedAt.Before(*since) {
				*since = i.CreatedAt
			}
		}
	}
}

// isBot reports whether somebody is the bot, or was it once.
func (b *run) isBot(who triage.Person) bool {
	return who.Is(b.Bot) || slices.ContainsFunc(b.Former, func(name string) bool { return triage.SameUsername(name, who.Username) })
}

// play plays one issue to all policies. An issue whose past cannot be read because the calls are used up is left.
func (b *run) play(ctx context.Context, i triage.Issue) error {
	outcomes, h, err := b.outcomes(ctx, i)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, ErrCallsUsedUp):
		b.left++
		return nil
	case gitlab.ClassOf(err) == gitlab.NotFound: // deleted, or moved out of sight, since it was listed
		for _, t := range b.tallies {
			t.report.Gone++
		}
		b.done[i.IID] = true
		return nil
	case err != nil:
		return err
	}
	for n, t := range b.tallies {
		t.add(i, h, outcomes[n], modes(b.policies[n]), b.policies[n].Team)
	}
	b.done[i.IID] = true
	if b.Progress != nil {
		b.Progress(len(b.done), b.total)
	}
	return nil
}

// outcomes are what each policy makes of an issue.
func (b *run) outcomes(ctx context.Context, i triage.Issue) ([]outcome, history, error) {
	source := &pastOf{gitlab: b.GitLab, issue: i.Ref, isBot: b.isBot}
	kept, err := source.records(ctx, i)
	if err != nil {
		return nil, history{}, err
	}
	h := newHistory(i, kept, b.isBot)
	if countsComments(b.policies) {
		if err := source.readComments(ctx); err != nil {
			return nil, h, err
		}
		h.addComments(source.comments, b.isBot)
	}
	var all []outcome
	for _, p := range b.policies {
		r := replay{policy: p, source: source, milestones: b.milestones, past: h, now: i, end: b.Now}
		o, err := r.run(ctx)
		if err != nil {
			return nil, h, err
		}
		all = append(all, o)
	}
	return all, h, nil
}

// modes are how far each rule goes.
func modes(p engine.Policy) map[string]triage.Mode {
	all := make(map[string]triage.Mode, len(p.Settings))
	for _, s := range p.Settings {
		all[s.ID] = s.Mode
	}
	return all
}
