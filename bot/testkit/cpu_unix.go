//go:build unix

package testkit

import (
	"syscall"
	"time"
)

// CPUTime is how long this process has kept processors busy, in its own code and in the kernel's for it. 0 where that is not known.
func CPUTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
