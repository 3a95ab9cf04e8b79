package budget

import "time"

// size is the rate and the capacity of a bucket.
type size struct {
	perMinute int
	burst     int // tokens in a full bucket
	reserve   int // tokens that ordinary work leaves in it
}

// sizeFor is the size for so many calls a minute, at least one: it holds ten seconds' worth, a fifth of that in reserve. A full bucket always
// has a token for ordinary work.
func sizeFor(perMinute int) size {
	burst := max(perMinute/6, 2)
	return size{perMinute: perMinute, burst: burst, reserve: (burst + 4) / 5}
}

// sizeWithin is the size that stays within GitLab's limit of calls a minute, the burst included.
func sizeWithin(limit int) size { return sizeFor(max(limit*6/7, 1)) }

// rate is in tokens a second.
func (s size) rate() float64 { return float64(s.perMinute) / 60 }

// reserveFor is how many tokens the class must leave in the bucket.
func (s size) reserveFor(c class) int {
	if c == urgent {
		return 0
	}
	return s.reserve
}

// fillTime is how long the bucket takes to fill from one level to another, at most.
func (s size) fillTime(from, to float64) time.Duration {
	if from >= to {
		return 0
	}
	return time.Duration((to-from)/s.rate()*float64(time.Second)) + 1 // rounded up, or it would be asked for in vain
}

// bucket is a token bucket. It has a reserve, takes tokens back and can be lowered, which the usual ones cannot.
type bucket struct {
	level float64
	at    time.Time // when the level was computed
}

// fill brings the bucket up to now.
func (b *bucket) fill(s size, now time.Time) {
	b.level = min(b.level+max(now.Sub(b.at).Seconds(), 0)*s.rate(), float64(s.burst))
	b.at = now
}

// take takes a token if that leaves the reserve, and returns 0; else it returns how long to wait.
func (b *bucket) take(s size, reserve int, now time.Time) time.Duration {
	b.fill(s, now)
	if wait := s.fillTime(b.level, float64(reserve+1)); wait > 0 {
		return wait
	}
	b.level--
	return 0
}
