package main

import (
	"runtime/debug"
	"slices"
	"strings"
)

// garbagePercent is how much garbage may gather before it is collected, in percent of what is in use. Measured with BenchmarkGarbage, 20,000
// deliveries of 64 clients into the embedded store, medians of three:
//
//	100, Go's own        105 µs of CPU a delivery, 47 MiB at most
//	200                   96 µs, 52 MiB
//	400                   95 µs, 64 MiB
//	off, limit 64 MiB    113 µs, 86 MiB
//
// A limit of memory (GOMEMLIMIT) is left to whoever knows how much there is: what SQLite holds is not under it.
const garbagePercent = 200

// collectLess has garbage collected as seldom as is worth it, unless the environment says how often.
func collectLess(environ []string) {
	if !slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") }) {
		debug.SetGCPercent(garbagePercent)
	}
}
