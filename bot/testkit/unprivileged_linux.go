package testkit

import (
	"runtime"
	"syscall"
	"testing"
)

// Unprivileged runs f with the rights on files of a user who is not root, also where the tests are root: root may write everywhere. It holds
// for what f does in its own goroutine.
func Unprivileged(t *testing.T, f func()) {
	t.Helper()
	if syscall.Geteuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setfsuid(0) }()
	f()
}
