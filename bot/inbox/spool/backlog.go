package spool

import (
	"time"

	"flowkeeper/rules/triage"
)

// backlog is what is known in memory of the spool's content: for every issue with deliveries in the file, or on their way into it, a
// lane. The bodies are in the file alone. It has no lock of its own: Spool.mu guards it.
type backlog struct {
	lanes   map[triage.Ref]*lane
	keys    map[string]*write // of all deliveries in lanes
	ready   line              // to be drained
	resting line              // that failed: ready again at their time
	next    uint64            // number of the next delivery

	waiting int   // deliveries in lanes that are in the file
	held    int   // deliveries that take room: in the file, delivered ones that are yet to be removed included, and on the way into it
	bytes   int64 // of the deliveries in held
}

// lane is one issue's deliveries. It is out of the backlog as soon as it is empty: then the next delivery may go straight.
type lane struct {
	issue   triage.Ref
	entries []entry // in the file, oldest first
	writing int     // on the way into the file
	place   place
	ended   chan struct{} // closed at the end of the turn; while out
	probe   bool          // out to find out whether the inbox answers
	until   time.Time     // when a resting lane is ready again

	failed error // why the last turn ended before the lane was empty
	told   bool  // that this lane fails while others do not
}

// place is where a lane is.
type place int

const (
	idle    place = iota // nothing of it is in the file yet
	ready                // in backlog.ready
	resting              // in backlog.resting
	out                  // being drained
)

// line is lanes in the order in which they joined it.
type line []*lane

func (q *line) add(l *lane) { *q = append(*q, l) }

// first takes the first one away. What is added later moves the rest to the front of a new array, now and then.
func (q *line) first() *lane {
	l := (*q)[0]
	(*q)[0] = nil
	*q = (*q)[1:]
	return l
}

// entry is a delivery in the file.
type entry struct {
	seq  uint64
	size int // of its record, in bytes
	key  string
}

// write is a delivery on its way into the file. Its err may be read after done is closed.
type write struct {
	lane  *lane
	entry entry
	raw   []byte
	done  chan struct{}
	err   error
}

func newBacklog() backlog {
	return backlog{lanes: map[triage.Ref]*lane{}, keys: map[string]*write{}, next: 1}
}

// lane is the issue's, a new one if there is none.
func (b *backlog) lane(issue triage.Ref) *lane {
	l := b.lanes[issue]
	if l == nil {
		l = &lane{issue: issue}
		b.lanes[issue] = l
	}
	return l
}

// load takes over what an earlier process left, in the order of the numbers.
func (b *backlog) load(left []left) {
	durable := &write{done: make(chan struct{})}
	close(durable.done)
	for _, e := range left {
		l := b.lane(e.issue)
		b.keys[e.key] = durable
		b.held++
		b.bytes += int64(e.size)
		b.next = max(b.next, e.seq+1)
		b.arrived(l, e.entry)
	}
}

// reserve makes room for a delivery and gives it its number.
func (b *backlog) reserve(issue triage.Ref, key string, raw []byte) *write {
	w := &write{
		lane: b.lane(issue), entry: entry{seq: b.next, size: len(raw), key: key}, raw: raw, done: make(chan struct{}),
	}
	b.next++
	b.held++
	b.bytes += int64(len(raw))
	b.keys[key] = w
	w.lane.writing++
	return w
}

// settle says what became of a reserved delivery.
func (b *backlog) settle(w *write, err error) {
	w.lane.writing--
	w.raw, w.err = nil, err
	if err == nil {
		b.arrived(w.lane, w.entry)
		return
	}
	delete(b.keys, w.entry.key)
	b.removed(w.entry)
	b.tidy(w.lane)
}

// arrived adds a delivery that is in the file now.
func (b *backlog) arrived(l *lane, e entry) {
	l.entries = append(l.entries, e)
	b.waiting++
	if l.place == idle {
		l.place = ready
		b.ready.add(l)
	}
}

// drop takes the lane's oldest delivery away. It takes room until it is removed from the file.
func (b *backlog) drop(l *lane) {
	delete(b.keys, l.entries[0].key)
	l.entries = l.entries[1:]
	b.waiting--
}

// removed says that a delivery is not in the file (any more).
func (b *backlog) removed(e entry) {
	b.held--
	b.bytes -= int64(e.size)
}

// take takes the next lane out; nil if none is ready.
func (b *backlog) take(now time.Time) *lane {
	for len(b.resting) > 0 && !b.resting[0].until.After(now) {
		b.wake()
	}
	if len(b.ready) == 0 {
		return nil
	}
	l := b.ready.first()
	l.place, l.ended = out, make(chan struct{})
	return l
}

// probe takes a lane out although it may be resting: somebody has to find out whether the inbox answers.
func (b *backlog) probe(now time.Time) *lane {
	if len(b.ready) == 0 && len(b.resting) > 0 {
		b.wake()
	}
	return b.take(now)
}

// wake makes the lane that rested longest ready.
func (b *backlog) wake() {
	l := b.resting.first()
	l.place = ready
	b.ready.add(l)
}

// rested is when the next resting lane is ready; zero if none rests.
func (b *backlog) rested() time.Time {
	if len(b.resting) == 0 {
		return time.Time{}
	}
	return b.resting[0].until
}

// rest ends the turn of a lane that failed.
func (b *backlog) rest(l *lane, until time.Time, cause error) {
	l.failed, l.until, l.place = cause, until, resting
	b.resting.add(l)
	close(l.ended)
}

// back ends the turn of a lane that may go on, or is empty.
func (b *backlog) back(l *lane) {
	l.place = idle
	if len(l.entries) > 0 {
		l.place = ready
		b.ready.add(l)
	}
	close(l.ended)
	b.tidy(l)
}

// tidy drops a lane that is empty.
func (b *backlog) tidy(l *lane) {
	if len(l.entries) == 0 && l.writing == 0 && l.place != out {
		delete(b.lanes, l.issue)
	}
}
