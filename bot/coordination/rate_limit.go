package coordination

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Use is one use of something that people may do only so often in any window of time.
type Use struct {
	Who    string        // whose uses are counted together: "7", a person's id
	ID     string        // names this use among theirs: "1234/3", the comment and the line of it
	Limit  int           // how many uses a window may hold: 1 to MaxUses
	Window time.Duration // above 0, at most KeepUses
}

// How much is remembered of uses.
const (
	// KeepUses is how long the answer to a use is kept. After that the same ID is a new use.
	KeepUses = 24 * time.Hour
	// MaxUses is how many answers of each kind, allowed and refused, are kept for one person; the oldest go first. It is at least a
	// limit, so that no use is forgotten that counts.
	MaxUses = 1000
)

// Permit is the answer to a use.
type Permit struct {
	Allowed bool
	Again   time.Duration // after how long the next use is allowed; 0 if this one is, or if another one would be by now
}

// RateLimit counts a use, unless there were Limit of them in the Window before it. The same use counts once and keeps its answer: a retry
// is no second use. Refused uses do not count, so they do not prolong the refusal.
func (c *Coordinator) RateLimit(ctx context.Context, u Use) (p Permit, err error) {
	if err := u.validate(); err != nil {
		return Permit{}, fmt.Errorf("counting a use: %w", err)
	}
	who := idOf(u.Who)
	err = c.change(ctx, c.durable, "uses/"+hex.EncodeToString(who[:]), KeepUses, func(old []byte, now time.Time) ([]byte, bool) {
		known := decodeUses(old)
		var fresh bool
		known, p, fresh = known.count(u, now)
		return known.encode(), fresh
	})
	if err != nil {
		return Permit{}, fmt.Errorf("counting a use of %s: %w", u.Who, err)
	}
	return p, nil
}

// validate says what is wrong with a use that cannot be counted.
func (u Use) validate() error {
	switch {
	case u.Who == "" || u.ID == "":
		return fmt.Errorf("the use %q of %q cannot be counted: who it is and its id must not be empty", u.ID, u.Who)
	case u.Limit < 1 || u.Limit > MaxUses:
		return fmt.Errorf("the use %q of %q cannot be counted: the limit must be 1 to %d, got %d", u.ID, u.Who, MaxUses, u.Limit)
	case u.Window <= 0 || u.Window > KeepUses:
		return fmt.Errorf("the use %q of %q cannot be counted: the window must be above 0 and at most %s, got %s",
			u.ID, u.Who, KeepUses, u.Window)
	}
	return nil
}

// uses are the answers that one person got, in the order in which they were given.
type uses []counted

// counted is a use with its answer. at is in microseconds since 1970.
type counted struct {
	id      id
	at      int64
	allowed bool
}

// id stands for a name that may be long.
type id [12]byte

func idOf(name string) (short id) {
	sum := sha256.Sum256([]byte(name))
	copy(short[:], sum[:])
	return short
}

// count answers a use. fresh says that the answer is new and has to be kept.
func (known uses) count(u Use, at time.Time) (_ uses, p Permit, fresh bool) {
	now, name := at.UnixMicro(), idOf(u.ID)
	known = slices.DeleteFunc(known, func(c counted) bool { return c.at <= now-KeepUses.Microseconds() })
	p.Again = known.untilRoom(u, now)
	if n := slices.IndexFunc(known, func(c counted) bool { return c.id == name }); n >= 0 {
		if known[n].allowed {
			p = Permit{Allowed: true}
		}
		return known, p, false
	}
	p.Allowed = p.Again == 0
	return append(known, counted{name, now, p.Allowed}).withoutOldest(p.Allowed), p, true
}

// untilRoom is how long it takes until the window holds fewer uses than the limit, 0 if it does.
func (known uses) untilRoom(u Use, now int64) time.Duration {
	var inWindow []int64
	for _, c := range known {
		if c.allowed && c.at > now-u.Window.Microseconds() {
			inWindow = append(inWindow, c.at)
		}
	}
	if len(inWindow) < u.Limit {
		return 0
	}
	slices.Sort(inWindow)
	last := inWindow[len(inWindow)-u.Limit] // when it has left the window there is room
	return time.Duration(last+u.Window.Microseconds()-now) * time.Microsecond
}

// withoutOldest forgets the first answer of a kind, if there is one too many.
func (known uses) withoutOldest(allowed bool) uses {
	same, first := 0, -1
	for n, c := range known {
		if c.allowed == allowed {
			if same++; first < 0 {
				first = n
			}
		}
	}
	if same > MaxUses {
		return slices.Delete(known, first, first+1)
	}
	return known
}

// A use is kept as its id, its time and 1 if it was allowed, so that the thousands of a busy person are read and written in microseconds.
const usedBytes = len(id{}) + 8 + 1

// decodeUses reads what encode wrote. What cannot be read counts as none.
func decodeUses(value []byte) uses {
	known := make(uses, 0, len(value)/usedBytes+1)
	for use := range slices.Chunk(value, usedBytes) {
		if len(use) < usedBytes {
			return nil
		}
		known = append(known, counted{
			id: id(use), at: int64(binary.BigEndian.Uint64(use[len(id{}):])), allowed: use[usedBytes-1] == 1,
		})
	}
	return known
}

func (known uses) encode() []byte {
	value := make([]byte, 0, len(known)*usedBytes)
	for _, c := range known {
		value = append(value, c.id[:]...)
		value = binary.BigEndian.AppendUint64(value, uint64(c.at))
		if c.allowed {
			value = append(value, 1)
		} else {
			value = append(value, 0)
		}
	}
	return value
}
