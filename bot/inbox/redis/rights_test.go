package redis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

// operation is what the store does with one script. prepare is done with all rights and returns the operation itself.
type operation struct {
	script  string
	leased  bool // it is fenced, so nobody else may handle the issue before it is repeated
	prepare func(t *testing.T, s *redis.Store) func(*redis.Store) error
}

var operations = map[string]operation{
	"accept": {script: "enqueue", prepare: func(*testing.T, *redis.Store) func(*redis.Store) error {
		return acceptOnce(twin(1, "a", "meaning a"))
	}},
	"accept one more": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, twin(1, "a", "meaning a"))
		return acceptOnce(twin(1, "b", "meaning b"))
	}},
	"accept by key alone": {script: "enqueue", prepare: func(*testing.T, *redis.Store) func(*redis.Store) error {
		return acceptOnce(delivery(1, "a"))
	}},
	"accept a twin": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, twin(1, "a", "meaning"))
		return acceptOnce(twin(1, "b", "meaning"))
	}},
	"accept under a lease": {script: "enqueue", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		held(t, s)
		return acceptOnce(twin(1, "more", "meaning"))
	}},
	"claim": {script: "claim", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		accept(t, s, delivery(1, "a"))
		return func(s *redis.Store) error {
			b, err := s.Claim(t.Context(), 0)
			if err != nil {
				return err
			}
			if b == nil || b.Attempt != 1 {
				return fmt.Errorf("claimed %+v, want attempt 1", b)
			}
			return nil
		}
	}},
	"claim what was revived": {script: "claim", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		accept(t, s, delivery(1, "more"))
		b := claimed(t, s)
		if err := errors.Join(s.Redrive(t.Context(), b.Issue), s.Requeue(t.Context(), b)); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.Claim(t.Context(), 0); return err }
	}},
	"holds": finish("check_lease", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error { return s.CheckLease(ctx, b) }),
	"extend": finish("extend", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Extend(ctx, b)
	}),
	"remember": finish("save_memory", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.SaveMemory(ctx, b, []byte("memory"))
	}),
	"done": finish("complete", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Complete(ctx, b, inbox.Result{})
	}),
	"done with everything": finish("complete", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Complete(ctx, b, inbox.Result{Memory: []byte("memory"), Record: []byte("record"), WakeAt: time.Now().Add(time.Hour)})
	}),
	"done while more waits": {script: "complete", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		b := held(t, s)
		accept(t, s, delivery(1, "more"))
		return func(s *redis.Store) error { return s.Complete(t.Context(), b, inbox.Result{Record: []byte("record")}) }
	}},
	"done after many": {script: "complete", leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		for n := range inbox.RecordsPerIssue {
			if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: fmt.Append(nil, n)}); err != nil {
				t.Fatal(err)
			}
		}
		b := held(t, s)
		return func(s *redis.Store) error { return s.Complete(t.Context(), b, inbox.Result{Record: []byte("record")}) }
	}},
	"retry": finish("retry", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.Retry(ctx, b, time.Minute, "cause")
	}),
	"release": finish("requeue", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error { return s.Requeue(ctx, b) }),
	"bury": finish("dead_letter", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.DeadLetter(ctx, b, "cause", nil)
	}),
	"bury with a record": finish("dead_letter", func(ctx context.Context, s *redis.Store, b *inbox.Batch) error {
		return s.DeadLetter(ctx, b, "cause", []byte("record"))
	}),
	"revive": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"revive what waits": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		accept(t, s, delivery(1, "more"))
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"revive what was only woken": {script: "redrive", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{WakeAt: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := s.DeadLetter(t.Context(), claimed(t, s), "cause", nil); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { return s.Redrive(t.Context(), delivery(1, "").Issue) }
	}},
	"drop": {script: "drop_dead_letter", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { return s.DropDeadLetter(t.Context(), delivery(1, "").Issue) }
	}},
	"rate limit": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		permit, err := c.RateLimit(ctx, firstUse)
		if err == nil && !permit.Allowed {
			err = errors.New("the first use was refused")
		}
		return err
	}),
	"rate limit too many": {script: "swap", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if _, err := coordinator(s).RateLimit(t.Context(), firstUse); err != nil {
			t.Fatal(err)
		}
		use := firstUse
		use.ID = "2"
		return func(s *redis.Store) error {
			permit, err := coordinator(s).RateLimit(t.Context(), use)
			if err == nil && permit.Allowed {
				err = errors.New("the second use was allowed")
			}
			return err
		}
	}},
	"try lock": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		held, err := c.TryLock(ctx, "sweep", "a", time.Minute)
		if err == nil && !held {
			err = errors.New("the free lock was refused")
		}
		return err
	}),
	"set checkpoint": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		return c.SetCheckpoint(ctx, "m", []byte("value"))
	}),
	"forget checkpoint": {script: "swap", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := coordinator(s).SetCheckpoint(t.Context(), "m", []byte("value")); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { return coordinator(s).SetCheckpoint(t.Context(), "m", nil) }
	}},
	"checkpoint": coordinate("get", func(ctx context.Context, c *coordination.Coordinator) error {
		_, err := c.Checkpoint(ctx, "m")
		return err
	}),
	"take tokens": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error {
		wait, err := c.TakeTokens(ctx, bucket, bucket.Burst)
		if err == nil && wait != 0 {
			err = fmt.Errorf("the full bucket gave nothing for %s", wait)
		}
		return err
	}),
	"lower": coordinate("swap", func(ctx context.Context, c *coordination.Coordinator) error { return c.LowerTo(ctx, bucket.Name, 1) }),
	"projects": {script: "projects", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { _, err := s.Projects(t.Context()); return err }
	}},
	"touch projects": {script: "touch_projects", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { return s.TouchProjects(t.Context(), []int64{5, 6}) }
	}},
	"recent": {script: "records", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: []byte("record")}); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.RecentRecords(t.Context(), 9); return err }
	}},
	"records": {script: "records", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		if err := s.Complete(t.Context(), held(t, s), inbox.Result{Record: []byte("record")}); err != nil {
			t.Fatal(err)
		}
		return func(s *redis.Store) error { _, err := s.Records(t.Context(), delivery(1, "").Issue, 9); return err }
	}},
	"dead": {script: "dead_letters", prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		buried(t, s)
		return func(s *redis.Store) error { _, err := s.DeadLetters(t.Context(), 9); return err }
	}},
	"stats": {script: "stats", prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { _, err := s.Stats(t.Context()); return err }
	}},
}

