package redis_test

import (
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

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/inboxtest"
	"flowkeeper/bot/inbox/redis"
	"flowkeeper/bot/inbox/redistest"
)

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
	w.Level, _, err4 = coordinator(s).TakeTokens(t.Context(), bucket, bucket.Burst)
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
