package sandbox

import "time"

// How a webhook that fails is stopped: after its fourth failure in a row for a minute, after every further one for twice as long, at
// most for a day; after the fortieth for good. Only a test that succeeds starts it again then.
const (
	graceFailures = 3
	lastFailure   = 40
	firstPause    = time.Minute
	longestPause  = 24 * time.Hour
)

// The states of a webhook, as the API words them.
const (
	hookExecutable = "executable"
	hookPaused     = "temporarily_disabled"
	hookDisabled   = "disabled"
)

func (s *Server) alertStatus(h *hook) string {
	switch {
	case !s.opt.AutoDisable:
		return hookExecutable
	case h.Failures >= lastFailure:
		return hookDisabled
	case h.Failures > graceFailures && !h.DisabledUntil.Before(s.now()):
		return hookPaused
	}
	return hookExecutable
}

// isExecutable reports whether anything is sent to the webhook now.
func (s *Server) isExecutable(h *hook) bool { return s.alertStatus(h) == hookExecutable }

// backOff counts a failure. What fails while the hook is stopped, as a test may, does not count.
func (s *Server) backOff(h *hook) {
	if !s.isExecutable(h) {
		return
	}
	h.Failures++
	if !s.opt.AutoDisable || h.Failures <= graceFailures {
		return
	}
	pause := firstPause
	for range h.Failures - graceFailures - 1 {
		pause = min(2*pause, longestPause)
	}
	h.DisabledUntil = s.now().Add(pause)
}
