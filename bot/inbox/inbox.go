// Package inbox keeps the promise "never lost": a delivery that was enqueued stays in the mailbox of its issue until a worker has
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
	// ErrLeaseLost says that the batch's lease ran out and another worker may have the issue. Nothing was written.
	ErrLeaseLost = errors.New("the lease on the issue was lost")
	// ErrUnavailable says that the store does not answer or cannot write; the same call may succeed later. The failed call may
	// have been written nevertheless; it is safe to repeat.
	ErrUnavailable = errors.New("the inbox store is unavailable")
	// ErrFull says that as many deliveries wait as the store may hold. Nothing was stored. It is not ErrUnavailable, because trying again
	// at once does not help.
	ErrFull = errors.New("the inbox is full: the bot is behind, its log and metrics say why " +
		"(GitLab away or refusing, or too few workers)")
	// ErrNotFound says that there is no such dead letter.
	ErrNotFound = errors.New("not in the inbox")
)

// Delivery is one event to be stored for an issue.
type Delivery struct {
	ID    string     // for people and logs; may be empty
	Issue triage.Ref // whose mailbox it goes to

	// IdempotencyKey names the delivery: a second one with the same key within KeepIdempotencyKeys is a duplicate. ContentKey names what it
	// says: a group hook and a project hook that report one change deliver the same key, and the second is a duplicate within KeepContentKeys.
	// Empty keys never match.
	IdempotencyKey string
	ContentKey     string

	Delay time.Duration // how long the issue may wait for more of the burst; 0 is at once, Priority before all others
	Body  []byte        // the reduced event, a few hundred bytes
}

// Priority is the Delay of a delivery that somebody waits for: its issue is claimed before all that are due by their time.
const Priority = -10 * 365 * 24 * time.Hour

// Validate says what is wrong with a delivery that no store can take.
func (d Delivery) Validate() error {
	if !d.Issue.Names() {
		return fmt.Errorf("delivery %q names no issue or merge request: project id and number must be above 0, got %s", d.ID, d.Issue)
	}
	if d.Delay < 0 && d.Delay != Priority {
		return fmt.Errorf("delivery %q of %s has the delay %s: it must be 0 or above, or Priority", d.ID, d.Issue, d.Delay)
	}
	return nil
}

// How long keys suppress repeats: the same delivery for as long as GitLab can resend it, the same content from two hooks for as long as one may
// arrive after the other.
const (
	KeepIdempotencyKeys = 7 * 24 * time.Hour
	KeepContentKeys     = 10 * time.Minute
	// KeepMemory is how long the memory of an issue is kept after its last handling. It can be restored from GitLab.
	KeepMemory = 90 * 24 * time.Hour
	// RecordsPerIssue and RecordsOverall bound what is kept for explanations; the oldest go first.
	RecordsPerIssue = 20
	RecordsOverall  = 10_000
	// MaxProjects is how many projects are remembered; the one that has been silent for the longest goes first. TouchedEvery is how
	// exactly that is known.
	MaxProjects  = 20_000
	TouchedEvery = time.Hour
)

// Outcome is what Enqueue did with a delivery.
type Outcome string

// The outcomes of Enqueue.
const (
	Stored    Outcome = "stored"
	Duplicate Outcome = "duplicate"
)

// Batch is one issue's waiting deliveries under a lease. Attempt counts from 1 and starts again after Complete. Above 1 the batch was
// claimed before and its effects are unknown. Whoever holds a batch ends it with exactly one of Complete, Retry, Requeue and DeadLetter.
type Batch struct {
	Issue          triage.Ref
	Deliveries     []Message // oldest first; none if the issue was only woken
	Memory         []byte    // nil if there is none
	Attempt        int
	Abandoned      bool      // whoever held it before let its lease run out: what that one was writing may still be on its way
	LastError      string    // the cause given with the last Retry
	FencingToken   int64     // grows with every claim of the issue, so that writes under an old lease are refused
	LeaseUntil     time.Time // when the lease runs out, by the store's clock
	Woken          bool      // the wake-up that the last Complete set is due
	StoreCreatedAt time.Time // by the store's clock: what happened before, it may have forgotten; zero is long ago
}

