package worker

import (
	"context"
	"math"
	"sync"
	"time"
)

// maxDelay bounds the time between two attempts.
const maxDelay = 5 * time.Minute

// delay is how long the n-th failed attempt waits for the next: twice as long each time, at least what GitLab asked for.
func (p *Pool) delay(attempt int, asked time.Duration) time.Duration {
	d := min(float64(p.o.Backoff)*math.Pow(2, float64(attempt-1)), float64(maxDelay))
	d *= 0.8 + 0.4*p.o.Jitter()
	return max(time.Duration(d), asked)
}

// outage holds the workers back while GitLab does not answer: one issue tries, the others wait in the inbox instead of failing one
// after the other.
type outage struct {
	now  func() time.Time
	unit time.Duration // the first pause; it doubles with every failure

	mu       sync.Mutex
	failures int
	until    time.Time
}

// tolerated failures in a row are taken for chance.
const tolerated = 3

// failed notes that GitLab did not answer; asked is how long it asked to wait.
func (o *outage) failed(asked time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures++
	if o.failures < tolerated && asked == 0 {
		return
	}
	pause := o.unit << min(max(o.failures-tolerated, 0), 4)
	o.until = o.now().Add(max(pause, asked))
}

// inboxFailed notes that the store did not answer.
func (o *outage) inboxFailed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = o.now().Add(o.unit)
}

// ending reports whether GitLab did not answer the last calls, as far as this process knows, and notes that it does.
func (o *outage) ending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	ending := o.failures > 0
	o.failures, o.until = 0, time.Time{}
	return ending
}

// over notes that GitLab answers.
func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures, o.until = 0, time.Time{}
}

// wait waits out the pause and reports false when ctx has ended.
func (o *outage) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		o.mu.Lock()
		left := o.until.Sub(o.now())
		o.mu.Unlock()
		if left <= 0 {
			return true
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return false
}
