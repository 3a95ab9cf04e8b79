package planning

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// The handbook's numbers of "Capacity Planning": an engineer who is there all the time has a budget of weight 10.
const handbookBudget = 10

// Amount is a weight in hundredths, so that a budget of 6.4 is one.
type Amount int

// whole is a weight without a fraction.
func whole(weight int) Amount { return Amount(100 * weight) }

// String is the weight as people write it: "6.4", "8", "-2.25".
func (a Amount) String() string {
	sign, n := "", int(a)
	if n < 0 {
		sign, n = "-", -n
	}
	fraction := strings.TrimRight(fmt.Sprintf("%02d", n%100), "0")
	if fraction == "" {
		return sign + strconv.Itoa(n/100)
	}
	return sign + strconv.Itoa(n/100) + "." + fraction
}

// round makes a whole number of a budget. It is cut to hundredths before, never rounded, so that half up is the half up of the exact number.
func (r Rounding) round(a Amount) Amount {
	switch r {
	case RoundNot:
		return a
	case RoundDown:
		return a / 100 * 100
	default:
		return (a + 50) / 100 * 100
	}
}

// Budget is what a person can take on in a milestone: working days, less those away, times the share of the time that is for the team.
type Budget struct {
	WorkingDays int    // in the milestone
	DaysAway    int    // of these
	Share       int    // percent of the rest that is for the team
	PercentDays int    // the days for the team, in hundredths
	Exact       Amount // the full budget times availability
	Rounded     Amount
}

// availability is how much of the milestone a person is there for the team, in whole percent, half up; 0 if the milestone has no working day.
func (b Budget) availability() int {
	if b.WorkingDays == 0 {
		return 0
	}
	return (2*b.PercentDays + b.WorkingDays) / (2 * b.WorkingDays)
}

// budget reckons the budget of an engineer.
func (s Snapshot) budget(person string) Budget {
	m := s.Calendar.Milestone(s.Milestone)
	b := Budget{WorkingDays: m.WorkingDays, Share: s.share(person)}
	if b.WorkingDays == 0 {
		return b
	}
	away, work := s.away(person), s.Calendar.WorkingDays()
	for d := m.Start.Date; !d.After(m.End.Date); d = d.AddDays(1) {
		if work.Has(d) && slices.ContainsFunc(away, func(r DateRange) bool { return r.has(d) }) {
			b.DaysAway++
		}
	}
	b.PercentDays = (b.WorkingDays - b.DaysAway) * b.Share
	b.Exact = whole(s.fullBudget()) * Amount(b.PercentDays) / Amount(100*b.WorkingDays)
	b.Rounded = s.Options.Capacity.Rounding.round(b.Exact)
	return b
}

// fullBudget is the weight of an engineer who is there all the time.
func (s Snapshot) fullBudget() int {
	if n := s.Options.Capacity.Budget; n > 0 {
		return n
	}
	return handbookBudget
}

// away are the days on which a person is away, by configuration and as said on the planning issue. They may overlap.
func (s Snapshot) away(person string) []DateRange {
	var days []DateRange
	for _, from := range []map[string][]DateRange{s.Options.Capacity.Away, s.Previous.Away} {
		for username, ranges := range from {
			if triage.SameUsername(username, person) {
				days = append(days, ranges...)
			}
		}
	}
	slices.SortFunc(days, func(a, b DateRange) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return slices.Compact(days)
}

// share is how much of a person's time is for the team, in percent.
func (s Snapshot) share(person string) int {
	for username, share := range s.Options.Capacity.Share {
		if triage.SameUsername(username, person) {
			return min(max(share, 0), 100)
		}
	}
	return 100
}

// has reports whether a day is among them.
func (r DateRange) has(d Date) bool { return !d.Before(r.From) && !d.After(r.To) }

// meets reports whether a milestone has one of the days.
func (r DateRange) meets(m Milestone) bool {
	return !r.From.After(r.To) && !r.From.After(m.End.Date) && !r.To.Before(m.Start.Date)
}

// engineers are those of the roster, each once.
func (s Snapshot) engineers() []string { return distinct(s.Team.People(triage.Engineers)) }

// distinct are the usernames, each once, whatever its case.
func distinct(usernames []string) []string {
	var all []string
	for _, u := range usernames {
		if !triage.HasUsername(all, u) {
			all = append(all, u)
		}
	}
	return all
}
