package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/config/policyfile"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// frozen is the store as seen by a process that was stopped: it does not get to prolonging its leases.
type frozen struct{ inbox.Inbox }

func (frozen) Extend(ctx context.Context, _ *inbox.Batch) error {
	<-ctx.Done()
	return ctx.Err()
}

// hold stops whoever comes as the n-th, until release.
type hold struct {
	mu      sync.Mutex
	at      int
	came    chan struct{}
	release chan struct{}
	once    sync.Once
}

func holdAt(n int) *hold {
	return &hold{at: n, came: make(chan struct{}), release: make(chan struct{})}
}

func (h *hold) pass() {
	h.mu.Lock()
	h.at--
	mine := h.at == 0
	h.mu.Unlock()
	if mine {
		close(h.came)
		<-h.release
	}
}

// inBudget holds a call where it waits for its budget.
type inBudget struct{ *hold }

func (b inBudget) Wait(context.Context, bool) error { b.pass(); return nil }
func (inBudget) Observe(bool, int, http.Header)     {}

// takeover is an issue of which one process has much to do, is stopped at one point, and another one does all of it meanwhile.
type takeover struct {
	*bench
	ref triage.Ref
}

// spikeDone has a person end a spike, by command.
func spikeDone(t *testing.T) *takeover {
	t.Helper()
	k := newTakeover(t, "spike", "workflow::in dev")
	const command = "/flow spike done weight=3 What we found"
	note := k.comment("omar", k.ref, command)
	k.happens("omar", triage.Noted, func(e *triage.Event) { e.Note = &triage.Note{ID: note, Text: command} })
	return k
}

// largeOpened has a person open an issue about which rules have much to do, without any command.
func largeOpened(t *testing.T) *takeover {
	t.Helper()
	k := newTakeover(t, "security", "workflow::ready for development")
	k.happens("ann", triage.Opened, nil)
	return k
}

