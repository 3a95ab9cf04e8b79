//go:build unix

package testkit

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// InChild runs the test in a process of its own, because the size of all files of a process is limited together. It reports whether this is
// that process.
func InChild(t *testing.T) bool {
	t.Helper()
	const variable = "FLOWKEEPER_TEST_IN_CHILD"
	if os.Getenv(variable) == t.Name() {
		return true
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	if out, err := CombinedOutput(cmd); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	return false
}

// LimitFiles makes writing beyond a size fail, as on a full disk, until the test is over or the returned function is called.
func LimitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	set := func(l syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: size, Max: was.Max})
	t.Cleanup(func() { set(was) })
	return func() { set(was) }
}
