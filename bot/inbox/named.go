package inbox

import (
	"fmt"
	"time"
)

// Bounds of what the program itself names: turns, marks, buckets.
const (
	MaxName = 200  // bytes of a name
	MaxMark = 4096 // bytes of a mark
	// KeepMarks is how long a mark outlives its last setting.
	KeepMarks = 90 * 24 * time.Hour
)

// ValidateName says what is wrong with a name that no store can keep something under.
func ValidateName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("the name %.20q has %d bytes: it must have 1 to %d", name, len(name), MaxName)
	}
	return nil
}

// ValidateTurn says what is wrong with the arguments of a Turn.
func ValidateTurn(name, holder string, lease time.Duration) error {
	if err := ValidateName(name); err != nil {
		return err
	}
	if err := ValidateName(holder); err != nil {
		return fmt.Errorf("the holder: %w", err)
	}
	if lease < time.Millisecond {
		return fmt.Errorf("the lease is %s: it must be at least a millisecond", lease)
	}
	return nil
}

// ValidateMark says what is wrong with a mark that no store can keep.
func ValidateMark(name string, value []byte) error {
	if err := ValidateName(name); err != nil {
		return err
	}
	if len(value) > MaxMark {
		return fmt.Errorf("the mark %s has %d bytes: it may have %d", name, len(value), MaxMark)
	}
	return nil
}
