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

	waiting int   // deliveries in the file that the inbox does not have
	held    int   // deliveries that take room: on their way into the file, waiting, or moved on
	bytes   int64 // of those in held
	full    bool  // one was refused, and nothing was removed since

	moved map[triage.Ref]moved // by issue, what the inbox has and is yet to be removed from the file
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

// moved is an issue's deliveries that the inbox has: all up to the last one.
type moved struct {
	last  int64 // its number
	n     int
	bytes int64
}

// newBacklog begins with what an earlier process left.
func newBacklog(left []sqlite.Backlog) backlog {
	b := backlog{queues: map[triage.Ref]*issueQueue{}, moved: map[triage.Ref]moved{}}
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
		b.free(1, int64(size))
	}
	b.tidy(q)
}

// free says that deliveries take no room any more.
func (b *backlog) free(n int, bytes int64) {
	b.held -= n
	b.bytes -= bytes
	b.full = false
}

// drop takes deliveries out of a queue.
func (b *backlog) drop(q *issueQueue, n int) {
	q.waiting -= n
	b.waiting -= n
}

// move says that the inbox has the oldest delivery of a queue.
func (b *backlog) move(q *issueQueue, number int64, size int) {
	b.drop(q, 1)
	m := b.moved[q.issue]
	b.moved[q.issue] = moved{last: number, n: m.n + 1, bytes: m.bytes + int64(size)}
}

// removed says that what had moved is not in the file any more. More may have moved meanwhile.
func (b *backlog) removed(issue triage.Ref, gone moved) {
	b.free(gone.n, gone.bytes)
	m := b.moved[issue]
	m.n, m.bytes = m.n-gone.n, m.bytes-gone.bytes
	b.moved[issue] = m
	if m.n == 0 {
		delete(b.moved, issue)
	}
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
