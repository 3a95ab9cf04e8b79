package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// trouble is what goes wrong with one step of a process: a call of GitLab's API, or of the store.
type trouble struct {
	at   int  // the step's number, counted over all processes from 1
	done bool // it is carried out all the same
	dies bool // the process ends with it
}

func (f trouble) String() string {
	return fmt.Sprintf("step %d, carried out %t, dies %t", f.at, f.done, f.dies)
}

// steps counts what processes do, and has some of it go wrong.
type steps struct {
	mu      sync.Mutex
	count   int
	trouble []trouble
	dead    bool
	stuck   bool // the store did not take the end of a batch
	died    chan struct{}
	log     []string
}

// take is one step. It reports what goes wrong with it, and whether it is carried out.
func (s *steps) take(what string) (fails, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return true, false
	}
	s.count++
	s.log = append(s.log, fmt.Sprint(s.count, " ", what))
	for _, f := range s.trouble {
		if f.at == s.count {

			s.log = append(s.log, "   "+f.String())
			s.stuck = s.stuck || what == "save memory" || !f.done && (strings.HasPrefix(what, "complete") || strings.HasPrefix(what, "retry"))
			if f.dies {
				s.dead = true
				close(s.died)
			}
			return true, f.done
		}
	}
	return false, true
}

// revive begins another process, if one has ended.
func (s *steps) revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead, s.stuck, s.died = false, false, make(chan struct{})
}

// faultyStore is the store as a process sees it.
type faultyStore struct {
	inbox.Inbox
	steps *steps
}

func (f faultyStore) do(what string, call func() error) error {
	fails, done := f.steps.take(what)
	if done {
		if err := call(); err != nil || !fails {
			return err
		}
	}
	return fmt.Errorf("%s: %w", what, inbox.ErrUnavailable)
}

func (f faultyStore) CheckLease(ctx context.Context, b *inbox.Batch) error {
	return f.Inbox.CheckLease(ctx, b)
}

func (f faultyStore) SaveMemory(ctx context.Context, b *inbox.Batch, m []byte) error {
	return f.do("save memory", func() error { return f.Inbox.SaveMemory(ctx, b, m) })
}

func (f faultyStore) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	return f.do("complete "+b.Issue.String(), func() error { return f.Inbox.Complete(ctx, b, r) })
}

func (f faultyStore) Retry(ctx context.Context, b *inbox.Batch, d time.Duration, cause string) error {
	return f.do("retry in "+d.String(), func() error { return f.Inbox.Retry(ctx, b, d, cause) })
}

func (f faultyStore) Enqueue(ctx context.Context, d inbox.Delivery) (out inbox.Outcome, err error) {
	err = f.do("enqueue "+d.IdempotencyKey, func() error { out, err = f.Inbox.Enqueue(ctx, d); return err })
	return out, err
}

// ServeHTTP is GitLab as processes see it.
func (k *troubled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fails, done := k.steps.take(r.Method + " " + r.URL.Path)
	switch {
	case !fails:
		k.lab.ServeHTTP(w, r)
		return
	case done:
		k.lab.ServeHTTP(httptest.NewRecorder(), r)
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// troubled is an issue at which steps go wrong.
type troubled struct {
	*takeover
	steps *steps
	web   string
}

// endings tells how jobs end, and when they are to be tried again.
type endings struct {
	zapcore.LevelEnabler
	ended chan<- time.Duration
}

func (c endings) With([]zapcore.Field) zapcore.Core { return c }
func (endings) Sync() error                         { return nil }
func (c endings) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(e, c)
}

func (c endings) Write(e zapcore.Entry, fields []zapcore.Field) error {
	if !strings.HasPrefix(e.Message, "issue ") {
		return nil
	}
	var wait time.Duration
	for _, f := range fields {
		if f.Key == "again_in" {
			wait = time.Duration(f.Integer)
		}
	}
	c.ended <- wait
	return nil
}

// quiet has processes work until nothing is due.
func (k *troubled) quiet() {
	k.Helper()
	for range 12 {
		k.steps.revive()
		ended := make(chan time.Duration, 1000)
		stop := k.startPool(faultyStore{k.inbox, k.steps}, connect(k.T, k.web, botToken), zap.New(endings{zapcore.InfoLevel, ended}), prometheus.NewRegistry())
		if k.rests(ended) {
			stop()
			return
		}
		stop()
		if k.isIdle() { // what was begun came to its end meanwhile
			return
		}
		k.pass(2 * time.Minute)
	}
	k.Fatalf("it does not come to rest:\n%s", strings.Join(k.steps.log, "\n"))
}

// rests waits until nothing is due, and reports whether that came without that the process has to end before.
func (k *troubled) rests(ended <-chan time.Duration) bool {
	k.Helper()
	for {
		select {
		case <-k.steps.died:
			return false
		case wait := <-ended:
			switch {
			case k.isIdle():
				return true
			case wait > time.Second || k.steps.isStuck():
				return false
			}
		case <-time.After(8 * time.Second):
			k.Fatalf("no job ends:\n%s", strings.Join(k.steps.log, "\n"))
		}
	}
}

// isIdle reports whether nothing is due, nor in anybody's hands.
func (k *troubled) isIdle() bool {
	k.Helper()
	stats, err := k.inbox.Stats(k.Context())
	k.must(err)
	return stats.Leased == 0 && stats.Issues == 0
}

// isStuck reports whether an issue stays leased, because the store did not take what became of it.
func (s *steps) isStuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuck
}

// look has the bot look at the issue again, later, as a person touches it.
func (k *troubled) look() {
	k.Helper()
	k.pass(6 * time.Minute)
	title := "another"
	k.must(k.lab.Edit("ann", k.ref, sandbox.Change{Title: &title}))
	k.happens("ann", triage.Updated, nil)
	k.quiet()
}
