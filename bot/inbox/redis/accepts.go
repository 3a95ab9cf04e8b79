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

// Accepts that wait go into one pipeline, at most together of them, and at most senders pipelines are under way. Redis reads 16 KB from
// a connection, about so many accepts, runs them, syncs its log and answers before it reads on: a longer pipeline waits for several
// syncs, while several connections share one. And those who have their answers go on while Redis is busy with others.
const (
	together = 16
	senders  = 4
)

const heardEvery = int64(inbox.HeardEvery / time.Millisecond)

// Accept implements inbox.Inbox. If its answer was lost, the delivery may be stored: a repeat then finds a duplicate, which is as good.
func (s *Store) Accept(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("accepting a delivery: %w", err)
	}
	issue := issueName(d.Issue)
	call := &acceptCall{
		ctx: ctx,
		keys: []string{
			s.keys.key(d.Key), s.keys.meaning(d.Meaning), s.keys.box(issue), s.keys.mail(issue),
			s.keys.due(), s.keys.waiting(), s.keys.numbers(), s.keys.projects(), s.keys.heard(d.Issue.Project),
		},
		args: []any{
			s.clockOffset(), issue, strconv.Itoa(len(d.ID)) + " " + d.ID + string(d.Body), millis(d.Delay),
			keep(d.Key, inbox.KeepKeys), keep(d.Meaning, inbox.KeepMeanings),
			s.max, heardEvery, inbox.MaxProjects,
		},
		done: make(chan struct{}),
	}
	doing := "accepting a delivery of " + d.Issue.String()
	switch result, err := s.accepts.do(call); {
	case err != nil:
		return "", failed(doing, err)
	case result < 0:
		return "", fmt.Errorf("%s: %d wait: %w", doing, s.max, inbox.ErrFull)
	case result == 0:
		return inbox.Duplicate, nil
	}
	s.bell.Ring()
	return inbox.Stored, nil
}

// keep is how long a key suppresses repeats, in milliseconds: not at all if it is empty.
func keep(key string, long time.Duration) int64 {
	if key == "" {
		return 0
	}
	return long.Milliseconds()
}

// accepts sends what waits in pipelines: a few goroutines, each with one pipeline at a time. While their answers are on the way, the
// next calls gather.
type accepts struct {
	client  goredis.UniversalClient
	calls   chan *acceptCall // unbuffered: what was taken is answered, what was not is refused by its own caller
	closing chan struct{}
	sending sync.WaitGroup
}

// acceptCall is one Accept on its way. The result may be read after done is closed.
type acceptCall struct {
	ctx    context.Context //nolint:containedctx // it travels with the call to a sender, which drops calls nobody waits for
	keys   []string
	args   []any
	done   chan struct{}
	result *goredis.Cmd
	err    error
}

func startAccepts(client goredis.UniversalClient) *accepts {
	a := &accepts{
		client: client, calls: make(chan *acceptCall), closing: make(chan struct{}),
	}
	for range senders {
		a.sending.Go(a.loop)
	}
	return a
}

// stop waits for the pipelines under way and ends the senders.
func (a *accepts) stop() {
	close(a.closing)
	a.sending.Wait()
}

// do returns the result of the script.
func (a *accepts) do(c *acceptCall) (int, error) {
	select {
	case a.calls <- c:
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	case <-a.closing:
		return 0, goredis.ErrClosed
	}
	select {
	case <-c.done:
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	}
	if c.err != nil {
		return 0, c.err
	}
	return c.result.Int()
}

func (a *accepts) loop() {
	for {
		select {
		case c := <-a.calls:
			a.send(a.gather(c))
		case <-a.closing:
			return
		}
	}
}

// gather adds the calls that wait already.
func (a *accepts) gather(first *acceptCall) []*acceptCall {
	group := []*acceptCall{first}
	for len(group) < together {
		select {
		case c := <-a.calls:
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// send sends the calls by the script's hash and, if the server does not know it (any more), those that failed for it by its text.
func (a *accepts) send(group []*acceptCall) {
	// Every exchange has its own timeouts; this bounds the wait for a connection on top of them.
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout+2*ioTimeout)
	defer cancel()
	alive := group[:0:0]
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err == nil {
			alive = append(alive, c)
		}
	}
	a.pipe(ctx, alive, acceptScript.Hash(), goredis.Pipeliner.EvalSha)
	var unknown []*acceptCall
	for _, c := range alive {
		if goredis.HasErrorPrefix(c.result.Err(), "NOSCRIPT") {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) > 0 {
		a.pipe(ctx, unknown, sharedLua+acceptLua, goredis.Pipeliner.Eval)
	}
	for _, c := range group {
		close(c.done)
	}
}

// evaluate is Pipeliner.Eval or Pipeliner.EvalSha.
type evaluate func(p goredis.Pipeliner, ctx context.Context, script string, keys []string, args ...any) *goredis.Cmd

// pipe sends the calls together. Every call's result has its own error.
func (a *accepts) pipe(ctx context.Context, calls []*acceptCall, script string, eval evaluate) {
	pipe := a.client.Pipeline()
	for _, c := range calls {
		c.result = eval(pipe, ctx, script, c.keys, c.args...)
	}
	_, _ = pipe.Exec(ctx) // the first of the calls' errors
}
