package planning

// NextMilestone is the milestone of a release that follows the one with this title: of those that are due after it and not before a day, the first to
// be due. False if there is none.
func NextMilestone(all []MilestoneDates, title string, day Date) (MilestoneDates, bool) {
	var after, next MilestoneDates
	for _, m := range all {
		if m.Title == title && !m.Due.IsZero() {
			after = m
		}
	}
	for _, m := range all {
		_, release := ParseVersion(m.Title)
		if !release || m.Title == title || m.Due.IsZero() || m.Due.Before(day) || !m.Due.After(after.Due) {
			continue
		}
		if next.Title == "" || m.Due.Before(next.Due) {
			next = m
		}
	}
	return next, next.Title != ""
}
