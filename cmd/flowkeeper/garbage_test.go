package main

import (
	"runtime/debug"
	"testing"
)

// TestCollectLess: what the environment says stays in force.
func TestCollectLess(t *testing.T) {
	own := debug.SetGCPercent(77)
	defer debug.SetGCPercent(own)
	for _, test := range []struct {
		environ []string
		want    int
	}{
		{[]string{"HOME=/", "GOGC=50"}, 77},
		{[]string{"GOGC=off"}, 77},
		{[]string{"HOME=/", "XGOGC=50"}, garbagePercent},
	} {
		debug.SetGCPercent(77)
		collectLess(test.environ)
		if got := debug.SetGCPercent(77); got != test.want {
			t.Errorf("with %q: %d, want %d", test.environ, got, test.want)
		}
	}
}
