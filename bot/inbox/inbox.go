// Package inbox is the promise "never lost": a delivery that was accepted stays in the mailbox of its issue until somebody has
// handled it. The unit of work is the issue. One worker at a time, in the whole fleet, holds an issue's lease and gets all its
// deliveries in order.
//
// The package defines the interface and what every store owes (see the suite in inboxtest); the stores are in inbox/redis and
// inbox/sqlite. It knows nothing of GitLab or of rules: events, memories and records are bytes to it.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// Errors that callers tell apart.
var (
	// ErrLeaseLost says that the batch's lease ran out and another worker may have the issue: nothing was written.
	ErrLeaseLost = errors.New("the lease on the issue was lost")
	// ErrUnavailable says that the store does not answer or cannot write; the same call may go through later. What the failed call
	// wanted may have been written all the same: it is safe to repeat.
	ErrUnavailable = errors.New("the inbox store is unavailable")
	// ErrFull says that as many deliveries wait as the store may hold: nothing was stored. It is not ErrUnavailable, because trying
	// again at once does not help.
	ErrFull = errors.New("the inbox is full: the bot is behind, its log and metrics say why " +
		"(GitLab away or refusing, or too few workers)")
	// ErrNotFound says that there is no such dead letter.
	ErrNotFound = errors.New("not in the inbox")
)

// Delivery is one thing to remember for an issue.
type Delivery struct {
	ID    string     // for people and logs; may be empty
	Issue triage.Ref // whose mailbox it goes to

	// Key names the delivery: a second one with the same key within KeepKeys is a duplicate. Meaning names what it says: the twin
	// that a group hook and a project hook deliver for one change has it too and is a duplicate within KeepMeanings. Empty keys
	// never match.
	Key     string
	Meaning string

	Delay time.Duration // how long the issue may wait for more of the burst; 0 is at once, Ahead before all others
	Body  []byte        // the reduced event, a few hundred bytes
}

// Ahead is the delay of a delivery that somebody waits for: its issue is claimed before all that is due by its time.
const Ahead = -10 * 365 * 24 * time.Hour

// Validate says what is wrong with a delivery that no store can take.
func (d Delivery) Validate() error {
	if !d.Issue.Names() {
		return fmt.Errorf("delivery %q names no issue or merge request: project id and number must be above 0, got %s", d.ID, d.Issue)
	}
	if d.Delay < 0 && d.Delay != Ahead {
		return fmt.Errorf("delivery %q of %s has the delay %s: it must be 0 or above, or Ahead", d.ID, d.Issue, d.Delay)
	}
	return nil
}

// How long keys suppress repeats: deliveries as long as GitLab can resend them, twins for as long as they may trail each other.
const (
	KeepKeys     = 7 * 24 * time.Hour
	KeepMeanings = 10 * time.Minute
	// KeepMemory is how long the memory of an issue outlives its last handling. It can be recovered from GitLab.
	KeepMemory = 90 * 24 * time.Hour
	// RecordsPerIssue and RecordsOverall bound what is kept for explanations; the oldest go first.
	RecordsPerIssue = 20
	RecordsOverall  = 10_000
	// MaxProjects is how many projects are remembered; the one that has been silent for the longest goes first. HeardEvery is how
	// exactly that is known.
	MaxProjects = 20_000
	HeardEvery  = time.Hour
)

// Outcome is what became of an accepted delivery.
type Outcome string

// The outcomes of Accept.
const (
	Stored    Outcome = "stored"
	Duplicate Outcome = "duplicate"
)

// Batch is one issue's waiting deliveries under a lease. Attempt counts from 1 and starts again after a Done; above 1 the batch was
// claimed before and its effects are unknown. Whoever holds a batch ends it with exactly one of Done, Retry, Release and Bury.
type Batch struct {
	Issue      triage.Ref
	Deliveries []Stamped // oldest first; none if the issue was only woken
	Memory     []byte    // nil if there is none
	Attempt    int
	LastError  string    // the cause given with the last Retry
	Token      int64     // fences the lease: it grows with every claim
	Until      time.Time // when the lease runs out, by the store's clock
	Woken      bool      // the wake-up set by the last Done is due
	Began      time.Time // when the store began to hold anything, by its clock: of earlier times it may have forgotten all; zero is long ago
}

// Stamped is a delivery's body with its place in the mailbox and the time it was accepted, by the store's clock in milliseconds.
type Stamped struct {
	Seq      int64 // grows with every accepted delivery of the store
	ID       string
	Accepted time.Time
	Body     []byte
}

// Result is what a handled batch leaves behind.
type Result struct {
	Memory []byte    // replaces the issue's memory; nil leaves it as it is
	Record []byte    // the decision, for explanations; nil keeps none
	WakeAt time.Time // look at the issue again then; zero is never. Replaces an earlier wake-up
}

// Record is a kept decision.
type Record struct {
	Issue triage.Ref
	At    time.Time
	Body  []byte
}

// Letter is a dead letter: a mailbox whose handling was given up. It keeps everything needed to try again.
type Letter struct {
	Issue      triage.Ref
	Buried     time.Time
	Cause      string
	Attempts   int
	Deliveries []Stamped
	Record     []byte // the decision at the time, nil if there was none
	Woken      bool   // a wake-up was being handled, too; Revive sets it again
}

// Overdue is how long an issue has been due, of which a store knows since when it is due, be it put ahead of others.
func Overdue(since time.Duration) time.Duration {
	if since > -Ahead/2 {
		since += Ahead
	}
	return max(0, since)
}

