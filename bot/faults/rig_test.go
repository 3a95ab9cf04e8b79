package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
)

// rig is a GitLab in memory, a Redis, replicas of the bot and the road between them.
type rig struct {
	*testing.T
	lab      *sandbox.Server
	redis    *redistest.Server
	inbox    inbox.Inbox // a look from outside
	replicas []*replica
	road     *road
	hook     string
	gate     sync.RWMutex
}

// newRig starts all but the replicas. The front stands before the API; nil is the API itself.
func newRig(t *testing.T, seed uint64, count int, front func(*sandbox.Server) http.Handler) *rig {
	t.Helper()
	r := &rig{T: t, lab: sandbox.New(sandbox.Options{Token: botToken, RateLimit: 100_000})}
	var api http.Handler = r.lab
	if front != nil {
		api = front(r.lab)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(r.lab.Close)
	r.lab.SetURL(server.URL)
	if _, err := r.lab.AddUser("ann", "Ann Author", sandbox.Reporter); err != nil {
		t.Fatal(err)
	}
	r.redis = redistest.Start(t, redistest.Options{AppendFsync: "always"})
	store, err := redis.Open(t.Context(), redis.Options{URL: r.redis.URL(), Lease: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	r.inbox = store
	t.Cleanup(func() { _ = store.Close() })
	for n := range count {
		r.replicas = append(r.replicas, newReplica(t, fmt.Sprintf("replica-%d", n+1), place{gitlab: server.URL, redis: r.redis.URL()}))
	}
	r.road = newRoad(seed, r.replicas...)
	receiver := httptest.NewServer(r.road)
	t.Cleanup(receiver.Close)
	r.hook = receiver.URL
	ctx, cancel := context.WithCancel(context.Background())
	var resends sync.WaitGroup
	resends.Go(func() { r.road.resend(ctx) })
	t.Cleanup(func() { cancel(); resends.Wait() })
	return r
}

// newProject adds a project whose webhooks take the road.
func (r *rig) newProject(path string) int64 {
	r.Helper()
	id := r.lab.AddProject(path)
	if _, err := r.lab.AddHook(id, sandbox.Hook{URL: r.hook, Token: secret}); err != nil {
		r.Fatal(err)
	}
	return id
}

// newPlay has a story played in a project.
func (r *rig) newPlay(s story, project int64, who string) *play {
	return &play{story: s, lab: r.lab, gate: &r.gate, project: project, who: who}
}

// settle waits until every webhook has arrived and nothing is left in a mailbox.
func (r *rig) settle(ctx context.Context) error {
	last := ""
	return r.poll(ctx, func() (bool, string) {
		if !r.road.empty() {
			return false, "webhooks are on their way"
		}
		if err := r.lab.Quiet(ctx); err != nil {
			return false, last
		}
		s, err := r.inbox.Stats(ctx)
		if err != nil {
			return false, err.Error()
		}
		last = fmt.Sprintf("%d deliveries wait, %d issues are leased, %d dead letters", s.Deliveries, s.Leased, s.Dead)
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
	letters, err := r.inbox.Dead(ctx, 100)
	if err != nil {
		r.Error(err)
	}
	for _, l := range letters {
		r.Errorf("dead letter of %s after %d attempts: %s", l.Issue, l.Attempts, l.Cause)
	}
}
