package planning

import (
	"slices"
	"time"
)

// Occasion is what happens on a key date.
type Occasion string

// The occasions, in the order of a milestone's life. All but Start, End and Release are duties, which are done on working days.
const (
	Planning            Occasion = "planning"             // the planning issue is opened
	NeedsWeight         Occasion = "needs-weight"         // the weights are asked for
	Build               Occasion = "build"                // the draft of Deliverables is made
	Kickoff             Occasion = "kickoff"              // everybody is told what is likely theirs
	Start               Occasion = "start"                // the milestone begins
	Retrospective       Occasion = "retrospective"        // the retrospective is opened
	End                 Occasion = "end"                  // the milestone ends
	RetrospectiveUpdate Occasion = "retrospective-update" // what was shipped and missed is added to it
	Release             Occasion = "release"              // the release is out
)

// IsDuty reports whether people have something to do on the occasion, so that it moves off holidays.
func (o Occasion) IsDuty() bool { return o != Start && o != End && o != Release }

// String is the occasion in words.
func (o Occasion) String() string {
	switch o {
	case Planning:
		return "planning issue"
	case NeedsWeight:
		return "weights are asked for"
	case Build:
		return "draft of Deliverables"
	case Kickoff:
		return "kickoff"
	case Start:
		return "begins"
	case Retrospective:
		return "retrospective is opened"
	case End:
		return "ends"
	case RetrospectiveUpdate:
		return "retrospective is updated"
	case Release:
		return "release"
	default:
		return string(o)
	}
}

// KeyDate is a day on which something happens for a milestone.
type KeyDate struct {
	Day

	Occasion  Occasion `json:"occasion"`
	Milestone Version  `json:"milestone"`
	Planned   Date     `json:"planned,omitzero"` // the day that it was moved from, which nobody works on; zero if it was not moved
}

// KeyDates are the key dates of a version's milestone, the first one first.
func (c Calendar) KeyDates(v Version) []KeyDate {
	m, previous := c.Milestone(v), c.end(v.Previous())
	dates := []KeyDate{
		c.keyDate(v, Planning, previous, previous.Date.AddDays(-4)),
		c.keyDate(v, NeedsWeight, previous, previous.Date.AddDays(-4)),
		c.keyDate(v, Build, previous, previous.Date),
		c.keyDate(v, Kickoff, m.Start, m.Start.Date.last(time.Friday)),
		c.keyDate(v, Start, m.Start, m.Start.Date),
		c.keyDate(v, Retrospective, m.Start, m.Start.Date.AddDays(11)),
		c.keyDate(v, End, m.End, m.End.Date),
		c.keyDate(v, RetrospectiveUpdate, m.Release, m.Release.Date.AddDays(-1)),
		c.keyDate(v, Release, m.Release, m.Release.Date),
	}
	sortByDate(dates)
	return dates
}

// keyDate is an occasion that was reckoned from a day of a milestone.
func (c Calendar) keyDate(v Version, o Occasion, from Day, d Date) KeyDate {
	k := KeyDate{Day: Day{d, from.From}, Occasion: o, Milestone: v}
	if o.IsDuty() && !c.work.Has(d) {
		k.Planned, k.Date = d, c.work.From(d)
	}
	return k
}

// KeyDatesBetween are the key dates of all milestones from one day to another, both included, the first one first.
func (c Calendar) KeyDatesBetween(from, to Date) []KeyDate {
	var all []KeyDate
	for _, v := range c.between(from, to) {
		for _, k := range c.KeyDates(v) {
			if !k.Date.Before(from) && !k.Date.After(to) {
				all = append(all, k)
			}
		}
	}
	sortByDate(all)
	return all
}

func sortByDate(dates []KeyDate) {
	slices.SortStableFunc(dates, func(a, b KeyDate) int { return a.Date.Compare(b.Date) })
}