// Message is a stored delivery: its body, its place in the mailbox and the time it was enqueued, by the store's clock in milliseconds.
type Message struct {
	Seq        int64 // grows with every delivery that the store takes
	ID         string
	EnqueuedAt time.Time
	Body       []byte
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

// DeadLetter is a batch that could not be handled. It keeps everything needed to try again.
type DeadLetter struct {
	Issue      triage.Ref
	DeadSince  time.Time
	Cause      string
	Attempts   int
	Deliveries []Message
	Record     []byte // the decision at the time, nil if there was none
	Woken      bool   // a wake-up was being handled, too; Redrive sets it again
}

// Overdue is how long an issue has been due. since is that time by the store, which counts an issue with Priority from Priority on.
func Overdue(since time.Duration) time.Duration {
	if since > -Priority/2 {
		since += Priority
	}
	return max(0, since)
}

// Stats is a store's load at one moment.
type Stats struct {
	Issues      int           // with waiting deliveries, leased ones included
	Deliveries  int           // waiting
	Leased      int           // issues under a lease
	DeadLetters int           // dead letters
	Oldest      time.Duration // how long the most overdue issue has been due; 0 if none is
}

// Inbox is a durable store of mailboxes. All methods may be called at the same time, from several processes where the store allows
// it. Every method may return ErrUnavailable (wrapped).
type Inbox interface {
	// Enqueue stores a delivery durably, or finds that it is a duplicate; both are successes. It notes the delivery's project, too. The issue
	// becomes due Delivery.Delay after the first delivery of its mailbox, or earlier if a later one says so. A mailbox that waits after Retry
	// stays delayed; one under a lease is due again after its release. ErrFull if the store was opened with a bound and as many deliveries
	// wait, of whatever issues: the waiting ones are never dropped, and a duplicate is still found to be one.
	Enqueue(ctx context.Context, d Delivery) (Outcome, error)

	// Claim takes the most overdue issue under a lease. It waits up to wait for one (0 or less: it only looks) and then returns
	// nil, nil. If ctx ends while an issue is being leased, the batch is returned nevertheless, so that it can be released.
	Claim(ctx context.Context, wait time.Duration) (*Batch, error)

	// The next seven need the lease and return ErrLeaseLost without it. The lease is held until another Claim takes the issue, even if
	// LeaseUntil has passed: work that was finished late counts as long as nobody has begun anew.

	// CheckLease checks that the lease is still held, for a caller about to do what cannot be undone.
	CheckLease(ctx context.Context, b *Batch) error

	// Extend prolongs the lease from now and updates LeaseUntil.
	Extend(ctx context.Context, b *Batch) error

	// SaveMemory stores the issue's memory and keeps the lease: for a batch that changed something and cannot be finished now. The memory
	// is not nil.
	SaveMemory(ctx context.Context, b *Batch, memory []byte) error

	// Complete removes the batch's deliveries, stores the result and releases the lease. Deliveries that came meanwhile make the issue
	// due again at once.
	Complete(ctx context.Context, b *Batch, r Result) error

	// Retry releases the lease and makes the issue due after delay, whatever else arrives or wakes it. Everything stays in the mailbox.
	Retry(ctx context.Context, b *Batch, delay time.Duration, cause string) error

	// Requeue gives a claimed issue back as if it had not been claimed: it is due at once and the attempt does not count.
	Requeue(ctx context.Context, b *Batch) error

	// DeadLetter moves the batch's deliveries, and the wake-up if it was due, to the dead letters, keeps the issue's memory and releases
	// the lease. Deliveries that came meanwhile stay and are due at once, as attempt 1. A later dead letter of the same
	// issue is added to the earlier one and replaces its cause, attempts and record.
	DeadLetter(ctx context.Context, b *Batch, cause string, record []byte) error

	// Memories are the memories of some issues, in their order; nil of an issue without one. Nobody's lease matters: what a worker has not stored
	// yet is not seen. A few hundred issues at a time, please.
	Memories(ctx context.Context, issues []triage.Ref) ([][]byte, error)

	// Records lists the issue's newest decisions first, at most limit.
	Records(ctx context.Context, issue triage.Ref, limit int) ([]Record, error)
	// RecentRecords lists the newest decisions of all issues first, at most limit.
	RecentRecords(ctx context.Context, limit int) ([]Record, error)

	// DeadLetters lists the dead letters, the newest first, at most limit.
	DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error)
	// Redrive puts a dead letter back at the head of its issue's mailbox, due at once, as attempt 1. If a worker holds the issue, it is due
	// when that has finished. ErrNotFound.
	Redrive(ctx context.Context, issue triage.Ref) error
	// DropDeadLetter deletes a dead letter. ErrNotFound.
	DropDeadLetter(ctx context.Context, issue triage.Ref) error

	Stats(ctx context.Context) (Stats, error)
	// Ping checks that the store answers.
	Ping(ctx context.Context) error
	// Close waits for what is being written and closes the store. Calls after it return ErrUnavailable.
	Close() error
}