var (
	bucket   = coordination.Bucket{Name: "b", Rate: 0.001, Burst: 3}
	firstUse = coordination.Use{Who: "7", ID: "1", Limit: 1, Window: time.Hour}
)

// coordinator is a process of its own on the store.
func coordinator(s *redis.Store) *coordination.Coordinator { return coordination.New(s, s, s) }

func coordinate(script string, do func(context.Context, *coordination.Coordinator) error) operation {
	return operation{script: script, prepare: func(t *testing.T, _ *redis.Store) func(*redis.Store) error {
		return func(s *redis.Store) error { return do(t.Context(), coordinator(s)) }
	}}
}

func twin(iid int64, key, meaning string) inbox.Delivery {
	d := delivery(iid, key)
	d.ContentKey = meaning
	return d
}

func acceptOnce(d inbox.Delivery) func(*redis.Store) error {
	return func(s *redis.Store) error { _, err := s.Enqueue(context.Background(), d); return err }
}

// held leases an issue with one delivery and a wake-up that is due.
func held(t *testing.T, s *redis.Store) *inbox.Batch {
	t.Helper()
	accept(t, s, twin(1, "", ""))
	b := claimed(t, s)
	if err := s.Complete(t.Context(), b, inbox.Result{WakeAt: time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	d := twin(1, "", "")
	d.Body = []byte("a")
	accept(t, s, d)
	return claimed(t, s)
}

func claimed(t *testing.T, s *redis.Store) *inbox.Batch {
	t.Helper()
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil {
		t.Fatalf("claiming: got %v, %v, want a batch", b, err)
	}
	return b
}

func buried(t *testing.T, s *redis.Store) {
	t.Helper()
	if err := s.DeadLetter(t.Context(), held(t, s), "cause", nil); err != nil {
		t.Fatal(err)
	}
}

func finish(script string, do func(context.Context, *redis.Store, *inbox.Batch) error) operation {
	return operation{script: script, leased: true, prepare: func(t *testing.T, s *redis.Store) func(*redis.Store) error {
		b := held(t, s)
		return func(s *redis.Store) error { return do(t.Context(), s, b) }
	}}
}

// world is all that can be seen of a store, ending with what somebody handles who does everything that is left.
type world struct {
	Handled  []string
	Attempts []int
	Memory   []string
	Records  []string
	Dead     []string
	Projects []int64
	Before   inbox.Stats
	After    inbox.Stats
	Level    time.Duration
}

func look(t *testing.T, s *redis.Store, clock *inboxtest.Clock) world {
	t.Helper()
	w := world{Before: stats(t, s)}
	records, err := s.RecentRecords(t.Context(), 100)
	for _, r := range records {
		w.Records = append(w.Records, string(r.Body))
	}
	letters, err2 := s.DeadLetters(t.Context(), 100)
	for _, l := range letters {
		w.Dead = append(w.Dead, fmt.Sprint(l.Cause, l.Attempts, l.Woken, string(l.Record)))
		for _, d := range l.Deliveries {
			w.Dead = append(w.Dead, string(d.Body))
		}
	}
	var err3, err4 error
	w.Projects, err3 = s.Projects(t.Context())
	w.Level, err4 = coordinator(s).TakeTokens(t.Context(), bucket, bucket.Burst)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	w.Level = w.Level.Round(time.Hour) // time goes by
	for range 4 {
		handle(t, s, &w)
		clock.Advance(time.Hour)
	}
	w.After = stats(t, s)
	return w
}

func stats(t *testing.T, s *redis.Store) inbox.Stats {
	t.Helper()
	all, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all.Oldest = 0
	return all
}

// handle does everything that is due.
func handle(t *testing.T, s *redis.Store, w *world) {
	t.Helper()
	for range 9 {
		b, err := s.Claim(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return
		}
		for _, d := range b.Deliveries {
			w.Handled = append(w.Handled, string(d.Body))
		}
		w.Attempts, w.Memory = append(w.Attempts, b.Attempt), append(w.Memory, string(b.Memory))
		if err := s.Complete(t.Context(), b, inbox.Result{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("there is always more to do")
}

var calls = regexp.MustCompile(`redis\.call\('([A-Z]+)'`)

// commands are those that the text of a script calls.
func commands(t *testing.T, files ...string) []string {
	t.Helper()
	var all []string
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("scripts", name+".lua"))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range calls.FindAllStringSubmatch(string(text), -1) {
			all = append(all, found[1])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// user has all rights but those that a test takes.
type user struct {
	t     *testing.T
	admin *goredis.Client
	url   string
}

func newUser(t *testing.T, server *redistest.Server) *user {
	u := &user{t: t, admin: client(t, server), url: "redis://bot:secret@" + server.Addr()}
	u.set("reset", "on", ">secret", "~*", "+@all")
	return u
}

func (u *user) set(rules ...any) {
	u.t.Helper()
	if err := u.admin.Do(u.t.Context(), append([]any{"ACL", "SETUSER", "bot"}, rules...)...).Err(); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) open(prefix string, clock *inboxtest.Clock) (*redis.Store, error) {
	return redis.Open(u.t.Context(), redis.Options{URL: u.url, Prefix: prefix, Lease: inboxtest.Lease, Now: clock.Now})
}

// trouble is what makes scripts fail, and how the error names it.
type trouble struct {
	name       string
	begin, end func()
	says       []string
}

func (u *user) lacks(command string) trouble {
	return trouble{
		name:  "without " + command,
		begin: func() { u.set("-" + command) }, end: func() { u.set("+" + command) },
		says: []string{command, "ACL SETUSER"},
	}
}

// server sets something for all users.
func (u *user) server(name string, begin, end []any, says string) trouble {
	do := func(command []any) func() {
		return func() {
			if err := u.admin.Do(context.Background(), command...).Err(); err != nil {
				u.t.Errorf("%v: %v", command, err)
			}
		}
	}
	return trouble{name: name, begin: do(begin), end: do(end), says: []string{says}}
}

// A script has no rollback. Whichever command the user loses, at whatever time, or whyever nothing can be written: what was half done is
// neither lost nor done twice when it works again, and the error says what it was.
func TestHalfway(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	bot, n := newUser(t, server), 0
	failed := map[string]bool{}
	// try runs an operation, which fails a few times if there is a trouble, and tells what it comes to. Others may work meanwhile.
	try := func(t *testing.T, op operation, trouble *trouble, others bool) world {
		n++
		prefix, clock := fmt.Sprint("p", n), &inboxtest.Clock{}
		full := open(t, server, prefix, clock)
		s, err := bot.open(prefix, clock)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		do := op.prepare(t, full)
		var earlier world
		if trouble != nil {
			trouble.begin()
			defer trouble.end()
		}
		for tries := 0; ; tries++ {
			err := do(s)
			if err == nil {
				break
			}
			if tries == 3 || trouble == nil {
				t.Errorf("without trouble: %v", err)
				break
			}
			failed[op.script+" "+trouble.name] = true
			for _, words := range trouble.says {
				if !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), words) {
					t.Errorf("got %v, want it unavailable and %q", err, words)
				}
			}
			if tries == 2 {
				trouble.end()
				if others {
					handle(t, full, &earlier)
				}
			}
		}
		if trouble != nil {
			trouble.end()
		}
		w := look(t, full, clock)
		w.Handled = append(earlier.Handled, w.Handled...)
		return w
	}
	for name, op := range operations {
		var want world
		if !t.Run(name, func(t *testing.T) { want = try(t, op, nil, false) }) {
			continue
		}
		troubles := []trouble{
			bot.server("when memory is full", []any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}, "OOM"),
			bot.server("as a replica", []any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}, "READONLY"),
		}
		for _, command := range commands(t, "shared", "value", op.script) {
			troubles = append(troubles, bot.lacks(command))
		}
		for _, trouble := range troubles {
			t.Run(name+" "+trouble.name, func(t *testing.T) {
				if diff := cmp.Diff(want, try(t, op, &trouble, false)); diff != "" {
					t.Errorf("what it came to (-want +got):\n%s", diff)
				}
			})
			if op.leased { // others would be given the issue
				continue
			}
			t.Run(name+" "+trouble.name+" while others work", func(t *testing.T) {
				got := try(t, op, &trouble, true)
				slices.Sort(got.Handled)
				if diff := cmp.Diff(slices.Sorted(slices.Values(want.Handled)), got.Handled); diff != "" {
					t.Errorf("deliveries handled (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(want.After, got.After); diff != "" {
					t.Errorf("what is left (-want +got):\n%s", diff)
				}
			})
		}
	}
	for _, op := range operations {
		for _, command := range commands(t, op.script) {
			if op.script == "complete" && (command == "ZRANGE" || command == "LREM") {
				continue // only behind the ten thousandth record
			}
			if !failed[op.script+" without "+command] {
				t.Errorf("%s was never stopped at %s", op.script, command)
			}
		}
	}
}

// What the user may not do is said at the start, with the line that helps.
func TestRights(t *testing.T) {
	server, clock := redistest.Start(t, redistest.Options{}), &inboxtest.Clock{}
	bot := newUser(t, server)
	scripts, err := filepath.Glob("scripts/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range scripts {
		names = append(names, strings.TrimSuffix(filepath.Base(name), ".lua"))
	}
	for _, command := range append(commands(t, names...), "EVAL", "EVALSHA", "PING") {
		bot.set("-" + command)
		s, err := bot.open("p", clock)
		if err == nil {
			_ = s.Close()
			t.Errorf("it opened without %s", command)
		} else if !strings.Contains(strings.ToUpper(err.Error()), command) || !strings.Contains(err.Error(), "ACL SETUSER bot ~p:{inbox}:* +ping") {
			t.Errorf("without %s: got %v, want it named, and the line that helps", command, err)
		}
		bot.set("+" + command)
	}

	bot.set("resetkeys", "~q:*")
	if s, err := bot.open("p", clock); err == nil || !strings.Contains(err.Error(), "may not use all keys that begin with p:{inbox}:") {
		t.Errorf("without the keys: opened %v, got %v", s, err)
	}

	// The line is enough for everything, and nothing is left behind.
	_, line, _ := strings.Cut(bot.refused(clock), "ACL SETUSER bot ")
	bot.set("reset", "on", ">secret")
	for rule := range strings.FieldsSeq(line) {
		bot.set(rule)
	}
	s, err := bot.open("p", clock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if left := client(t, server).DBSize(t.Context()).Val(); left != 0 {
		t.Errorf("%d keys are left of trying", left)
	}
	for name, op := range operations {
		if err := op.prepare(t, s)(s); err != nil {
			t.Errorf("%s with the rights that were named: %v", name, err)
		}
		server.Flush()
	}
}

// refused is the error without any right.
func (u *user) refused(clock *inboxtest.Clock) string {
	u.t.Helper()
	u.set("reset", "on", ">secret")
	s, err := u.open("p", clock)
	if err == nil {
		u.t.Fatalf("it opened %v without any right", s)
	}
	return err.Error()
}

// A server without scripts is told apart, and its password is nobody's business.
func TestWithoutScripts(t *testing.T) {
	server := redistest.Start(t, redistest.Options{Password: "hunter2", Args: []string{"--rename-command", "EVAL", ""}})
	s, err := redis.Open(t.Context(), redis.Options{URL: server.URL(), Later: true})
	if err == nil || !strings.Contains(err.Error(), "scripting turned off") || !strings.Contains(err.Error(), "+eval +evalsha") {
		t.Errorf("opened %v, got %v, want it to say that scripts do not run", s, err)
	}
	if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "pcall")) {
		t.Errorf("got %v, want neither the password nor the script", err)
	}
}
