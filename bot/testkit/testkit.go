// Package testkit is what tests everywhere need: waits that end and say what they waited for, and child processes that do not outlive the
// test that started them. Only tests import it.
package testkit

import (
	"testing"
	"time"
)

// patience is how long a test waits for something that takes a moment, however busy the machine is.
const patience = 2 * time.Minute

// Receive waits for a value from the channel, or for its end. The test fails if neither comes; what says what it was.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case v := <-from:
		return v
	case <-late.C:
		t.Fatalf("waited %s for %s", patience, what)
		panic("not reached")
	}
}

// Until asks again and again until it is so. The test fails if it never is; what says what it was.
func Until(t testing.TB, what string, so func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("waited %s until %s", patience, what)
		}
	}
}
