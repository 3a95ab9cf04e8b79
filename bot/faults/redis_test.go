package faults_test

import (
	"context"
	"time"
)

// redisTrouble is what goes wrong where replicas share a Redis. It is emptied between events first, while little waits for a next try.
func redisTrouble() []kind {
	return append([]kind{
		{"redis emptied between events", 2, (*trouble).emptyRedis},
		{"bot killed with kill -9", 8, (*trouble).killBot},
		{"all bots killed at once", 2, (*trouble).killAll},
		{"number of replicas changed", 3, (*trouble).scale},
		{"redis killed and restarted", 3, (*trouble).killRedis},
		{"redis frozen", 2, (*trouble).freezeRedis},
	}, gitlabTrouble()...)
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
