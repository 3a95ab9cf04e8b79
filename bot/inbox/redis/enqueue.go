package redis

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/inbox"
)

// Deliveries that wait go into one script call, at most maxBatch of them, and at most senders calls are under way. Redis reads 16 KB from a
// connection, about so many of them, runs them, syncs its log and answers before it reads on: what is longer waits for several syncs,
// while several connections share one. And those who have their answers go on while Redis is busy with others. Together they cost Redis
// two thirds of what they cost one by one, because it begins a script, asks for the time and writes the shared indexes once.
const (
	maxBatch = 16
	senders  = 4
)

const touchedEvery = int64(inbox.TouchedEvery / time.Millisecond)

// Enqueue implements inbox.Inbox. If its answer was lost, the delivery may be stored: a repeat then finds a duplicate, which is as good.
func (s *Store) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("accepting a delivery: %w", err)
	}
	issue := d.Issue.String()
	call := &enqueueCall{
		ctx:     ctx,
		dedup:   [...]string{s.keys.idempotency(d.IdempotencyKey), s.keys.content(d.ContentKey), s.keys.touched(d.Issue.Project)},
		mailbox: [...]string{s.keys.mailbox(issue), s.keys.deliveries(issue)},
		args: [...]any{
			issue, strconv.Itoa(len(d.ID)) + " " + d.ID + string(d.Body), d.Delay.Milliseconds(),
			keep(d.IdempotencyKey, inbox.KeepIdempotencyKeys), keep(d.ContentKey, inbox.KeepContentKeys),
		},
		done: make(chan struct{}),
	}
	doing := "accepting a delivery of " + d.Issue.String()
	switch result, err := s.enqueuer.do(call); {
	case err != nil:
		return "", failed(doing, err)
	case result < 0:
		return "", fmt.Errorf("%s: %d wait: %w", doing, s.max, inbox.ErrFull)
	case result == 0:
		return inbox.Duplicate, nil
	}
	s.notifier.Notify()
	return inbox.Stored, nil
}

// keep is how long a key suppresses repeats, in milliseconds: not at all if it is empty.
func keep(key string, long time.Duration) int64 {
	if key == "" {
		return 0
	}
	return long.Milliseconds()
}

// enqueuer sends what waits: a few goroutines, each with one script call at a time. While its answer is on the way, the next calls
// gather.
type enqueuer struct {
	run     func(ctx context.Context, calls []*enqueueCall) (reply, error)
	calls   chan *enqueueCall // unbuffered: what was taken is answered, what was not is refused by its own caller
	closing chan struct{}
	sending sync.WaitGroup
}

// enqueueCall is one Enqueue on its way, with its part of the script's keys and arguments. The result may be read after done is closed.
type enqueueCall struct {
	ctx     context.Context //nolint:containedctx // it travels with the call to a sender, which drops calls nobody waits for
	dedup   [3]string
	mailbox [2]string
	args    [5]any
	done    chan struct{}
	result  int64
	err     error
}

func startEnqueuer(s *Store) *enqueuer {
	e := &enqueuer{
		run: s.runEnqueue, calls: make(chan *enqueueCall), closing: make(chan struct{}),
	}
	for range senders {
		e.sending.Go(e.loop)
	}
	return e
}

// runEnqueue makes one script call.
func (s *Store) runEnqueue(ctx context.Context, calls []*enqueueCall) (reply, error) {
	keys := make([]string, 0, 4+5*len(calls))
	args := make([]any, 0, 4+5*len(calls))
	keys = append(keys, s.keys.due(), s.keys.waiting(), s.keys.numbers(), s.keys.projects())
	args = append(args, s.clock(), s.max, touchedEvery, inbox.MaxProjects)
	for _, c := range calls {
		keys, args = append(keys, c.dedup[:]...), append(args, c.args[:]...)
	}
	for _, c := range calls {
		keys = append(keys, c.mailbox[:]...)
	}
	result, err := s.call(ctx, enqueueScript, keys, args...)
	results, _ := result.([]any)
	return results, err
}

// stop waits for the calls under way and ends the senders.
func (e *enqueuer) stop() {
	close(e.closing)
	e.sending.Wait()
}

// do returns the result of the script.
func (e *enqueuer) do(c *enqueueCall) (int64, error) {
	select {
	case e.calls <- c:
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	case <-e.closing:
		return 0, goredis.ErrClosed
	}
	select {
	case <-c.done:
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	}
	return c.result, c.err
}

func (e *enqueuer) loop() {
	for {
		select {
		case c := <-e.calls:
			e.send(e.gather(c))
		case <-e.closing:
			return
		}
	}
}

// gather adds the calls that wait already.
func (e *enqueuer) gather(first *enqueueCall) []*enqueueCall {
	group := []*enqueueCall{first}
	for len(group) < maxBatch {
		select {
		case c := <-e.calls:
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// send makes one script call for those that somebody still waits for.
func (e *enqueuer) send(group []*enqueueCall) {
	// Every exchange has its own timeouts; this bounds the wait for a connection on top of them.
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout+2*ioTimeout)
	defer cancel()
	alive := group[:0:0]
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err == nil {
			alive = append(alive, c)
		}
	}
	if len(alive) > 0 {
		results, err := e.run(ctx, alive)
		for i, c := range alive {
			c.result, c.err = results.number(i), err
		}
	}
	for _, c := range group {
		close(c.done)
	}
}
