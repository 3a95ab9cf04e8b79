package report

import (
	"sync"
	"time"
)

// registryCopy is the registry as this process last saw it.
type registryCopy struct {
	mu   sync.Mutex
	list []Entry // not changed once it is here
	at   time.Time
}

func (r *registryCopy) keep(list []Entry, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.at = list, now
}

// recent is the copy, if it is young enough.
func (r *registryCopy) recent(now time.Time) ([]Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list, !r.at.IsZero() && now.Sub(r.at).Abs() < keepRead
}
