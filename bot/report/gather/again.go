package gather

import (
	"context"
	"errors"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sleep"
)

// How often a call is made that fails for a reason which may pass. A snapshot takes dozens of calls: without this, a GitLab that is troubled would
// never give a whole one. One that does not answer at all is given up sooner, since people may wait for the report.
const (
	tries          = 8
	triesNoAnswers = 4
)

// again makes a call that reads until it succeeds, fails for a reason that will not pass, or has failed too often.
func again(ctx context.Context, call func() error) error {
	var b backoff
	for {
		if err := call(); !b.retry(ctx, err) {
			return err
		}
	}
}

// backoff counts how often something failed in a row.
type backoff struct{ failed int }

// retry reports whether to try again, after a wait that is longer each time and at least as long as GitLab asks for.
func (b *backoff) retry(ctx context.Context, err error) bool {
	const first, longest = 100 * time.Millisecond, 5 * time.Second
	if !mayPass(err) {
		return false
	}
	b.failed++
	if b.failed >= tries || b.failed >= triesNoAnswers && !answered(err) {
		return false
	}
	return sleep.For(ctx, max(min(first<<(b.failed-1), longest), gitlab.RetryDelay(err)))
}

// mayPass reports whether an error is of a kind that may be gone at the next call.
func mayPass(err error) bool {
	if e, ok := errors.AsType[*gitlab.Error](err); ok && e.Denied != "" {
		return false
	}
	class := gitlab.ClassOf(err)
	return class == gitlab.Transient || class == gitlab.Unavailable
}

// answered reports whether GitLab, or a proxy before it, answered a call that failed.
func answered(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status != 0
}
