package budget

import "time"

// size is how much goes through a bucket.
type size struct {
	perMinute int
	burst     int // what a full bucket holds
	reserve   int // what ordinary work leaves in it
}

// sized is the bucket for so many a minute, at least one: ten seconds' worth at most, a fifth of that in reserve. A full one always has
// room for ordinary work.
func sized(perMinute int) size {
	burst := max(perMinute/6, 2)
	return size{perMinute: perMinute, burst: burst, reserve: (burst + 4) / 5}
}

// within is the bucket that goes well with a limit of GitLab's: a minute and a burst stay below it.
func within(limit int) size { return sized(max(limit*6/7, 1)) }

// rate is in a second.
func (s size) rate() float64 { return float64(s.perMinute) / 60 }

// kept is what the class leaves in the bucket.
func (s size) kept(c class) int {
	if c == urgent {
		return 0
	}
	return s.reserve
}

// until is how long it takes at most to get from a level to another one.
func (s size) until(from, to float64) time.Duration {
	if from >= to {
		return 0
	}
	return time.Duration((to-from)/s.rate()*float64(time.Second)) + 1 // rounded up, or it would be asked for in vain
}

// bucket is how much may be spent at once. It knows of a reserve, gives back and can be lowered, which the usual ones do not.
type bucket struct {
	level float64
	at    time.Time // when it was that
}

// fill brings the bucket up to now.
func (b *bucket) fill(s size, now time.Time) {
	b.level = min(b.level+max(now.Sub(b.at).Seconds(), 0)*s.rate(), float64(s.burst))
	b.at = now
}

// take takes one if that leaves what is kept; else it says how long to wait.
func (b *bucket) take(s size, kept int, now time.Time) time.Duration {
	b.fill(s, now)
	if wait := s.until(b.level, float64(kept+1)); wait > 0 {
		return wait
	}
	b.level--
	return 0
}
