package worker

import (
	"context"
	"math"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sleep"
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
	log  *zap.Logger

	mu       sync.Mutex
	failures int
	until    time.Time
	denial   error     // GitLab refuses the bot as a whole; nil if it does not
	denied   time.Time // when it last did
}

// tolerated failures in a row are taken for chance.
const tolerated = 3

// failed notes that GitLab did not answer, or refuses the bot as a whole.
func (o *outage) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deny(err)
	asked := gitlab.RetryDelay(err)
	o.failures++
	if o.failures < tolerated && asked == 0 {
		return
	}
	pause := o.unit << min(max(o.failures-tolerated, 0), 4)
	o.until = o.now().Add(max(pause, asked))
}

// deny says once that GitLab refuses the bot as a whole.
func (o *outage) deny(err error) {
	denied := gitlab.DeniedOf(err)
	if denied == "" {
		return
	}
	if denied != gitlab.DeniedOf(o.denial) {
		o.log.Error("GitLab refuses the bot; all deliveries are kept and tried again until it does not", zap.String("denied", string(denied)), zap.Error(err))
	}
	o.denial, o.denied = err, o.now()
}

// inboxFailed notes that the store did not answer.
func (o *outage) inboxFailed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = o.now().Add(o.unit)
}

// over notes that GitLab answers.
func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures, o.until = 0, time.Time{}
	if o.denial != nil {
		o.denial = nil
		o.log.Info("GitLab takes the bot again; what was kept is handled now")
	}
}

// Denied is why GitLab refuses the bot as a whole; nil if it does not. What was not tried again since may have been taken up by another
// process, so it counts no longer than that can take.
func (p *Pool) Denied() error {
	o := &p.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now().Sub(o.denied) > 2*maxDelay {
		return nil
	}
	return o.denial
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
		sleep.For(ctx, left)
	}
	return false
}
