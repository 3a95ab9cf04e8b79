package planning

import "time"

// WorkingDays tells the days on which people work: Monday to Friday without holidays. The zero value knows no holidays.
type WorkingDays struct{ holidays map[Date]bool }

// NewWorkingDays are the working days with these holidays, of which those on a weekend make no difference.
func NewWorkingDays(holidays []Date) WorkingDays {
	w := WorkingDays{holidays: make(map[Date]bool, len(holidays))}
	for _, d := range holidays {
		w.holidays[d] = true
	}
	return w
}

// Has reports whether people work on a day.
func (w WorkingDays) Has(d Date) bool {
	day := d.Weekday()
	return day != time.Saturday && day != time.Sunday && !w.holidays[d]
}

// From is the day itself if people work on it, else the next on which they do.
func (w WorkingDays) From(d Date) Date {
	for !w.Has(d) {
		d = d.AddDays(1)
	}
	return d
}

// Add is the n-th working day after a day; the day itself if n is not positive.
func (w WorkingDays) Add(d Date, n int) Date {
	for ; n > 0; n-- {
		d = w.From(d.AddDays(1))
	}
	return d
}

// Count is the number of working days from first to last, both included; 0 if last is before first.
func (w WorkingDays) Count(first, last Date) int {
	n := 0
	for d := first; !d.After(last); d = d.AddDays(1) {
		if w.Has(d) {
			n++
		}
	}
	return n
}

// AddWorkingDays is the moment n working days after t, in UTC and without holidays.
func AddWorkingDays(t time.Time, n int) time.Time {
	t = t.UTC()
	day := DateOf(t)
	return t.AddDate(0, 0, WorkingDays{}.Add(day, n).DaysSince(day))
}
