// Package gather makes the snapshots that documents are composed of: it reads what GitLab holds with as few calls as that takes. A snapshot is
// whole or it is an error, but for the histories of a few issues that GitLab cannot tell. Issues are read page by page and kept without their descriptions.
package gather

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// GitLab is what gathering needs of GitLab. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	EachIssue(ctx context.Context, l gitlab.IssueList, each func(gitlab.ListedIssue) error) error
	IssuesByURL(ctx context.Context, urls []string) ([]gitlab.ListedIssue, error)
	StatusesOf(ctx context.Context, project string, iids []int64) (map[int64]gitlab.Status, error)
	ProjectAt(ctx context.Context, idOrPath string) (gitlab.Project, error)
	MilestoneDates(ctx context.Context, project string) ([]planning.MilestoneDates, error)
	GroupMilestoneDates(ctx context.Context, group string) ([]planning.MilestoneDates, error)
	LabelEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error)
	MilestoneEvents(ctx context.Context, ref triage.Ref) ([]gitlab.MilestoneEvent, error)
}

// Memories are what the bot remembers of issues, see inbox.Inbox.
type Memories interface {
	Memories(ctx context.Context, issues []triage.Ref) ([][]byte, error)
}

// Step is a part of gathering.
type Step string

// The steps, in their order.
const (
	Listing   Step = "issues"    // the issues are listed
	Histories Step = "histories" // what happened to some of them is looked up
)

// Progress is how far gathering has come: so many of all, which are 0 if their number is not known.
type Progress struct {
	Step      Step
	Done, All int
}

// Gatherer makes snapshots. It may be used by many goroutines.
type Gatherer struct {
	gitlab   GitLab
	memories Memories
	progress func(Progress)
	now      func() time.Time

	mu       sync.Mutex
	o        Options
	calendar kept[planning.Calendar]
	home     kept[planning.Home]
	severity map[triage.Ref]time.Time // when issues got their first severity, which does not change
}

// kept is something that was read and is good for a while.
type kept[T any] struct {
	value T
	until time.Time
}

// How long what was read is good for. GitLab does not tell of dates that are moved, nor of a project that is made public.
const (
	keepCalendar = 10 * time.Minute
	keepHome     = time.Minute
)

// Extras are what a Gatherer can do without.
type Extras struct {
	Memories Memories         // of the bot; nil if they cannot be read
	Progress func(Progress)   // is told how far gathering has come; nil for nobody
	Now      func() time.Time // default time.Now
}

// New makes a Gatherer.
func New(gitlab GitLab, o Options, e Extras) *Gatherer {
	if e.Progress == nil {
		e.Progress = func(Progress) {}
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	return &Gatherer{gitlab: gitlab, memories: e.Memories, progress: e.Progress, now: e.Now, o: o, severity: map[triage.Ref]time.Time{}}
}

// SetOptions replaces the options from the next snapshot on.
func (g *Gatherer) SetOptions(o Options) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.o, g.calendar, g.home = o, kept[planning.Calendar]{}, kept[planning.Home]{}
}

func (g *Gatherer) options() Options {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.o
}

// Snapshot reads all that a document of the kind is made of, but for Previous. The milestone is zero for a kind that is of none. Documents of one
// milestone are made of the same issues: a snapshot of one of them serves for all.
func (g *Gatherer) Snapshot(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Snapshot, error) {
	s, o, err := g.frame(ctx, milestone, now)
	if err != nil {
		return planning.Snapshot{}, err
	}
	if s.Home, err = g.Home(ctx); err != nil {
		return planning.Snapshot{}, err
	}
	c := newCollector(g, o)
	if k.IsOfMilestone() {
		if milestone == (planning.Version{}) {
			return planning.Snapshot{}, fmt.Errorf("the %s report is about a milestone: say which", k)
		}
		err = c.milestone(ctx, milestone)
	} else {
		err = c.open(ctx)
	}
	if err != nil {
		return planning.Snapshot{}, err
	}
	s.Issues = c.issues
	if err := g.readStatuses(ctx, s); err != nil {
		return planning.Snapshot{}, err
	}
	if err := g.recall(ctx, s); err != nil {
		return planning.Snapshot{}, err
	}
	if s.Unread, err = g.lookUp(ctx, s); err != nil {
		return planning.Snapshot{}, err
	}
	return s, nil
}

// Listed is a snapshot that holds only the issues at these web addresses, and not where reports stand. It takes one call for each hundred issues of
// a project. Issues that the bot cannot read, or that are not there any more, are left out; the histories of issues are not looked up, only what the bot
// remembers of them.
func (g *Gatherer) Listed(ctx context.Context, _ planning.Kind, milestone planning.Version, now time.Time, urls []string) (planning.Snapshot, error) {
	s, o, err := g.frame(ctx, milestone, now)
	if err != nil {
		return planning.Snapshot{}, err
	}
	var found []gitlab.ListedIssue
	if err := again(ctx, func() (err error) { found, err = g.gitlab.IssuesByURL(ctx, urls); return err }); err != nil {
		return planning.Snapshot{}, err
	}
	c := newCollector(g, o)
	for _, i := range found {
		c.keep(i)
	}
	s.Issues = c.issues
	if err := g.readStatuses(ctx, s); err != nil {
		return planning.Snapshot{}, err
	}
	if err := g.recall(ctx, s); err != nil {
		return planning.Snapshot{}, err
	}
	return s, nil
}

// frame is a snapshot without issues.
func (g *Gatherer) frame(ctx context.Context, milestone planning.Version, now time.Time) (planning.Snapshot, Options, error) {
	o := g.options()
	if o.Group == "" && len(o.Projects) == 0 {
		return planning.Snapshot{}, o, errors.New("there are no issues to report on: set reports.group, or name projects in gitlab.projects")
	}
	calendar, err := g.Calendar(ctx)
	if err != nil {
		return planning.Snapshot{}, o, err
	}
	if o.Location != nil {
		now = now.In(o.Location)
	}
	return planning.Snapshot{Now: now, Team: o.Team, Calendar: calendar, Milestone: milestone, Options: o.Document}, o, nil
}
