// Package coordination is how the processes of one bot agree: who does a job, how far it has come, who may do something again, how many
// calls may be made. All of it works over one small primitive, a named value that is compared and swapped and that expires; stores have the
// primitive, the rules are here, once for all stores.
//
// It knows nothing of deliveries, GitLab or rules. Errors are those of the store, with what was being done.
package coordination

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// Store keeps small named values. All methods may be called at the same time, from several processes where the store allows it. A name has
// at most MaxStoreName bytes.
type Store interface {
	// Get reads a value, nil if there is none or it has expired, and the time of the store. All processes share that time; it is not the
	// one of any of them.
	Get(ctx context.Context, name string) (value []byte, now time.Time, err error)
	// CompareAndSwap replaces a value if it is still the old one, and reports whether it was. An old value of no bytes is none, a new
	// one of no bytes forgets it. The new value expires after ttl, by the time of the store. After an error the value may be the new
	// one all the same.
	CompareAndSwap(ctx context.Context, name string, old, value []byte, ttl time.Duration) (swapped bool, err error)
}

// ProjectList is the projects that had a delivery. The inbox notes them when it takes one.
type ProjectList interface {
	// Projects lists them, ids ascending.
	Projects(ctx context.Context) ([]int64, error)
	// TouchProjects notes projects as if each just had a delivery stored: for whoever remembers what an emptied store forgot.
	TouchProjects(ctx context.Context, projects []int64) error
}

// Bounds of names.
const (
	MaxName      = 200 // bytes of a name that a caller gives
	MaxStoreName = 220 // bytes of a name in a store
)

// Coordinator is the ways to agree. It may be used by many goroutines.
type Coordinator struct {
	ProjectList
	durable, volatile Store
	changing          [16]chan struct{} // one change at a time in this process of all names that share a place; see change
}

// New is a coordinator over two stores, which may be the same: one for what must outlive the process, one for what may be forgotten with
// it, because then everybody else who relies on it is gone, too. Where one process has the store to itself the second is a Memory.
func New(durable, volatile Store, projects ProjectList) *Coordinator {
	c := &Coordinator{ProjectList: projects, durable: durable, volatile: volatile}
	for n := range c.changing {
		c.changing[n] = make(chan struct{}, 1)
	}
	return c
}

// change replaces a value by what next makes of it, anew as often as another process was quicker: each time one of all who try gets on.
// next gets the store's time, too. It must be free of effects but for its results; write false leaves the value as it is. Within a process
// those who want to change one value wait for each other, so that they do not spoil each other's tries.
func (c *Coordinator) change(
	ctx context.Context, s Store, name string, ttl time.Duration, next func(old []byte, now time.Time) (value []byte, write bool),
) error {
	place := fnv.New32a()
	_, _ = place.Write([]byte(name)) // never fails
	turn := c.changing[place.Sum32()%uint32(len(c.changing))]
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		old, now, err := s.Get(ctx, name)
		if err != nil {
			return err
		}
		value, write := next(old, now)
		if !write {
			return nil
		}
		if swapped, err := s.CompareAndSwap(ctx, name, old, value, ttl); err != nil || swapped {
			return err
		}
	}
}

// validateName says what is wrong with a name that a caller gives.
func validateName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("the name %.20q has %d bytes: it must have 1 to %d", name, len(name), MaxName)
	}
	return nil
}
