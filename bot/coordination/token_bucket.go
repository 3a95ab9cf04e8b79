package coordination

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Bucket is a bucket of tokens that the whole fleet shares, as one of its takers sees it. It begins full. While takers differ about the size, as
// those that have not heard of a limit yet, the smallest counts for all.
type Bucket struct {
	Name    string
	Rate    float64 // tokens that drip into it a second
	Burst   int     // tokens that it holds
	Reserve int     // tokens that are kept for urgent takers

	Urgent bool   // this taker may have the reserve, and goes first; see Share
	Who    string // this taker, one of all processes: who is turned away keeps its place under this name; "" keeps none
}

const (
	// KeepBuckets is how long a bucket is remembered that nobody takes from. By then it must be full again.
	KeepBuckets = 24 * time.Hour
	// KeepSize is how long the size of a taker that has not asked since counts for takers with a larger one.
	KeepSize = time.Minute

	// maxSkew is more than the times differ by that a store tells two processes at one moment. A step back by more is a clock that was put right.
	maxSkew = 2 * time.Second
)

// TakeTokens takes n tokens from a bucket if that leaves what is kept for others, and returns 0. Else it takes none and returns how long it takes
// until this taker has its turn, if no other comes first; whoever waits asks again then, and at least once within KeepPlace, or loses its
// place. In both cases it tells how many tokens are left.
//
// It is asked before each call of GitLab, twice where that has to wait, also for its budget as a comment: some hundred times a second at most in the whole
// fleet. Comparing and swapping in Redis does 12,000 a second for one replica and 5,000 for four that all ask at once (2 and 5.6 scripts each, whether they
// get a token or a place among those who wait); a script of its own did 27,000, which nobody needs.
func (c *Coordinator) TakeTokens(ctx context.Context, b Bucket, n int) (wait time.Duration, left float64, err error) {
	if err := b.validate(n); err != nil {
		return 0, 0, fmt.Errorf("taking tokens: %w", err)
	}
	err = c.change(ctx, c.volatile, bucketName(b.Name), KeepBuckets, func(old []byte, at time.Time) (_ []byte, write bool) {
		l, known := decodeLevel(old)
		if !known {
			l.Left = float64(b.Burst)
		}
		l.fill(b, n, at)
		l.forgetAbsent(at)
		if missing := l.missing(b, n); missing > 0 {
			wait = time.Duration(math.Ceil(missing*1000/l.Rate)) * time.Millisecond
			write = l.queue(b, n, at)
		} else {
			wait, write = 0, true
			l.take(b, n)
		}
		left = l.Left
		return l.encode(), write
	})
	if err != nil {
		return 0, 0, fmt.Errorf("taking tokens from the bucket %s: %w", b.Name, err)
	}
	return wait, left, nil
}

// LowerTo lowers what is in a bucket, for whoever knows better than the bucket. It never raises it.
func (c *Coordinator) LowerTo(ctx context.Context, name string, left int) error {
	if err := validateLevel(name, left); err != nil {
		return fmt.Errorf("lowering a bucket: %w", err)
	}
	err := c.change(ctx, c.volatile, bucketName(name), KeepBuckets, func(old []byte, at time.Time) ([]byte, bool) {
		l, known := decodeLevel(old)
		lowered := float64(left)
		switch {
		case l.Rate > 0 && l.now(at.UnixMicro()) <= lowered:
			return nil, false
		case known && l.Rate == 0:
			lowered = min(lowered, l.Left) // how much came since is not known
		}
		l.Left, l.At = lowered, l.latest(at.UnixMicro())
		return l.encode(), true
	})
	if err != nil {
		return fmt.Errorf("lowering the bucket %s: %w", name, err)
	}
	return nil
}

func bucketName(name string) string { return "bucket/" + name }

// validate says what is wrong with taking n tokens from a bucket: what no wait would make possible, too.
func (b Bucket) validate(n int) error {
	if err := validateName(b.Name); err != nil {
		return err
	}
	switch {
	case !(b.Rate > 0) || math.IsInf(b.Rate, 0):
		return fmt.Errorf("the bucket %s has the rate %g: it must be above 0", b.Name, b.Rate)
	case b.Burst < 1 || float64(b.Burst)/b.Rate > KeepBuckets.Seconds():
		return fmt.Errorf("the bucket %s has the burst %d: it must be above 0 and full again within %s, at a rate of %g a second",
			b.Name, b.Burst, KeepBuckets, b.Rate)
	case b.Reserve < 0 || n < 1 || n > b.Burst-b.kept():
		return fmt.Errorf("%d tokens can never be taken from the bucket %s: it holds %d, %d of them reserved",
			n, b.Name, b.Burst, b.kept())
	}
	if b.Who == "" {
		return nil
	}
	return validateName(b.Who)
}

// kept is how many tokens this taker has to leave.
func (b Bucket) kept() int {
	if b.Urgent {
		return 0
	}
	return b.Reserve
}

func validateLevel(name string, left int) error {
	if err := validateName(name); err != nil {
		return err
	}
	if left < 0 {
		return fmt.Errorf("the bucket %s cannot have %d tokens left: it must be 0 or above", name, left)
	}
	return nil
}

// level is what was in a bucket at a time, in microseconds since 1970, and who waits. The size is 0 while nobody has taken from it.
type level struct {
	Left    float64 `json:"l"`
	At      int64   `json:"t"`
	Rate    float64 `json:"r,omitempty"`
	Burst   float64 `json:"b,omitempty"`
	Reserve float64 `json:"k,omitempty"`
	Until   int64   `json:"u,omitempty"` // when the size does not count any more for takers with a larger one
	turns
}

// now is the level at a later time. It is rounded a little up, so that who waited as long as told is not turned away for the last bit
// of a number.
func (l level) now(at int64) float64 {
	since := time.Duration(max(0, at-l.At)) * time.Microsecond
	return min(l.Burst, l.Left+since.Seconds()*l.Rate+1e-6)
}

// latest is the time up to which the bucket is filled when a process asks at another: it does not go back with one whose clock is behind, else
// what came between would come anew each time that processes ask by turns.
func (l level) latest(at int64) int64 {
	if l.At-at > maxSkew.Microseconds() {
		return at
	}
	return max(at, l.At)
}

// fill brings the bucket up to now, for a taker of n tokens, whose size it gets unless a smaller one counts.
func (l *level) fill(b Bucket, n int, at time.Time) {
	now, before := l.latest(at.UnixMicro()), l.Rate > 0
	larger := before && b.Rate > l.Rate && float64(n) <= l.Burst-l.Reserve
	switch {
	case larger && now < l.Until:
		l.Left, l.At = l.now(now), now
		return
	case larger: // from then on
		l.Left, l.At = l.now(l.Until), max(l.Until, l.At)
	case before:
		l.Left, l.At = l.now(now), now
	}
	l.Rate, l.Burst, l.Reserve, l.Until = b.Rate, float64(b.Burst), float64(b.Reserve), now+KeepSize.Microseconds()
	l.Left, l.At = l.now(now), now
}

// take takes tokens that are there.
func (l *level) take(b Bucket, n int) {
	l.Left -= float64(n)
	l.leave(b, n)
}

// decodeLevel reads what encode wrote. What cannot be read counts as not known.
func decodeLevel(value []byte) (l level, known bool) {
	if json.Unmarshal(value, &l) != nil {
		return level{}, false
	}
	return l, true
}

func (l level) encode() []byte {
	value, err := json.Marshal(l)
	if err != nil {
		panic("a level holds only what JSON can write: " + err.Error())
	}
	return value
}
