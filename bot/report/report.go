// Package report publishes documents: it opens the issue of a report exactly once, keeps the bot's block in it up to date, and knows when what
// is due. What a document says is decided by rules/planning, from a snapshot that a Gatherer makes.
//
// There is one writer for each report's issue. Whoever opens one does so under a lock and looks for its marker first; everything that is
// written to an issue that is there is written by the worker that holds the lease of its mailbox, see Publisher.Refresh. The one exception is
// Post, for the command line, which has no mailbox: it writes as carefully, and what comes of a race is put right by the next refresh.
package report

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/mail"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// GitLab is what publishing needs of GitLab. Errors are classed by gitlab.ClassOf.
type GitLab interface {
	// ReportIssue reads one issue, with its description.
	ReportIssue(ctx context.Context, ref triage.Ref) (gitlab.ReportIssue, error)
	// ReportIssues are the issues of a project that the author opened at or after since and whose description holds the marker, the
	// oldest first.
	ReportIssues(ctx context.Context, project, author int64, marker string, since time.Time) ([]gitlab.ReportIssue, error)
	CreateIssue(ctx context.Context, project int64, n gitlab.NewIssue) (triage.Issue, error)
	// EditDescription replaces the whole description and returns the issue as GitLab answers.
	EditDescription(ctx context.Context, ref triage.Ref, description string) (gitlab.ReportIssue, error)
	UpdateIssue(ctx context.Context, before, after triage.Issue) (triage.Issue, error)
	// WasReopened reports whether somebody opened the issue again after it had been closed.
	WasReopened(ctx context.Context, ref triage.Ref) (bool, error)

	OwnNotes(ctx context.Context, ref triage.Ref, own func(gitlab.Note) bool) ([]gitlab.Note, error)
	CreateNote(ctx context.Context, ref triage.Ref, internal bool, body string) (int64, error)
	EditNote(ctx context.Context, ref triage.Ref, id int64, body string) error
	DeleteNote(ctx context.Context, ref triage.Ref, id int64) error
}

// Gatherer makes snapshots, see package gather.
type Gatherer interface {
	// Home is where reports are opened.
	Home(ctx context.Context) (planning.Home, error)
	// Calendar is the team's, with GitLab's own dates of milestones.
	Calendar(ctx context.Context) (planning.Calendar, error)
	// Snapshot reads all that a document of the kind is made of, but for Previous. The milestone is zero for a kind that is of none. Reports
	// of one milestone are made of the same issues: a snapshot of one of them serves for all.
	Snapshot(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (planning.Snapshot, error)
	// Listed is a snapshot that holds only the issues at these web addresses, read with one call for each hundred of a project. Those that
	// the bot cannot read, or that are not there any more, are left out.
	Listed(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time, urls []string) (planning.Snapshot, error)
}

// Mailer sends the letters of a kickoff, one mail to each person and none twice, see package mail. The key is that of the document.
type Mailer interface {
	// Prepare notes who is to get mail, before the kickoff's comment is written. known is State.Mailed of the comment that is there, nil
	// if there is none. What it returns is State.Mailed of the comment to be written.
	Prepare(ctx context.Context, key string, letters []planning.Letter, known []string) (mailed []string, err error)
	// Send sends what is due, once the comment is there. When Outcome.Again is set it has to be called again then.
	Send(ctx context.Context, key string, letters []planning.Letter) (mail.Outcome, error)
}

// Inbox takes what is to be done with the issue of a report.
type Inbox interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
}

// Coordination is what all processes of the bot agree on, see package coordination.
type Coordination interface {
	TryLock(ctx context.Context, name, holder string, lease time.Duration) (bool, error)
	Checkpoint(ctx context.Context, name string) ([]byte, error)
	SetCheckpoint(ctx context.Context, name string, value []byte) error
	SwapCheckpoint(ctx context.Context, name string, old, value []byte) (bool, error)
}

// Options are what a Publisher needs. All fields are required unless they say otherwise.
type Options struct {
	GitLab       GitLab
	Gatherer     Gatherer
	Coordination Coordination
	Inbox        Inbox
	Self         triage.Person // the bot's own user

	// Compose is how documents are made; default planning.Compose.
	Compose func(planning.Kind, planning.Snapshot) (planning.Document, error)
	// Done says which boxes can be ticked; default planning.Done.
	Done func(k planning.Kind, section string, i *planning.Issue, s planning.Snapshot) bool
	// Markdown is how a document looks in GitLab: the content of its block, or the text of its comment.
	Markdown func(planning.Document) string
	// Mailer sends kickoffs by mail; nil for none.
	Mailer Mailer

	Schedule Schedule // until SetSchedule

	Holder   string                // this process among those that share the store; default a random name
	Now      func() time.Time      // default time.Now
	Log      *zap.Logger           // default none
	Registry prometheus.Registerer // default none
}

// Schedule is what is configured of when reports are due and what happens then.
type Schedule struct {
	Modes      map[planning.Kind]triage.Mode // Off, Shadow (composed, and kept for operators) or Act; Off for those that are not named
	TriageDay  time.Weekday
	TriageAt   time.Duration  // since midnight: the time of day at which all reports are due
	CloseAfter time.Duration  // how long after its due date a triage report is closed that has a successor
	Location   *time.Location // the team's time zone; default UTC
	Settle     time.Duration  // how long an open report waits for further changes of its issues; default 20 s
}

// settle is how long a report waits for further changes of its issues before it is brought up to date, unless a Schedule says otherwise.
const settle = 20 * time.Second

// Publisher publishes documents. It may be used by many goroutines.
type Publisher struct {
	o        Options
	metrics  metrics
	due      atomic.Pointer[Schedule]
	opening  chan struct{} // held by whoever opens a report in this process
	registry registryCopy
	holds    holdsCopies
	calendar calendarCopy
	retries  map[planning.Kind]retry // of RunDue, which runs once at a time
}

// New prepares a publisher and registers its metrics. It does nothing by itself.
func New(o Options) *Publisher {
	if o.Compose == nil {
		o.Compose = planning.Compose
	}
	if o.Done == nil {
		o.Done = planning.Done
	}
	if o.Holder == "" {
		o.Holder = rand.Text()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	p := &Publisher{o: o, metrics: newMetrics(o.Registry), opening: make(chan struct{}, 1), retries: map[planning.Kind]retry{}}
	p.SetSchedule(o.Schedule)
	return p
}

// SetSchedule replaces what is configured of when reports are due. Any goroutine may call it.
func (p *Publisher) SetSchedule(s Schedule) {
	if s.Location == nil {
		s.Location = time.UTC
	}
	if s.Settle <= 0 {
		s.Settle = settle
	}
	p.due.Store(&s)
}

// schedule is what is configured now.
func (p *Publisher) schedule() Schedule { return *p.due.Load() }

// What became of a report.
const (
	Opened    = "opened"    // its issue, or its comment, was made
	Edited    = "edited"    // its block, or its comment, was changed
	Unchanged = "unchanged" // it says already what it should
	Nothing   = "nothing"   // there is nothing to say, so none was opened
)

// Outcome is what publishing a report came to.
type Outcome struct {
	What string     `json:"what"`          // Opened, Edited, Unchanged or Nothing
	URL  string     `json:"url,omitempty"` // of the issue that it stands on, "" for Nothing
	Ref  triage.Ref `json:"ref,omitzero"`
}
