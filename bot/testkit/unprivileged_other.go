//go:build !linux

package testkit

import (
	"os"
	"testing"
)

// Unprivileged runs f with the rights on files of a user who is not root. Elsewhere than on Linux the tests must not be root for that.
func Unprivileged(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	f()
}
