package faults_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"flowkeeper/bot/sandbox"
)

// trouble makes things go wrong, one after the other, as the dice fall. Everything happens on the test's goroutine.
type trouble struct {
	*rig
	dice *rand.Rand
	done map[string]int
	ends []func() // give back what faults hold
}

// kind is one kind of trouble and how often it comes.
type kind struct {
	name  string
	often int
	make  func(*trouble, context.Context) bool // false if it could not be made now
}

func kinds() []kind {
	return []kind{
		{"redis emptied between events", 2, (*trouble).emptyRedis},
		{"bot killed with kill -9", 8, (*trouble).killBot},
		{"all bots killed at once", 2, (*trouble).killAll},
		{"number of replicas changed", 3, (*trouble).scale},
		{"redis killed and restarted", 3, (*trouble).killRedis},
		{"redis frozen", 2, (*trouble).freezeRedis},
		{"gitlab answers 429", 2, fails(sandbox.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})},
		{"gitlab answers 500", 4, fails(sandbox.Fault{Status: http.StatusInternalServerError})},
		{"gitlab answers 502", 4, fails(sandbox.Fault{Status: http.StatusBadGateway})},
		{"gitlab breaks off before", 6, fails(sandbox.Fault{CutBefore: true})},
		{"gitlab breaks off after", 8, fails(sandbox.Fault{ApplyThenCut: true})},
		{"gitlab is slow", 4, (*trouble).slow},
	}
}

// run makes trouble until the plays or the time are over, then lets everything be well again. Each kind comes once before the dice decide;
// the emptied Redis first, while little waits for a next try.
func (x *trouble) run(ctx context.Context, s size, over <-chan struct{}) {
	x.road.weather(true)
	defer x.calm()
	ctx, cancel := context.WithTimeout(ctx, s.trouble)
	defer cancel()
	all := kinds()
	if s.emptied {
		all = append(all, kind{"redis emptied in full work", 1, (*trouble).emptyInWork})
	}
	first := append([]kind{}, all...)
	x.dice.Shuffle(len(first)-1, func(a, b int) { first[a+1], first[b+1] = first[b+1], first[a+1] })
	x.wait(ctx, 300*time.Millisecond, 600*time.Millisecond)
	for {
		select {
		case <-over:
			return
		case <-ctx.Done():
			return
		default:
		}
		k := x.pick(all)
		if len(first) > 0 {
			k, first = first[0], first[1:]
		}
		if k.make(x, ctx) {
			x.done[k.name]++
		}
		x.wait(ctx, s.rest/2, s.rest)
	}
}

func (x *trouble) pick(all []kind) kind {
	sum := 0
	for _, k := range all {
		sum += k.often
	}
	n := x.dice.IntN(sum)
	for _, k := range all {
		if n -= k.often; n < 0 {
			return k
		}
	}
	return all[0]
}

func (x *trouble) wait(ctx context.Context, least, most time.Duration) {
	pause(ctx, least+time.Duration(x.dice.Int64N(int64(most-least))))
}

// calm ends all that goes wrong.
func (x *trouble) calm() {
	x.road.weather(false)
	x.lab.ClearFaults()
	for _, end := range x.ends {
		end()
	}
	x.ends = nil
	for _, r := range x.replicas {
		r.start()
	}
}

func (x *trouble) killBot(context.Context) bool {
	running := x.running()
	running[x.dice.IntN(len(running))].kill(true)
	return true
}

func (x *trouble) killAll(context.Context) bool {
	for _, r := range x.running() {
		r.kill(true)
	}
	return true
}

// scale starts or stops a replica; one always runs.
func (x *trouble) scale(context.Context) bool {
	r := x.replicas[x.dice.IntN(len(x.replicas))]
	switch {
	case !r.runs():
		r.start()
	case len(x.running()) > 1:
		r.stop()
	default:
		return false
	}
	return true
}

func (x *trouble) running() []*replica {
	var all []*replica
	for _, r := range x.replicas {
		if r.runs() {
			all = append(all, r)
		}
	}
	return all
}

func (x *trouble) killRedis(ctx context.Context) bool {
	x.redis.Kill()
	x.wait(ctx, 50*time.Millisecond, time.Second)
	x.redis.Restart()
	return true
}

func (x *trouble) freezeRedis(ctx context.Context) bool {
	x.redis.Stop()
	x.wait(ctx, 100*time.Millisecond, 1500*time.Millisecond)
	x.redis.Continue()
	return true
}

// emptyRedis empties Redis between two events: people and the road stand still and the mailboxes are empty, but the issues are in the
// middle of their stories.
func (x *trouble) emptyRedis(ctx context.Context) bool {
	x.gate.Lock()
	defer x.gate.Unlock()
	x.lab.ClearFaults()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := x.settle(ctx); err != nil {
		return false
	}
	x.redis.Flush()
	return true
}

// emptyInWork empties Redis whatever it holds. What was accepted and not handled is lost with it; the sweep finds it, wherever a replica
// remembers the project.
func (x *trouble) emptyInWork(context.Context) bool {
	x.redis.Flush()
	return true
}

// targets are the requests that faults hit; "" is any.
var targets = []string{"", "", "PUT issue", "POST note", "PUT note", "POST issue", "POST link", "POST award", "POST reply", "GET issue", "GET notes"}

func (x *trouble) target(f sandbox.Fault) sandbox.Fault {
	f.Match = targets[x.dice.IntN(len(targets))]
	f.Times = 1 + x.dice.IntN(3)
	return f
}

func fails(f sandbox.Fault) func(*trouble, context.Context) bool {
	return func(x *trouble, _ context.Context) bool {
		x.lab.Next(x.target(f))
		return true
	}
}

func (x *trouble) slow(context.Context) bool {
	late := make(chan struct{})
	timer := time.AfterFunc(time.Duration(x.dice.Int64N(int64(3*time.Second))), func() { close(late) })
	x.ends = append(x.ends, func() {
		if timer.Stop() {
			close(late)
		}
	})
	x.lab.Next(x.target(sandbox.Fault{Wait: late}))
	return true
}
