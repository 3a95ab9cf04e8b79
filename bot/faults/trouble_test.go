package faults_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sleep"
)

// trouble makes things go wrong, one after the other, as the dice fall. Everything happens on the test's goroutine.
type trouble struct {
	*rig
	kinds []kind
	dice  *rand.Rand
	done  map[string]int
	ends  []func() // give back what faults hold
}

// kind is one kind of trouble and how often it comes.
type kind struct {
	name  string
	often int
	make  func(*trouble, context.Context) bool // false if it could not be made now
}

// gitlabTrouble is what goes wrong wherever the bot runs.
func gitlabTrouble() []kind {
	return []kind{
		{"gitlab answers 429", 2, fails(sandbox.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})},
		{"gitlab answers 500", 4, fails(sandbox.Fault{Status: http.StatusInternalServerError})},
		{"gitlab answers 502", 4, fails(sandbox.Fault{Status: http.StatusBadGateway})},
		{"gitlab breaks off before", 6, fails(sandbox.Fault{CutBefore: true})},
		{"gitlab breaks off after", 8, fails(sandbox.Fault{ApplyThenCut: true})},
		{"gitlab is slow", 4, (*trouble).slow},
	}
}

// run makes trouble until the plays or the time are over, then lets everything be well again. Each kind comes once before the dice decide,
// the first kind at the very start.
func (x *trouble) run(ctx context.Context, s size, over <-chan struct{}) {
	x.road.weather(true)
	defer x.calm()
	ctx, cancel := context.WithTimeout(ctx, s.trouble)
	defer cancel()
	first := slices.Clone(x.kinds)
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
		k := x.pick()
		if len(first) > 0 {
			k, first = first[0], first[1:]
		}
		if k.make(x, ctx) {
			x.done[k.name]++
		}
		x.wait(ctx, s.rest/2, s.rest)
	}
}

// pick throws the dice for a kind.
func (x *trouble) pick() kind {
	sum := 0
	for _, k := range x.kinds {
		sum += k.often
	}
	n := x.dice.IntN(sum)
	for _, k := range x.kinds {
		if n -= k.often; n < 0 {
			return k
		}
	}
	return x.kinds[0]
}

func (x *trouble) wait(ctx context.Context, least, most time.Duration) {
	sleep.For(ctx, least+time.Duration(x.dice.Int64N(int64(most-least))))
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

// targets are the requests that faults hit; "" is any.
var targets = []string{"", "", "PUT issue", "POST note", "PUT note", "POST issue", "POST link", "POST award", "POST reply", "GET issue", "GET notes"}

func (x *trouble) target(f sandbox.Fault) sandbox.Fault {
	f.Match = targets[x.dice.IntN(len(targets))]
	f.Times = 1 + x.dice.IntN(3)
	return f
}

func fails(f sandbox.Fault) func(*trouble, context.Context) bool {
	return func(x *trouble, _ context.Context) bool {
		x.lab.FailNext(x.target(f))
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
	x.lab.FailNext(x.target(sandbox.Fault{Wait: late}))
	return true
}
