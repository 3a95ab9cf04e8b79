package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"flowkeeper/bot/admin"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// reports are the parts of a running bot that make reports. They are there once GitLab has told who the bot is.
type reports struct {
	*report.Publisher

	gatherer *linkedGatherer
}

// newReports makes the reports' parts.
func (a *App) newReports(self triage.Person) *reports {
	o := a.o.Reports
	g := newLinkedGatherer(a.gitlab, o.Gather, gather.Extras{Memories: a.inbox})
	r := report.Options{
		GitLab: a.gitlab, Gatherer: g, Coordination: a.coordination, Inbox: a.inbox, Self: self, Markdown: g.markdown,
		Schedule: o.Schedule, Now: time.Now, Log: a.o.Log, Registry: a.registry,
	}
	if o.MailKickoff {
		r.Mailer = a.mailer
	}
	return &reports{Publisher: report.New(r), gatherer: g}
}

// set replaces what is configured of reports.
func (r *reports) set(o Reports) {
	r.SetSchedule(o.Schedule)
	r.gatherer.set(o.Gather)
}

// shownReports are the reports for the admin address, nil until the bot is ready.
func (a *App) shownReports() admin.Reports {
	if r := a.reports.Load(); r != nil {
		return r
	}
	return nil
}

// linkedGatherer makes snapshots, and knows by then where the links of their documents lead.
type linkedGatherer struct {
	*gather.Gatherer

	client *gitlab.Client

	mu     sync.Mutex
	o      gather.Options
	layout document.Options
	until  time.Time // the layout is good until then
}

func newLinkedGatherer(client *gitlab.Client, o gather.Options, e gather.Extras) *linkedGatherer {
	return &linkedGatherer{Gatherer: gather.New(client, o, e), client: client, o: o}
}

// keepLayout is how long the addresses of a group and a project are believed.
const keepLayout = 10 * time.Minute

// Snapshot implements report.Gatherer.
func (g *linkedGatherer) Snapshot(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Snapshot, error) {
	if err := g.lay(ctx); err != nil {
		return planning.Snapshot{}, err
	}
	return g.Gatherer.Snapshot(ctx, k, milestone, now)
}

// lay finds out where links lead.
func (g *linkedGatherer) lay(ctx context.Context) error {
	g.mu.Lock()
	o, good := g.o, time.Now().Before(g.until)
	g.mu.Unlock()
	if good {
		return nil
	}
	home, err := g.Home(ctx)
	if err != nil {
		return err
	}
	list, err := issueList(ctx, g.client, o)
	if err != nil {
		return fmt.Errorf("finding out where the links of a report lead: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.layout, g.until = document.Options{List: list, Home: home.Path}, time.Now().Add(keepLayout)
	return nil
}

// markdown is how a document of the last snapshot looks in GitLab.
func (g *linkedGatherer) markdown(d planning.Document) string {
	g.mu.Lock()
	layout := g.layout
	g.mu.Unlock()
	return document.Markdown(d, layout)
}

// set replaces what is configured.
func (g *linkedGatherer) set(o gather.Options) {
	g.SetOptions(o)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.o, g.until = o, time.Time{}
}
