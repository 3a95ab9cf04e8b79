package testkit

import "time"

// Pass lets the time of a bubble of testing/synctest go by, none if d is 0. It receives from no timer that is due already: where goroutines of
// one bubble do that at the same time, Go's race detector crashes (seen with Go 1.26).
func Pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
