package planning

// dateOf is the day of an occasion of the milestone.
func (s Snapshot) dateOf(o Occasion) Date {
	for _, k := range s.Calendar.KeyDates(s.Milestone) {
		if k.Occasion == o {
			return k.Date
		}
	}
	return Date{}
}

// dueOn is the day of an occasion by which something is to be done; none if it is over, so that a report that is opened late does not begin overdue.
func (s Snapshot) dueOn(o Occasion) Date {
	if d := s.dateOf(o); !d.Before(s.today()) {
		return d
	}
	return Date{}
}

// by says until when something is to be done, "" if there is no such day.
func by(d Date) string {
	if d.IsZero() {
		return ""
	}
	return " by " + d.inWords()
}
