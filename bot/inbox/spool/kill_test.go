package spool_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
)

// The environment of the process that is to be killed.
const (
	childDir  = "SPOOL_TEST_DIR"
	childMood = "SPOOL_TEST_MOOD" // away, or flaky
)

// A process is killed while it spools, and while it hands over what it spooled. What it had answered is in the inbox, or there afterwards.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		child(t, dir, os.Getenv(childMood))
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"away", "flaky"} {
		t.Run(m, func(t *testing.T) {
			dir := t.TempDir()
			late, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(late, program, "-test.run=^TestKilled$")
			cmd.Env = append(os.Environ(), childDir+"="+dir, childMood+"="+m)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := testkit.Start(cmd); err != nil {
				t.Fatal(err)
			}
			answered, got := map[string]bool{}, map[string]bool{}
			for lines := bufio.NewScanner(out); lines.Scan(); {
				switch what, id, _ := strings.Cut(lines.Text(), " "); what {
				case "answered":
					answered[id] = true
				case "got":
					got[id] = true
				default:
					t.Errorf("the process said %q", lines.Text())
				}
				if len(answered) == 3000 {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if late.Err() != nil {
				t.Fatalf("waited two minutes until 3000 were answered: %d were", len(answered))
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
				t.Fatalf("the process ended by itself: %v", err)
			}

			f := newFake()
			r := start(t, f, spool.Options{Dir: dir})
			drained(r)
			r.end()
			for _, d := range f.all() {
				got[d.ID] = true
			}
			var lost []string
			for id := range answered {
				if !got[id] {
					lost = append(lost, id)
				}
			}
			slices.Sort(lost)
			if len(answered) < 3000 || len(lost) > 0 {
				t.Errorf("of %d that were answered %d are lost: %.20q", len(answered), len(lost), lost)
			}
		})
	}
}

// child accepts deliveries for ever and says which. A line is one write, so that it is there whole or not at all.
func child(t *testing.T, dir, m string) {
	f := &telling{flaky{fake: newFake(), inARow: 100}}
	if m == "away" {
		f.inARow = 1 << 40
	}
	s, err := spool.Open(spool.Options{Inbox: f, Dir: dir, Probe: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() { s.Run(t.Context()) })
	for c := range 64 {
		group.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprint(c, "-", n)
				if _, err := s.Enqueue(t.Context(), delivery(int64(c+1), id)); err != nil {
					t.Errorf("accepting: %v", err)
					return
				}
				fmt.Println("answered", id)
			}
		})
	}
	group.Wait()
}

// telling is a fake that says what it got before it answers.
type telling struct{ flaky }

func (f *telling) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	outcome, err := f.flaky.Enqueue(ctx, d)
	if err == nil {
		fmt.Println("got", d.ID)
	}
	return outcome, err
}
