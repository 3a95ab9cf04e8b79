package planning

// MilestoneDates are the dates that a milestone has in GitLab. The zero Date is one that it does not tell.
type MilestoneDates struct {
	Title      string
	Start, Due Date
}

// Options are what a calendar is made of.
type Options struct {
	Release    Cadence // default HandbookCadence, if Nth is 0
	Holidays   []Date
	Milestones []MilestoneDates // of several with one title the first counts; those that are no release ("Backlog") do no harm
}

// Calendar knows the dates of all milestones. GitLab's own dates of a milestone win; what it does not tell is reckoned by the rule.
type Calendar struct {
	release Cadence
	work    WorkingDays
	own     map[Version]MilestoneDates
	doubted []doubt // what was wrong with the milestones when they were read
}

// farthest is by how many days a milestone may be off the rule. One that is farther off is of a product that counts its versions otherwise.
const farthest = 45

// New makes a calendar.
func New(o Options) Calendar {
	if o.Release.Nth == 0 {
		o.Release = HandbookCadence
	}
	c := Calendar{release: o.Release, work: NewWorkingDays(o.Holidays), own: map[Version]MilestoneDates{}}
	for _, m := range o.Milestones {
		c.adopt(m)
	}
	return c
}

// adopt takes over the dates of a milestone, if it is that of a release and has any.
func (c *Calendar) adopt(m MilestoneDates) {
	v, ok := ParseVersion(m.Title)
	if !ok || m.Start.IsZero() && m.Due.IsZero() {
		return
	}
	if first, twice := c.own[v]; twice {
		if first != m {
			c.doubted = append(c.doubted, severalMilestones(v, first, m))
		}
		return
	}
	for _, d := range []struct{ own, rule Date }{{m.Start, c.release.end(v.Previous())}, {m.Due, c.release.end(v)}} {
		if off := d.own.DaysSince(d.rule); !d.own.IsZero() && (off > farthest || off < -farthest) {
			c.doubted = append(c.doubted, otherVersions(v, d.own, c.release.release(v)))
			return
		}
	}
	c.own[v] = m
}

// WorkingDays are the calendar's working days.
func (c Calendar) WorkingDays() WorkingDays { return c.work }

// Day is a date of a milestone and where it comes from: From is the title of the GitLab milestone that tells it, or on whose date it rests;
// "" if it comes from the rule alone.
type Day struct {
	Date Date   `json:"date"`
	From string `json:"from,omitempty"`
}

// Milestone is the milestone of a release with all its dates. Start and End belong to it.
type Milestone struct {
	Version     Version `json:"title"`
	Start       Day     `json:"start"`
	End         Day     `json:"end"`
	Release     Day     `json:"release"`
	WorkingDays int     `json:"working_days"`
}

// Milestone is the milestone of a version.
func (c Calendar) Milestone(v Version) Milestone {
	m := Milestone{Version: v, Start: c.start(v), End: c.end(v), Release: Day{Date: c.release.release(v)}}
	m.WorkingDays = c.work.Count(m.Start.Date, m.End.Date)
	return m
}

// At is the milestone that runs on a day, or the next one to begin if none does.
func (c Calendar) At(d Date) Milestone {
	v := c.earliest(d)
	for c.end(v).Date.Before(d) {
		v = v.Next()
	}
	return c.Milestone(v)
}

// start is the first day of a milestone: its own, else the day after the previous one ends.
func (c Calendar) start(v Version) Day {
	if own := c.own[v]; !own.Start.IsZero() {
		return Day{own.Start, own.Title}
	}
	previous := c.end(v.Previous())
	return Day{previous.Date.AddDays(1), previous.From}
}

// end is the last day of a milestone: its own, else the Friday before the release.
func (c Calendar) end(v Version) Day {
	if own := c.own[v]; !own.Due.IsZero() {
		return Day{own.Due, own.Title}
	}
	return Day{Date: c.release.end(v)}
}

// earliest is a version all of whose successors' dates, and maybe its own, may fall on a day or after it: milestones end at most farthest days
// off the rule.
func (c Calendar) earliest(d Date) Version { return versionOf(d.AddDays(-farthest)).Previous() }

// between are the versions that may have dates from one day to another.
func (c Calendar) between(from, to Date) []Version {
	const longest = 3 * farthest // days from the first of a milestone's dates to its release
	var all []Version
	for v, last := c.earliest(from), versionOf(to.AddDays(longest)); v.months() <= last.months(); v = v.Next() {
		all = append(all, v)
	}
	return all
}

// Between are the milestones of which at least a day is among those from one to another, both included.
func (c Calendar) Between(from, to Date) []Milestone {
	var all []Milestone
	for _, v := range c.between(from, to) {
		if m := c.Milestone(v); !m.Start.Date.After(to) && !m.End.Date.Before(from) {
			all = append(all, m)
		}
	}
	return all
}
