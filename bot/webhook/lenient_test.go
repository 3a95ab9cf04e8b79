package webhook

import (
	"encoding/json"
	"testing"
)

// What is no day is none, and does not make a delivery unreadable.
func TestDays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`"2026-06-12"`:                "2026-06-12",
		`"2026-06-12T00:00:00.000Z"`:  "2026-06-12",
		`"2026-02-30"`:                "",
		`"next week"`:                 "",
		`"2026-06"`:                   "",
		`null`:                        "",
		`20260612`:                    "",
		`{"date":"2026-06-12"}`:       "",
		"\"2026-06-12\\u0000\"":       "2026-06-12",
		`["2026-06-12","2026-06-13"]`: "",
	} {
		var w word
		if err := json.Unmarshal([]byte(body), &w); err != nil || w.day() != want {
			t.Errorf("%s is the day %q (%v), want %q", body, w.day(), err, want)
		}
	}
}