// newTakeover opens an issue with these labels and weight 3, and tells the bot nothing yet.
func newTakeover(t *testing.T, labels ...string) *takeover {
	t.Helper()
	handbook := config.Default(rules.Catalogue())
	handbook.Inbox.Grace, handbook.Inbox.Settle, handbook.Inbox.TriageDays = 0, 0, 0
	policy := handbook.Policy()
	policies, bad := policyfile.Read([]policyfile.Source{{Name: "policies.yml", Content: []byte(`
resource_rules:
  issues:
    rules:
      - name: Own
        conditions: {labels: [spike]}
        actions: {comment: "A spike of {{author}}.", comment_as: own}
`)}}, policyfile.Defaults{Mode: triage.Act})
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	for _, r := range policies.Rules {
		policy.Settings = append(policy.Settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	b := startBench(t, setup{policy: &policy, idle: true})
	weight := 3
	ref, err := b.lab.Open("ann", b.project, sandbox.IssueOptions{Title: "t", Labels: append(labels, "group::source code"), Weight: &weight})
	b.must(err)
	return &takeover{bench: b, ref: ref}
}

// happens delivers that somebody did something to the issue, as it is now.
func (k *takeover) happens(who string, what triage.Kind, with func(*triage.Event)) {
	k.Helper()
	issue, err := k.viewer.Issue(k.Context(), k.ref)
	k.must(err)
	e := k.event(who, what)
	e.At, e.ReceivedAt = issue.UpdatedAt, k.now()
	if with != nil {
		with(&e)
	}
	body, err := record.Event{Event: e, Issue: issue}.Encode()
	k.must(err)
	_, err = k.inbox.Enqueue(k.Context(), inbox.Delivery{Issue: k.ref, Body: body})
	k.must(err)
}

// jobs is a log that tells how the jobs of one issue end.
type jobs struct {
	zapcore.LevelEnabler
	issue string
	ended chan<- string
}

func (c jobs) With([]zapcore.Field) zapcore.Core { return c }
func (jobs) Sync() error                         { return nil }

func (c jobs) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(e, c)
}

func (c jobs) Write(e zapcore.Entry, fields []zapcore.Field) error {
	isOurs := func(f zapcore.Field) bool { return f.Key == "issue" && fmt.Sprint(f.Interface) == c.issue }
	if strings.HasPrefix(e.Message, "issue ") && slices.ContainsFunc(fields, isOurs) {
		c.ended <- e.Message
	}
	return nil
}

// process starts a process, which sees GitLab at this address and within this limit. It returns how its jobs of the issue end.
func (k *takeover) process(store inbox.Inbox, url string, limit gitlab.Limiter) (ended chan string, stop func()) {
	k.Helper()
	client, err := gitlab.New(gitlab.Options{URL: url, Token: botToken, Limit: limit})
	k.must(err)
	ended = make(chan string, 100)
	return ended, k.startPool(store, client, zap.New(jobs{zapcore.InfoLevel, k.ref.String(), ended}), prometheus.NewRegistry())
}

// ends waits until a job ends, and returns how.
func (k *takeover) ends(who string, ended <-chan string) string {
	k.Helper()
	select {
	case got := <-ended:
		return got
	case <-time.After(reachable):
		k.Fatalf("%s does not come to an end", who)
		return ""
	}
}

// handles waits until the issue is handled.
func (k *takeover) handles(who string, ended <-chan string) {
	k.Helper()
	if got := k.ends(who, ended); got != "issue handled" {
		k.Fatalf("%s: %q", who, got)
	}
}

// letGo lets go on who is held, also at the end of a test that has failed.
func (h *hold) letGo() { h.once.Do(func() { close(h.release) }) }

// comes reports whether the process is held, before it has done all.
func (k *takeover) comes(h *hold, ended <-chan string) bool {
	k.Helper()
	select {
	case <-h.came:
		return len(ended) == 0 // else it is at another issue already
	case got := <-ended:
		if got != "issue handled" {
			k.Fatalf("the first process: %q", got)
		}
		return false
	case <-time.After(reachable):
		k.Fatal("the first process does not come to an end")
		return false
	}
}

// takenOver has another process take the issue over, which sees GitLab at this address, after the lease of the first has run out, and do what is to be
// done. If it fails, a third one tries again, later. The returned function stops it.
func (k *takeover) takenOver(url string) (stop func()) {
	k.Helper()
	for range 3 {
		k.pass(2 * time.Minute)
		ended, stop := k.process(k.inbox, url, nil)
		if k.ends("the other process", ended) == "issue handled" {
			return stop
		}
		stop()
		if len(ended) > 0 && <-ended == "issue handled" { // it has tried again by itself
			return stop
		}
	}
	k.Fatal("the other processes fail, too")
	return nil
}

// pass lets time go by.
func (k *takeover) pass(d time.Duration) {
	k.later.Add(int64(d))
	k.ahead.Add(int64(d))
}

// becauseOf is the rule for which the bot made a change, in the note's marker: GitLab does not tell it to who finds the change made.
var becauseOf = regexp.MustCompile(`"r":"[^"]*",?`)

// written is what the bot has left on the issue, and its follow-ups.
func (k *takeover) written() (all []string) {
	for _, n := range k.lab.Issue(k.ref).CommentsBy(botName) {
		what, _, _ := strings.Cut(strings.TrimSpace(n.Text), "\n")
		if strings.Contains(n.Text, "<!-- flowkeeper:v1 ") {
			what = "the note: " + becauseOf.ReplaceAllString(n.Text, "")
		}
		all = append(all, what)
	}
	issue := k.lab.Issue(k.ref)
	all = append(all, fmt.Sprint("labels: ", slices.Sorted(slices.Values(issue.Labels)), ", weight: ", weightOf(issue)))
	for _, i := range k.lab.Issues(k.project) {
		if i.Ref != k.ref && i.State == "opened" {
			all = append(all, "follow-up: "+i.Title)
		}
	}
	for _, n := range k.lab.Issue(k.ref).Notes {
		for _, a := range n.Awards {
			all = append(all, "reaction: "+a.Name)
		}
	}
	slices.Sort(all)
	return all
}

// endsAs compares what is written with what is written if nothing goes wrong.
func (k *takeover) endsAs(t *testing.T, want []string) {
	t.Helper()
	if d := cmp.Diff(want, k.written()); d != "" {
		t.Log(strings.Join(k.lab.Writes(), "\n"))
		t.Errorf("the outcome (-undisturbed +this):\n%s", d)
	}
}

// slow is the address of a GitLab that holds some requests.
func (k *takeover) slow(t *testing.T, h *hold, holds func(*http.Request) bool) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if holds(r) {
			h.pass()
		}
		k.lab.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// failing is a GitLab of which one call fails.
type failing struct {
	url    string
	failed atomic.Bool // it has
}

// letDown is a GitLab whose n-th call fails, after it was carried out or before.
func (k *takeover) letDown(t *testing.T, n int, done bool) *failing {
	var f failing
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) != int64(n) {
			k.lab.ServeHTTP(w, r)
			return
		}
		f.failed.Store(true)
		if done {
			k.lab.ServeHTTP(httptest.NewRecorder(), r)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return &f
}

// undisturbed is what is written if nothing goes wrong.
func undisturbed(t *testing.T, story func(*testing.T) *takeover) []string {
	k := story(t)
	k.pass(2 * time.Minute)
	ended, _ := k.process(k.inbox, k.url, nil)
	k.handles("the only process", ended)
	return k.written()
}

// TestNothingIsWrittenBehindTheLease stops a process at each of its calls while it waits for the budget, for longer than its lease. When it goes on
// another one has done everything, and it writes nothing more.
func TestNothingIsWrittenBehindTheLease(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, spikeDone)
	held, over := 0, false
	for ; !over && !t.Failed(); held++ {
		t.Run(fmt.Sprint("call ", held+1), func(t *testing.T) {
			k, h := spikeDone(t), holdAt(held+1)
			ended, _ := k.process(frozen{k.inbox}, k.url, inBudget{h})
			t.Cleanup(h.letGo)
			if over = !k.comes(h, ended); over {
				return
			}
			k.takenOver(k.url)
			writes := len(k.lab.Writes())
			h.letGo()
			k.ends("the first process", ended)
			other := func(line string) bool {
				return !strings.Contains(line, " "+k.ref.String()) && !strings.HasPrefix(line, "POST issue ")
			}
			if more := slices.DeleteFunc(k.lab.Writes()[writes:], other); len(more) > 0 {
				t.Errorf("written behind the lease: %v", more)
			}
			k.endsAs(t, want)
		})
	}
	if held < 7 {
		t.Errorf("it was stopped at %d points; it does more than that", held)
	}
}

