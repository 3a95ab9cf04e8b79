package coordination

import (
	"slices"
	"time"
)

const (
	// KeepPlace is how long a taker that was turned away has its place among those who wait, from the last time it asked.
	KeepPlace = 15 * time.Second
	// Share is of how many tokens one is for takers that are not urgent, while urgent ones want all there are.
	Share = 10
)

// turns is who waits for tokens of a bucket, and whose turn it is. For each taker that came before another of its kind, a token is set aside.
// So nobody is overtaken for ever. One that does not come back costs the others the wait for a token, and where the bucket holds fewer than are set aside,
// all of KeepPlace.
type turns struct {
	Waiting []waiting `json:"w,omitempty"` // in the order of arrival
	Passed  int       `json:"p,omitempty"` // tokens that urgent takers got since one that waits and is not urgent has got any
}

// waiting is a taker that was turned away.
type waiting struct {
	Who    string `json:"w"`
	Urgent bool   `json:"u,omitempty"`
	Tokens int    `json:"n"`
	Until  int64  `json:"t"` // when it loses its place, in microseconds since 1970
}

// forgetAbsent forgets who has not asked for so long that it has gone.
func (t *turns) forgetAbsent(now time.Time) {
	t.Waiting = slices.DeleteFunc(t.Waiting, func(w waiting) bool { return w.Until <= now.UnixMicro() })
}

// ahead is how many takers of its kind come before this one, and how many tokens they want.
func (t *turns) ahead(b Bucket) (takers, tokens int) {
	for _, w := range t.Waiting {
		if w.Who == b.Who {
			break
		}
		if w.Urgent == b.Urgent {
			takers, tokens = takers+1, tokens+w.Tokens
		}
	}
	return takers, tokens
}

// owed is how many tokens urgent takers have to leave to the first of the others, because so many passed it.
func (t *turns) owed() int {
	first := slices.IndexFunc(t.Waiting, func(w waiting) bool { return !w.Urgent })
	if first < 0 || t.Passed < Share-1 {
		return 0
	}
	return t.Waiting[first].Tokens
}

// missing is how many tokens have to come in before this taker has its turn; 0 or less if it has.
func (l *level) missing(b Bucket, n int) float64 {
	takers, tokens := l.ahead(b)
	want := float64(tokens+n) - l.Left
	if b.Urgent {
		return want + float64(l.owed())
	}
	byReserve := want + l.Reserve
	if l.Passed == 0 && !slices.ContainsFunc(l.Waiting, func(w waiting) bool { return w.Urgent }) {
		return byReserve
	}
	// Urgent takers keep the bucket below the reserve: then it is how many of them passed that counts.
	toPass := max(Share-1-l.Passed, 0) + takers*(Share-1)
	if toPass == 0 {
		return min(byReserve, want)
	}
	return min(byReserve, max(want, 0)+float64(toPass))
}

// queue keeps the place of a taker that is turned away, and reports whether there is anything to keep.
func (t *turns) queue(b Bucket, n int, at time.Time) bool {
	if b.Who == "" {
		return false
	}
	w := waiting{Who: b.Who, Urgent: b.Urgent, Tokens: n, Until: at.Add(KeepPlace).UnixMicro()}
	if place := slices.IndexFunc(t.Waiting, func(w waiting) bool { return w.Who == b.Who }); place >= 0 {
		t.Waiting[place] = w
	} else {
		t.Waiting = append(t.Waiting, w)
	}
	return true
}

// leave takes a taker out of those who wait, since it has got its tokens, and counts whom it passed.
func (t *turns) leave(b Bucket, n int) {
	t.Waiting = slices.DeleteFunc(t.Waiting, func(w waiting) bool { return w.Who == b.Who })
	if b.Urgent && slices.ContainsFunc(t.Waiting, func(w waiting) bool { return !w.Urgent }) {
		t.Passed += n
	} else {
		t.Passed = 0
	}
}
