package planning

import "fmt"

// doubt is something wrong with GitLab's dates of a milestone.
type doubt struct {
	version Version
	text    string
}

func severalMilestones(v Version, used, other MilestoneDates) doubt {
	return doubt{v, fmt.Sprintf("there are several milestones %s: the one %s is used, not the one %s; close or rename those that are not meant", v, used.span(), other.span())}
}

func otherVersions(v Version, d, release Date) doubt {
	return doubt{v, fmt.Sprintf("milestone %s has the date %s, but by its title it is the release of %s: it is left out; correct its dates or its title", v, d, release)}
}

// span is a milestone's dates in words.
func (m MilestoneDates) span() string {
	switch {
	case m.Start.IsZero():
		return "until " + m.Due.String()
	case m.Due.IsZero():
		return "from " + m.Start.String()
	default:
		return "from " + m.Start.String() + " to " + m.Due.String()
	}
}

// Problems says what is wrong with GitLab's dates of the milestones from one day to another, and what would mend it; a sentence without full
// stop each. Milestones that are left out are named whenever they are.
func (c Calendar) Problems(from, to Date) []string {
	var all []string
	for _, d := range c.doubted {
		all = append(all, d.text)
	}
	for _, v := range c.between(from, to) {
		m, previous := c.Milestone(v), c.end(v.Previous()).Date
		if m.Release.Date.Before(from) || m.Start.Date.After(to) {
			continue
		}
		start, end := m.Start.Date, m.End.Date
		switch {
		case start.After(end):
			all = append(all, fmt.Sprintf("milestone %s begins on %s and ends before, on %s: correct its dates in GitLab", v, start, end))
		case m.WorkingDays == 0:
			all = append(all, fmt.Sprintf("milestone %s (%s to %s) has no working day: correct its dates in GitLab or calendar.holidays", v, start, end))
		case !end.Before(m.Release.Date):
			all = append(all, fmt.Sprintf("milestone %s ends on %s, not before its release on %s: correct its due date in GitLab or calendar.release", v, end, m.Release.Date))
		}
		switch {
		case !start.After(previous):
			all = append(all, fmt.Sprintf("milestone %s begins on %s, but %s ends on %s: correct one of the two in GitLab", v, start, v.Previous(), previous))
		case c.work.Count(previous.AddDays(1), start.AddDays(-1)) > 0:
			all = append(all, fmt.Sprintf("no milestone has the working days between %s, when %s ends, and %s, when %s begins: correct one of the two in GitLab",
				previous, v.Previous(), start, v))
		}
	}
	return all
}
