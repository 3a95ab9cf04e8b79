package planning

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Cadence is the rule of the releases: one a month, on the Nth such Weekday of it. Nth is 1 to 4; not every month has a fifth.
type Cadence struct {
	Weekday time.Weekday
	Nth     int
}

// HandbookCadence is the third Thursday, on which GitLab has released since 16.6.
var HandbookCadence = Cadence{Weekday: time.Thursday, Nth: 3}

// String is the rule in words: "third Thursday".
func (c Cadence) String() string {
	return [...]string{"first", "second", "third", "fourth"}[c.Nth-1] + " " + c.Weekday.String()
}

// release is the day on which a version is released.
func (c Cadence) release(v Version) Date {
	year, month := v.month()
	first := Date{year, month, 1}
	return first.AddDays(int(c.Weekday-first.Weekday()+7)%7 + 7*(c.Nth-1))
}

// end is the last day of a version's milestone: the Friday before its release.
func (c Cadence) end(v Version) Date { return c.release(v).last(time.Friday) }

// Version is a release and its milestone: 19.6. The minor number is 0 to 11, one for each month from May on.
type Version struct{ Major, Minor int }

// epoch is the year in whose May version 0.0 would have been released: 19.0 is that of May 2026.
const epoch = 2007

var versionForm = regexp.MustCompile(`^(0|[1-9][0-9]?)\.(0|[1-9]|1[01])$`)

// ParseVersion reads the title of a release's milestone, "19.6"; false if it is the title of something else, such as "Backlog".
func ParseVersion(title string) (Version, bool) {
	m := versionForm.FindStringSubmatch(title)
	if m == nil {
		return Version{}, false
	}
	major, _ := strconv.Atoi(m[1]) // two digits at most
	minor, _ := strconv.Atoi(m[2])
	return Version{major, minor}, true
}

// String is the title of the version's milestone: "19.6".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// MarshalText implements encoding.TextMarshaler.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Next is the version of the month after.
func (v Version) Next() Version { return versionAt(v.months() + 1) }

// Previous is the version of the month before.
func (v Version) Previous() Version { return versionAt(v.months() - 1) }

// months counts the versions since 0.0, one a month.
func (v Version) months() int { return 12*v.Major + v.Minor }

func versionAt(months int) Version {
	minor := (months%12 + 12) % 12
	return Version{(months - minor) / 12, minor}
}

// month is the month in which the version is released.
func (v Version) month() (int, time.Month) {
	n := v.Minor + int(time.May) - 1
	return epoch + v.Major + n/12, time.Month(n%12 + 1)
}

// versionOf is the version that is released in the month of a day.
func versionOf(d Date) Version { return versionAt(12*(d.Year-epoch) + int(d.Month-time.May)) }
