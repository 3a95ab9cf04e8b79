package faults_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
)

// rig is a GitLab in memory, replicas of the bot with their store, and the road between them.
type rig struct {
	*testing.T
	lab      *sandbox.Server
	redis    *redistest.Server // nil with the embedded store
	store    store
	replicas []*replica
	road     *road
	hook     string
	gate     sync.RWMutex
	both     bool
}

// setup says what a rig is made of.
type setup struct {
	seed     uint64 // of what goes wrong on the road
	replicas int
	both     bool                               // the team keeps its states in labels and statuses
	embedded bool                               // the one replica has the embedded store; else all share a Redis
	front    func(*sandbox.Server) http.Handler // stands before the API; nil is the API itself
	lease    time.Duration                      // default 5 s, the shortest that can be configured
}

// newRig starts all but the replicas.
func newRig(t *testing.T, s setup) *rig {
	t.Helper()
	r := &rig{T: t, lab: sandbox.New(sandbox.Options{Token: botToken, BotLevel: sandbox.Developer, RateLimit: 100_000}), both: s.both}
	var api http.Handler = r.lab
	if s.front != nil {
		api = s.front(r.lab)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(r.lab.Close)
	r.lab.SetURL(server.URL)
	if _, err := r.lab.AddUser("ann", "Ann Author", sandbox.Reporter); err != nil {
		t.Fatal(err)
	}
	r.newReplicas(s, server.URL)
	r.road = newRoad(s.seed, r.replicas...)
	receiver := httptest.NewServer(r.road)
	t.Cleanup(receiver.Close)
	r.hook = receiver.URL
	ctx, cancel := context.WithCancel(context.Background())
	var resends sync.WaitGroup
	resends.Go(func() { r.road.resend(ctx) })
	t.Cleanup(func() { cancel(); resends.Wait() })
	return r
}

// newReplicas makes the replicas and what they keep their mail in.
func (r *rig) newReplicas(s setup, gitlab string) {
	r.Helper()
	where := place{gitlab: gitlab, lease: cmp.Or(s.lease, 5*time.Second), store: "label"}
	if s.both {
		where.store = "both"
	}
	if !s.embedded {
		r.redis = redistest.Start(r.T, redistest.Options{AppendFsync: "always"})
		where.redis = r.redis.URL()
	}
	for n := range s.replicas {
		r.replicas = append(r.replicas, newReplica(r.T, fmt.Sprintf("replica-%d", n+1), where))
	}
	if s.embedded {
		r.store = embedded{r.replicas[0]}
		return
	}
	look, err := redis.Open(r.Context(), redis.Options{URL: where.redis, Lease: 5 * time.Second})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = look.Close() })
	r.store = shared{look, r}
}

// running are the replicas that are wanted.
func (r *rig) running() []*replica {
	var all []*replica
	for _, each := range r.replicas {
		if each.runs() {
			all = append(all, each)
		}
	}
	return all
}

// newProject adds a project whose webhooks take the road.
func (r *rig) newProject(path string) int64 {
	r.Helper()
	id := r.lab.AddProject(path)
	_, err := r.lab.AddHook(id, sandbox.Hook{URL: r.hook, Token: secret, Events: sandbox.HookEvents()})
	err = errors.Join(err, r.lab.SetAutoClose(id, false))
	if r.both {
		err = errors.Join(err, r.lab.SetStatuses("team", statuses()))
	}
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// newPlay has a story played in a project.
func (r *rig) newPlay(s story, project int64, who string) *play {
	return &play{story: s, lab: r.lab, gate: &r.gate, project: project, statuses: r.both, who: who}
}

// settle waits until every webhook has arrived and nothing is left in a mailbox.
func (r *rig) settle(ctx context.Context) error {
	last := ""
	return r.poll(ctx, func() (bool, string) {
		if !r.road.empty() {
			return false, "webhooks are on their way"
		}
		if err := r.lab.AwaitDelivered(ctx); err != nil {
			return false, last
		}
		s, err := r.store.Stats(ctx)
		if err != nil {
			return false, err.Error()
		}
		last = fmt.Sprintf("%d deliveries wait, %d issues are leased, %d dead letters", s.Deliveries, s.Leased, s.DeadLetters)
		return s.Deliveries == 0 && s.Leased == 0 && r.road.empty(), last
	})
}

// poll asks again and again; the error holds the last answer.
func (r *rig) poll(ctx context.Context, ask func() (bool, string)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, last := ask()
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; in the end: %s", ctx.Err(), last)
		}
	}
}

// dead wants no dead letters.
func (r *rig) dead(ctx context.Context) {
	r.Helper()
	letters, err := r.store.DeadLetters(ctx, 100)
	if err != nil {
		r.Error(err)
	}
	for _, l := range letters {
		r.Errorf("dead letter of %s after %d attempts: %s", l.Issue, l.Attempts, l.Cause)
	}
}
