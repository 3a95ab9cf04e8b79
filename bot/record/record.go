// Package record is what the bot keeps in its inbox, which only sees bytes: what happened, until it is handled, and what was decided,
// for those who ask why. It is the one place that knows how both are written, so that whoever reads them depends neither on who wrote
// them nor on the store.
//
// Both are JSON with short keys; testdata holds one of each as it is stored. A key that is not known is skipped and one that is missing
// is empty, so a new key is no new format. A key that means something else is one: then the format is written as "v", and releases that
// do not know it refuse what they would read wrongly.
package record

import "fmt"

// newestFormat is the format that this release writes and the newest that it reads. There has only been one, which is not written.
const newestFormat = 1

// stored is read beside what is kept.
type stored struct {
	Format int `json:"v"`
}

// check says why what was read cannot be used; err is that of reading it.
func (s stored) check(err error) error {
	switch {
	case s.Format > newestFormat:
		return fmt.Errorf("a newer release wrote it, in format %d; this one reads format %d", s.Format, newestFormat)
	case err != nil:
		return fmt.Errorf("another release wrote it, or it is damaged: %w", err)
	}
	return nil
}
