package gitlab

import (
	"sync"
	"time"
)

// How long and how many ids are remembered. What is not there is asked for again each time: somebody may create it.
const (
	keepID = 10 * time.Minute
	maxIDs = 1000
)

// knownIDs remembers the ids of what people name.
type knownIDs[K comparable] struct {
	mu    sync.Mutex
	known map[K]cachedID
}

type cachedID struct {
	id    int64
	until time.Time
}

// cachedID is the remembered id, 0 if there is none.
func (k *knownIDs[K]) cachedID(key K, now time.Time) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.known[key]; now.Before(c.until) {
		return c.id
	}
	return 0
}

// remember remembers an id. When there are too many, all are forgotten: that costs a few look-ups.
func (k *knownIDs[K]) remember(key K, id int64, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxIDs {
		k.known = map[K]cachedID{}
	}
	k.known[key] = cachedID{id, now.Add(keepID)}
}
