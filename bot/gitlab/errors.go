package gitlab

import (
	"context"
	"errors"
	"time"
)

// Class says what a failure means for whoever has work to do.
type Class string

// The classes of failures.
const (
	// Outage: GitLab does not answer, or refuses everybody for now. Nobody's fault: wait, and never give up.
	Outage Class = "outage"
	// Retry: this request failed and may succeed later. Try again, but count.
	Retry Class = "retry"
	// GiveUp: it will not get better by itself. The text says what would help.
	GiveUp Class = "give up"
	// Gone: the issue or the note is not there any more, or hidden from the bot.
	Gone Class = "gone"
)

// Error is a failed call. Neither it nor what it wraps ever holds the token.
type Error struct {
	Op     string        // what was being done: "loading issue 7#12"
	Status int           // of the HTTP answer; 0 if there was none or nothing was sent
	Class  Class         // what to do about it
	After  time.Duration // GitLab asks not to come back earlier; 0 if it did not say
	Denied Denied        // that it refuses the bot as a whole; "" if it does not
	Err    error         // why, in a sentence for people
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause: a caller's cancelled context can be told by errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf is the class of an error of this package, however wrapped; "" for nil. A *BadReference is never cured by trying again: GiveUp.
// A context that ended is an Outage, any other foreign error a Retry.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if _, ok := errors.AsType[*BadReference](err); ok {
		return GiveUp
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Outage
	}
	return Retry
}

// After is how long GitLab asks to wait before the next request, at most ten minutes; 0 if it does not say.
func After(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}
