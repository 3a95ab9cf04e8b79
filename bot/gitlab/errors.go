package gitlab

import (
	"context"
	"errors"
	"time"
)

// Class says what a failure means for the caller.
type Class string

// The classes of failures.
const (
	// Unavailable: GitLab does not answer, or refuses all requests for now. Wait as long as it takes; this does not count as an attempt.
	Unavailable Class = "unavailable"
	// Transient: this request failed and may succeed later. Try again a limited number of times.
	Transient Class = "transient"
	// Permanent: trying again does not help. The text says what would.
	Permanent Class = "permanent"
	// NotFound: the issue or the note does not exist any more, or is hidden from the bot.
	NotFound Class = "not found"
)

// Error is a failed call. Neither it nor what it wraps ever holds the token.
type Error struct {
	Op         string        // what was being done: "loading issue 7#12"
	Status     int           // of the HTTP answer; 0 if there was none or nothing was sent
	Class      Class         // what to do about it
	RetryAfter time.Duration // GitLab asks to wait this long; 0 if it did not say
	Denied     Denied        // what GitLab refuses as a whole; "" if only this request
	Unsent     bool          // nothing was sent, so nothing can come of it
	Err        error         // why, in a sentence for people
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause: a caller's cancelled context can be told by errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf is the class of an error of this package, however wrapped; "" for nil. A *BadReference is Permanent. A context
// that ended is Unavailable, any other foreign error Transient.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if _, ok := errors.AsType[*BadReference](err); ok {
		return Permanent
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Transient
}

// RetryDelay is how long GitLab asks to wait before the next request, at most ten minutes; 0 if it does not say.
func RetryDelay(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
