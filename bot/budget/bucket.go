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

// bucket is what this process has left, to hold it to the budget whatever the store says. Who comes first is decided elsewhere.
type bucket struct {
	level float64   // below 0 while tokens are owed
	at    time.Time // when the level was computed
}

// fill brings the bucket up to now.
func (b *bucket) fill(s size, now time.Time) {
	b.level = min(b.level+max(now.Sub(b.at).Seconds(), 0)*s.rate(), float64(s.burst))
	b.at = now
}

// take takes a token and returns how long it takes until it is there, 0 if it is.
func (b *bucket) take(s size, now time.Time) time.Duration {
	b.fill(s, now)
	b.level--
	return time.Duration(max(-b.level, 0) / s.rate() * float64(time.Second))
}