// Stats is a store's load at one moment.
type Stats struct {
	Issues     int           // with waiting deliveries, leased ones included
	Deliveries int           // waiting
	Leased     int           // issues under a lease
	Dead       int           // dead letters
	Oldest     time.Duration // how long the most overdue issue has been due; 0 if none is
}

// Inbox is a durable store of mailboxes. All methods may be called at the same time, from several processes where the store allows
// it. Every method may return ErrUnavailable (wrapped).
type Inbox interface {
	// Accept remembers a delivery durably, or finds that it is a duplicate; both are successes. It remembers the delivery's project,
	// too. The issue becomes due
	// Delivery.Delay after the first delivery of its mailbox, or earlier if a later one says so; a mailbox in the delay of a Retry
	// stays delayed, one under a lease is due again after its release. ErrFull if the store was opened with a bound and as many
	// deliveries wait, of whatever issues; the waiting ones are never dropped, and a duplicate is a duplicate all the same.
	Accept(ctx context.Context, d Delivery) (Outcome, error)

	// Claim takes the most overdue issue under a lease. It waits up to wait for one (0 or less: it only looks) and then returns
	// nil, nil. If ctx ends while an issue is being leased, the batch is returned all the same, so that it can be released.
	Claim(ctx context.Context, wait time.Duration) (*Batch, error)

	// The next six need the lease. It is held until another Claim takes the issue, even if Until has passed: work that was
	// finished late counts as long as nobody began anew. Then it is ErrLeaseLost.

	// Holds checks that the lease is held, for whoever is about to do what cannot be taken back. ErrLeaseLost.
	Holds(ctx context.Context, b *Batch) error

	// Extend prolongs the lease from now and updates Until. ErrLeaseLost.
	Extend(ctx context.Context, b *Batch) error

	// Remember stores the issue's memory under the lease, which goes on: for a batch that changed something and cannot be finished
	// now. The memory is not nil. ErrLeaseLost.
	Remember(ctx context.Context, b *Batch, memory []byte) error

	// Done removes the batch's deliveries, stores the result and releases the lease. Deliveries that came meanwhile make the issue
	// due again at once. ErrLeaseLost.
	Done(ctx context.Context, b *Batch, r Result) error

	// Retry releases the lease and makes the issue due after delay, whatever else comes or wakes it. Everything stays in the
	// mailbox. ErrLeaseLost.
	Retry(ctx context.Context, b *Batch, delay time.Duration, cause string) error

	// Release gives a claimed issue back as if it had not been claimed: due at once, the attempt does not count. ErrLeaseLost.
	Release(ctx context.Context, b *Batch) error

	// Bury moves the batch's deliveries, and the wake-up if it was due, to the dead letters, keeps the issue's memory and releases
	// the lease. Deliveries that came meanwhile stay and are due at once, as attempt 1. A later letter of the same issue is added
	// to the earlier one, whose cause, attempts and record it replaces. ErrLeaseLost.
	Bury(ctx context.Context, b *Batch, cause string, record []byte) error

	// Records lists the issue's newest decisions first, at most limit.
	Records(ctx context.Context, issue triage.Ref, limit int) ([]Record, error)
	// Recent lists the newest decisions of all issues first, at most limit.
	Recent(ctx context.Context, limit int) ([]Record, error)

	// Dead lists the dead letters, the newest first, at most limit.
	Dead(ctx context.Context, limit int) ([]Letter, error)
	// Revive puts a dead letter back at the head of its issue's mailbox, due at once, as attempt 1; if the issue is being handled,
	// after that. ErrNotFound.
	Revive(ctx context.Context, issue triage.Ref) error
	// Drop forgets a dead letter. ErrNotFound.
	Drop(ctx context.Context, issue triage.Ref) error

	// Count counts a use, unless there were Limit of them in the Window before it, by the store's clock. The same use counts once
	// and keeps its answer: a retry is no second use. Refused uses do not count, so they do not prolong the refusal.
	Count(ctx context.Context, u Use) (Counted, error)

	// Turn gives one holder at a time, in the whole fleet, the turn for a named job, for as long as the lease from now on. The
	// same holder prolongs it. False if somebody else has it. A holder is one process: what starts anew has a new name.
	Turn(ctx context.Context, name, holder string, lease time.Duration) (bool, error)

	// Mark reads a small named value, such as how far a job has come. It is nil if there is none, or none was set in KeepMarks.
	Mark(ctx context.Context, name string) ([]byte, error)
	// SetMark sets it, at most MaxMark bytes. An empty value forgets it.
	SetMark(ctx context.Context, name string, value []byte) error

	// Take takes n tokens from a bucket if that leaves the Reserve, and returns 0. Else it takes none and returns how long it takes
	// until there are enough, if nobody else takes any.
	Take(ctx context.Context, b Bucket, n int) (time.Duration, error)
	// Level lowers what is in a bucket, for whoever knows better than the bucket. It never raises it.
	Level(ctx context.Context, name string, left int) error

	// Projects lists the projects that ever had a delivery stored, ids ascending.
	Projects(ctx context.Context) ([]int64, error)
	// Hear notes projects as if each just had a delivery stored: for whoever remembers what an emptied store forgot.
	Hear(ctx context.Context, projects []int64) error

	Stats(ctx context.Context) (Stats, error)
	// Ping checks that the store answers.
	Ping(ctx context.Context) error
	// Close waits for what is being written and closes the store. Calls after it return ErrUnavailable.
	Close() error
}
