package webhook

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// number is a whole number as GitLab's versions write it: 3, 3.0, "3", null, "" or not at all. Its UnmarshalJSON gives no error: any other value is
// marked as wrong, so that one odd value does not make the whole delivery unreadable.
type number struct {
	value int64
	state numberState
}

type numberState byte

const (
	numberAbsent numberState = iota
	numberNull
	numberSet
	numberWrong
)

func (n *number) UnmarshalJSON(b []byte) error {
	*n = parseNumber(b)
	return nil
}

func parseNumber(b []byte) number {
	b = bytes.Trim(b, `"`)
	if len(b) == 0 || string(b) == "null" {
		return number{state: numberNull}
	}
	if i, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return number{i, numberSet}
	}
	const exact = 1 << 53 // beyond, a float does not hold every whole number
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return number{state: numberWrong}
	}
	return number{int64(f), numberSet}
}

// firstID is the first of the numbers that is above 0; 0 if none is. GitLab has no other ids.
func firstID(numbers ...number) int64 {
	for _, n := range numbers {
		if n.value > 0 {
			return n.value
		}
	}
	return 0
}

// pointer is the number for a field where nothing and 0 differ.
func (n number) pointer() *int {
	if n.state != numberSet {
		return nil
	}
	i := int(n.value)
	return &i
}

// status is the category of a work item's status, "" where there is none. Like number's, its UnmarshalJSON gives no error.
type status struct{ category, name string }

func (s *status) UnmarshalJSON(b []byte) error {
	type object struct {
		Category string `json:"category"`
		Name     string `json:"name"`
	}
	*s = status{}
	if o, err := unmarshal[object](b); err == nil {
		*s = status{cleanText(o.Category, maxName), cleanText(o.Name, maxName)}
	}
	return nil
}

// word is a text, "" for null and whatever is no text. Like number's, its UnmarshalJSON gives no error.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	text, err := unmarshal[string](b)
	if *w = ""; err == nil {
		*w = word(cleanText(*text, maxName))
	}
	return nil
}

// day is the word as a day, "2026-12-01"; "" if it is none. Some versions write a time behind it.
func (w word) day() string {
	text := string(w[:min(len(w), len(time.DateOnly))])
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return ""
	}
	return text
}

// moment is a point in time as GitLab's versions write it: "2026-05-28T06:17:50.386Z", with an offset, or "2023-05-25 17:12:06 UTC".
// It is zero for null, "" and whatever is no date. coarse says that it was written without a fraction of a second.
type moment struct {
	at     time.Time
	coarse bool
}

// UnmarshalJSON implements json.Unmarshaler; like number's it gives no error.
func (m *moment) UnmarshalJSON(b []byte) error {
	*m = parseMoment(string(bytes.Trim(b, `"`)))
	return nil
}

func parseMoment(s string) moment {
	const date = len("2006-01-02")
	if len(s) <= date {
		return moment{}
	}
	layouts := []string{time.RFC3339, "2006-01-02T15:04:05Z0700"}
	if s[date] == ' ' {
		layouts = []string{"2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05 -0700"}
	}
	for _, layout := range layouts {
		// Parse takes a fraction after the seconds although the layouts have none.
		at, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		at = at.UTC()
		if at.Year() < 1 || at.Year() > 9999 { // would not survive being stored as JSON
			return moment{}
		}
		return moment{at: at, coarse: !strings.Contains(s, ".")}
	}
	return moment{}
}

// firstMoment is the first of the moments that is not zero.
func firstMoment(moments ...moment) time.Time {
	for _, m := range moments {
		if !m.at.IsZero() {
			return m.at
		}
	}
	return time.Time{}
}