// TestCarriedOutBehindTheLease has GitLab take so long for each write that another process has done everything meanwhile. What then stands there
// twice is taken back, at the latest when the issue is looked at again for that.
func TestCarriedOutBehindTheLease(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, spikeDone)
	held, over := 0, false
	for ; !over && !t.Failed(); held++ {
		t.Run(fmt.Sprint("write ", held+1), func(t *testing.T) {
			k, h := spikeDone(t), holdAt(held+1)
			slow := k.slow(t, h, func(r *http.Request) bool { return r.Method != http.MethodGet })
			ended, stopFirst := k.process(frozen{k.inbox}, slow, nil)
			t.Cleanup(h.letGo)
			if over = !k.comes(h, ended); over {
				return
			}
			stop := k.takenOver(k.url)
			stop()
			h.letGo()
			k.ends("the first process", ended)
			stopFirst()
			k.pass(6 * time.Minute)
			again, _ := k.process(k.inbox, k.url, nil)
			k.handles("the one that looks again", again)
			k.endsAs(t, want)
		})
	}
	if held < 7 {
		t.Errorf("it was stopped at %d points; it does more than that", held)
	}
}

// TestTakerIsLetDown has a call of whoever takes an issue over fail, be it before GitLab does anything or after. Who tries again still knows that
// somebody may be beside it, and takes nothing for done that is not.
func TestTakerIsLetDown(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]func(*testing.T) *takeover{"spike": spikeDone, "large": largeOpened} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := undisturbed(t, story)
			for _, done := range []bool{false, true} {
				failed, over := 0, false
				for ; !over && !t.Failed(); failed++ {
					t.Run(fmt.Sprint("call ", failed+1, ", carried out ", done), func(t *testing.T) {
						k, h := story(t), holdAt(1)
						slow := k.slow(t, h, func(r *http.Request) bool { return r.Method != http.MethodGet })
						ended, end := k.process(frozen{k.inbox}, slow, nil)
						t.Cleanup(h.letGo)
						if !k.comes(h, ended) {
							t.Fatal("nothing was written")
						}
						once := k.letDown(t, failed+1, done)
						stop := k.takenOver(once.url)
						stop()
						if over = !once.failed.Load(); over {
							return
						}
						h.letGo()
						k.ends("the first process", ended)
						end()
						k.pass(6 * time.Minute)
						again, _ := k.process(k.inbox, k.url, nil)
						k.handles("the one that looks again", again)
						k.endsAs(t, want)
					})
				}
				if failed < 7 {
					t.Errorf("it was let down at %d calls; it makes more", failed)
				}
			}
		})
	}
}

// TestReopenedFollowUpStaysOpen: a follow-up that GitLab opened late is closed once. Whoever opens it again wants it.
func TestReopenedFollowUpStaysOpen(t *testing.T) {
	t.Parallel()
	k, h := spikeDone(t), holdAt(1)
	slow := k.slow(t, h, func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues")
	})
	ended, end := k.process(frozen{k.inbox}, slow, nil)
	t.Cleanup(h.letGo)
	if !k.comes(h, ended) {
		t.Fatal("no follow-up was opened")
	}
	stop := k.takenOver(k.url)
	stop()
	h.letGo()
	k.ends("the first process", ended)
	end()
	happens := func(what string) {
		t.Helper()
		k.pass(time.Minute)
		k.must(k.lab.Edit("ann", k.ref, sandbox.Change{Title: &what}))
		k.happens("ann", triage.Updated, nil)
		ended, end := k.process(k.inbox, k.url, nil)
		k.handles("who looks when "+what, ended)
		end()
	}
	happens("something happens")
	twin := triage.Ref{Project: k.project, IID: 3}
	if got := k.lab.Issue(twin).State; got != "closed" {
		t.Fatalf("the second follow-up is %s, want it closed", got)
	}
	k.must(k.lab.Edit("ann", twin, sandbox.Change{Reopen: true}))
	happens("more happens")
	if got := k.lab.Issue(twin).State; got != "opened" {
		t.Errorf("the second follow-up is %s, and a person has opened it again", got)
	}
}

// weightOf is an issue's weight in words.
func weightOf(i sandbox.Issue) string {
	if i.Weight == nil {
		return "none"
	}
	return fmt.Sprint(*i.Weight)
}
