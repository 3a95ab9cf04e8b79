// Package record is what the bot keeps in its inbox, which only sees bytes: what happened, until it is handled, and what was decided,
// for those who ask why. It is the one place that knows how both are written, so that whoever reads them depends neither on who wrote
// them nor on the store.
//
// Both are JSON with short keys; testdata holds one of each as it is stored. A key that is not known is skipped and one that is missing
// is empty, so a new key is no new format. A key that means something else is one: then
// it is written as "v", and releases that do not know it refuse what they would read wrongly.
package record

import (
	"encoding/json"
	"fmt"
)

// newestFormat is the format that this release writes and the newest that it reads. There has only been one, which is not written.
const newestFormat = 1

// decode reads JSON, unless it is in a newer format.
func decode(data []byte, into any) error {
	var written struct {
		Format int `json:"v"`
	}
	err := json.Unmarshal(data, &written)
	if err == nil && written.Format > newestFormat {
		return fmt.Errorf("a newer release wrote it, in format %d; this one reads format %d", written.Format, newestFormat)
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("another release wrote it, or it is damaged: %w", err)
	}
	return nil
}
