//go:build !unix

package testkit

import "time"

// CPUTime is how long this process has kept processors busy, in its own code and in the kernel's for it. 0 where that is not known.
func CPUTime() time.Duration { return 0 }
