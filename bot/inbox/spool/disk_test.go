//go:build unix

package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
)

// A full disk is an error with a remedy. What was accepted before is handed over all the same, and what comes once the inbox is back goes
// directly, be there room or not.
func TestDiskFull(t *testing.T) {
	if !testkit.InChild(t) {
		return
	}
	f := newFake()
	o := spool.Options{Dir: t.TempDir(), Probe: time.Millisecond}
	f.become(away)
	r := start(t, f, o)
	defer r.end()
	lift := testkit.LimitFiles(t, 20<<20)

	var accepted int
	var err error
	big := func(n int) inbox.Delivery {
		d := delivery(int64(n%5+1), fmt.Sprint(n))
		d.Body = bytes.Repeat([]byte("x"), 1<<20)
		return d
	}
	for err == nil && accepted < 100 {
		if _, err = r.Enqueue(t.Context(), big(accepted)); err == nil {
			accepted++
		}
	}
	if !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), "cannot be written; free disk space") {
		t.Fatalf("after %d deliveries: got %v, want the disk to be full", accepted, err)
	}
	r.degraded("cannot be written", fmt.Sprintf("%d deliveries wait", accepted))

	f.become(answers)
	drained(r)
	r.put(1, "direct")
	if got := len(f.all()); got != accepted+1 {
		t.Errorf("the inbox got %d deliveries, want %d", got, accepted+1)
	}
	lift()
	recovered(t, r.Spool)
	f.become(away)
	r.accept(big(accepted), inbox.Stored) // what was refused is no duplicate
}

// Even if nothing at all can be written, somebody has to find out that the inbox is back. What was handed over meanwhile takes no room any
// more as soon as it can be removed from the file.
func TestNothingCanBeWritten(t *testing.T) {
	if !testkit.InChild(t) {
		return
	}
	f := newFake()
	r := start(t, f, spool.Options{Dir: t.TempDir(), Max: 2, Probe: time.Millisecond, Timeout: time.Millisecond})
	defer r.end()
	f.become(away)
	r.put(1, "a", "b")
	lift := testkit.LimitFiles(t, 1)
	f.become(answers)
	drained(r)
	f.become(away)
	for n := range 3 {
		if _, err := r.Enqueue(t.Context(), delivery(1, fmt.Sprint(n))); !errors.Is(err, inbox.ErrUnavailable) {
			t.Errorf("accepting without disk and inbox: got %v, want it unavailable", err)
		}
	}
	f.become(answers)
	testkit.Until(t, "an accept finds that the inbox is back", func() bool {
		_, err := r.Enqueue(t.Context(), delivery(1, "back"))
		if err != nil && !errors.Is(err, inbox.ErrUnavailable) {
			t.Fatal(err)
		}
		return err == nil
	})
	r.got(1, "a b back")
	testkit.Until(t, "the writer has tried the disk", func() bool { return strings.Contains(fmt.Sprint(r.Degraded()), "cannot be written") })
	lift()
	recovered(t, r.Spool)
	f.become(away)
	r.put(1, "c", "d")
}
