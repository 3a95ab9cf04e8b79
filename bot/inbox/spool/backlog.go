package spool

import (
	"time"

	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/rules/triage"
)

// backlog is what is known in memory of the spool's content: a queue for every issue with deliveries in the file, or on their way into it.
// The deliveries are in the file alone. It has no lock of its own: Spool.mu guards it.
type backlog struct {
	queues     map[triage.Ref]*issueQueue
	ready      fifo // to be drained
	backingOff fifo // that failed: ready again at their time

	waiting int             // deliveries in the file that the inbox does not have
	held    int             // deliveries that take room: on their way into the file, waiting, or moved on
	bytes   int64           // of those in held
	full    bool            // one was refused, and nothing was removed since
	moved   map[int64]moved // deliveries that the inbox has and that are yet to be removed from the file, by their numbers
}

// issueQueue is one issue's deliveries. It is out of the backlog as soon as it is empty: then the next delivery may go directly.
type issueQueue struct {
	issue   triage.Ref
	waiting int // in the file. For a moment -1 if the drain was quicker than who learns that the delivery is in the file
	writing int // on the way into it
	place   place
	ended   chan struct{} // closed at the end of the turn; while draining
	probe   bool          // drained to find out whether the inbox answers
	until   time.Time     // when a queue that backs off is ready again

	failed error // why the last turn ended before the queue was empty
	logged bool  // that this queue fails while others do not
}

// place is where a queue is.
type place int

const (
	idle       place = iota // nothing of it is in the file yet
	ready                   // in backlog.ready
	backingOff              // in backlog.backingOff
	draining
)

// fifo is queues in the order in which they joined it.
type fifo []*issueQueue

func (f *fifo) add(q *issueQueue) { *f = append(*f, q) }

// first takes the first one away. What is added later moves the rest to the front of a new array, now and then.
func (f *fifo) first() *issueQueue {
	q := (*f)[0]
	(*f)[0] = nil
	*f = (*f)[1:]
	return q
}

// moved is a delivery that the inbox has.
type moved struct {
	issue triage.Ref
	size  int
}

// newBacklog begins with what an earlier process left.
func newBacklog(left []sqlite.Backlog) backlog {
	b := backlog{queues: map[triage.Ref]*issueQueue{}, moved: map[int64]moved{}}
	for _, l := range left {
		q := b.queue(l.Issue)
		q.waiting, q.place = l.Deliveries, ready
		b.ready.add(q)
		b.waiting += l.Deliveries
		b.held += l.Deliveries
		b.bytes += l.Bytes
	}
	return b
}

// queue is the issue's, a new one if there is none.
func (b *backlog) queue(issue triage.Ref) *issueQueue {
	q := b.queues[issue]
	if q == nil {
		q = &issueQueue{issue: issue}
		b.queues[issue] = q
	}
	return q
}

// reserve makes room for a delivery on its way into the file.
func (b *backlog) reserve(issue triage.Ref, size int) *issueQueue {
	b.held++
	b.bytes += int64(size)
	q := b.queue(issue)
	q.writing++
	return q
}

// settle says whether a reserved delivery is in the file now.
func (b *backlog) settle(q *issueQueue, size int, stored bool) {
	q.writing--
	if stored {
		q.waiting++
		b.waiting++
		if q.place == idle && q.waiting > 0 {
			q.place = ready
			b.ready.add(q)
		}
	} else {
		b.free(size)
	}
	b.tidy(q)
}

// free says that a delivery takes no room any more.
func (b *backlog) free(size int) {
	b.held--
	b.bytes -= int64(size)
	b.full = false
}

// drop takes deliveries out of a queue.
func (b *backlog) drop(q *issueQueue, n int) {
	q.waiting -= n
	b.waiting -= n
}

// take takes the next queue out to be drained; nil if none is ready.
func (b *backlog) take(now time.Time) *issueQueue {
	for len(b.backingOff) > 0 && !b.backingOff[0].until.After(now) {
		b.wake()
	}
	if len(b.ready) == 0 {
		return nil
	}
	q := b.ready.first()
	q.place, q.ended = draining, make(chan struct{})
	return q
}

// probe takes a queue out although it may be backing off: somebody has to find out whether the inbox answers.
func (b *backlog) probe(now time.Time) *issueQueue {
	if len(b.ready) == 0 && len(b.backingOff) > 0 {
		b.wake()
	}
	return b.take(now)
}

// wake makes the queue that backs off for longest ready.
func (b *backlog) wake() {
	q := b.backingOff.first()
	q.place = ready
	b.ready.add(q)
}

// next is when the next queue that backs off is ready; zero if none does.
func (b *backlog) next() time.Time {
	if len(b.backingOff) == 0 {
		return time.Time{}
	}
	return b.backingOff[0].until
}

// backOff ends the turn of a queue that failed.
func (b *backlog) backOff(q *issueQueue, until time.Time, cause error) {
	q.failed, q.until, q.place = cause, until, backingOff
	b.backingOff.add(q)
	close(q.ended)
}

// back ends the turn of a queue that may go on, or is empty.
func (b *backlog) back(q *issueQueue) {
	q.place = idle
	if q.waiting > 0 {
		q.place = ready
		b.ready.add(q)
	}
	close(q.ended)
	b.tidy(q)
}

// tidy drops a queue that is empty.
func (b *backlog) tidy(q *issueQueue) {
	if q.waiting == 0 && q.writing == 0 && q.place != draining {
		delete(b.queues, q.issue)
	}
}
