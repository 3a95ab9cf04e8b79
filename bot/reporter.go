package bot

import (
	"context"
	"errors"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
)

// Reporter makes and posts reports for the command line, once. With Redis it agrees with the bots that share it, and knows what they remember; a
// bot with the embedded store has that to itself, and what the two may do at the same time is put right by its next refresh.
type Reporter struct {
	publisher *report.Publisher
	gatherer  *linkedGatherer
	home      string // where reports are opened, "" for nowhere
	close     func() error
}

// NewReporter connects to GitLab, and to Redis if there is one. Progress is told how far gathering has come.
func NewReporter(ctx context.Context, o Options, progress func(gather.Progress)) (*Reporter, error) {
	r := &Reporter{home: o.Reports.Gather.Home, close: func() error { return nil }}
	volatile := coordination.NewMemory(time.Now)
	agreed := coordination.New(volatile, volatile, nil)
	extras := gather.Extras{Progress: progress}
	var queue report.Inbox = nowhere{}
	if o.Inbox.RedisURL != "" {
		store, err := redis.Open(ctx, redis.Options{URL: o.Inbox.RedisURL, Lease: o.Inbox.Lease, MaxDeliveries: o.Inbox.Max, Log: o.Log})
		if err != nil {
			return nil, err
		}
		agreed, extras.Memories, queue, r.close = coordination.New(store, store, store), store, store, store.Close
	}
	client, err := openGitLab(o, agreed, nil)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	self, err := client.CurrentUser(ctx)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	mailer, err := openMail(o, agreed, nil)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	r.gatherer = newLinkedGatherer(client, o.Reports.Gather, extras)
	p := report.Options{
		GitLab: client, Gatherer: r.gatherer, Coordination: agreed, Inbox: queue, Self: self, Markdown: r.gatherer.markdown,
		Schedule: o.Reports.Schedule, Log: o.Log,
	}
	if o.Reports.MailKickoff {
		p.Mailer = mailer
	}
	r.publisher = report.New(p)
	return r, nil
}

// nowhere takes what would be the work of a running bot: it finds out by itself.
type nowhere struct{}

func (nowhere) Enqueue(context.Context, inbox.Delivery) (inbox.Outcome, error) {
	return inbox.Stored, nil
}

// Close closes the connection to Redis.
func (r *Reporter) Close() { _ = r.close() }

// Calendar is the team's, with GitLab's own dates of milestones.
func (r *Reporter) Calendar(ctx context.Context) (planning.Calendar, error) {
	return r.gatherer.Calendar(ctx)
}

// Preview makes a report's document as one that is published for the first time, and the text that would stand in GitLab. It writes nothing.
func (r *Reporter) Preview(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Document, string, error) {
	return r.publisher.Preview(ctx, k, milestone, now)
}

// Post publishes a report.
func (r *Reporter) Post(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (report.Outcome, error) {
	if r.home == "" {
		return report.Outcome{}, errors.New("reports have no place to go to: set reports.project to the project where they are opened")
	}
	return r.publisher.Post(ctx, k, milestone, now)
}
