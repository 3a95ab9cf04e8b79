package inbox

import (
	"fmt"
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

// Validate says what is wrong with a use that no store can count.
func (u Use) Validate() error {
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

// Counted is the answer to a use.
type Counted struct {
	Allowed bool
	Again   time.Duration // after how long the next use is allowed; 0 if this one is, or if another one would be by now
}
