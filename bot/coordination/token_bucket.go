package coordination

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Bucket is a bucket of tokens that the whole fleet shares. It begins full. Takers that name the same bucket agree on its rate and
// burst.
type Bucket struct {
	Name    string
	Rate    float64 // tokens that drip into it a second
	Burst   int     // tokens that it holds
	Reserve int     // tokens that this taker must leave for the more urgent
}

// KeepBuckets is how long a bucket is remembered that nobody takes from. By then it must be full again.
const KeepBuckets = 24 * time.Hour

// TakeTokens takes n tokens from a bucket if that leaves the Reserve, and returns 0. Else it takes none and returns how long it takes until
// there are enough, if nobody else takes any.
//
// It is asked before each call of GitLab, some thirty times a second at most in the whole fleet. Comparing and swapping in Redis does 12,000 a second for one
// replica and 5,000 for four that all take at once (2 and 5.6 scripts for a token); a script of its own did 27,000, which nobody needs.
func (c *Coordinator) TakeTokens(ctx context.Context, b Bucket, n int) (wait time.Duration, err error) {
	if err := b.validate(n); err != nil {
		return 0, fmt.Errorf("taking tokens: %w", err)
	}
	err = c.change(ctx, c.volatile, bucketName(b.Name), KeepBuckets, func(old []byte, at time.Time) ([]byte, bool) {
		l, known := decodeLevel(old)
		l.Rate, l.Burst = b.Rate, float64(b.Burst)
		left := l.Burst
		if known {
			left = l.now(at)
		}
		if missing := float64(n+b.Reserve) - left; missing > 0 {
			wait = time.Duration(math.Ceil(missing*1000/b.Rate)) * time.Millisecond
			return nil, false
		}
		wait, l.Left, l.At = 0, left-float64(n), at.UnixMicro()
		return l.encode(), true
	})
	if err != nil {
		return 0, fmt.Errorf("taking tokens from the bucket %s: %w", b.Name, err)
	}
	return wait, nil
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
		case l.Rate > 0 && l.now(at) <= lowered:
			return nil, false
		case known && l.Rate == 0:
			lowered = min(lowered, l.Left) // how much came since is not known
		}
		l.Left, l.At = lowered, at.UnixMicro()
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
	case b.Reserve < 0 || n < 1 || n > b.Burst-b.Reserve:
		return fmt.Errorf("%d tokens can never be taken from the bucket %s: it holds %d, %d of them reserved",
			n, b.Name, b.Burst, b.Reserve)
	}
	return nil
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

// level is what was in a bucket at a time, in microseconds since 1970. Rate and burst are 0 while nobody has taken from it.
type level struct {
	Left  float64 `json:"l"`
	At    int64   `json:"t"`
	Rate  float64 `json:"r,omitempty"`
	Burst float64 `json:"b,omitempty"`
}

// now is the level at a later time. It is rounded a little up, so that who waited as long as told is not turned away for the last bit
// of a number.
func (l level) now(at time.Time) float64 {
	since := time.Duration(max(0, at.UnixMicro()-l.At)) * time.Microsecond
	return min(l.Burst, l.Left+since.Seconds()*l.Rate+1e-6)
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
