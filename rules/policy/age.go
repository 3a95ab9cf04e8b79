package policy

import (
	"time"

	"flowkeeper/rules/triage"
)

// age asks how long ago something was.
//
// "updated_at older than" counts what the bot itself does, as GitLab does: a policy that marks an issue as stale begins the ten days after which
// another closes it. "updated_at newer than" does not: it asks whether people are active, and with the bot's own changes a policy that takes the mark
// off active issues would take it off at once.
func age(in *triage.Input, c Age) answer {
	at := dateOf(in, c)
	if at.IsZero() {
		return answer{}
	}
	turns := c.over(at)
	if in.Now.Before(turns) {
		return answer{truth: is(!c.Older).truth, changes: turns}
	}
	return is(c.Older)
}

// dateOf is the date that is looked at, zero where there is none.
func dateOf(in *triage.Input, c Age) time.Time {
	switch {
	case c.Of == CreatedAt:
		return in.Issue.CreatedAt
	case c.Of == MergedAt && in.Issue.MergeRequest != nil:
		return in.Issue.MergeRequest.MergedAt
	case c.Of == UpdatedAt && c.Older && in.Memory.ActiveAt.After(in.Issue.UpdatedAt):
		return in.Memory.ActiveAt // the state that is known may be from before
	case c.Of == UpdatedAt && c.Older:
		return in.Issue.UpdatedAt
	case c.Of == UpdatedAt:
		return activeAt(in)
	}
	return time.Time{}
}

// activeAt is when somebody else than the bot last did something to the issue. Where nobody remembers, it is GitLab's date, or the issue's opening if
// the bot has changed something since.
func activeAt(in *triage.Input) time.Time {
	switch {
	case !in.Memory.ActiveAt.IsZero():
		return in.Memory.ActiveAt
	case len(in.Memory.BotChanges) > 0:
		return in.Issue.CreatedAt
	}
	return in.Issue.UpdatedAt
}

// over is the first moment at which a date is at least the interval ago.
func (c Age) over(at time.Time) time.Time {
	at = at.UTC()
	months := 0
	switch c.Unit {
	case Months:
		months = c.Interval
	case Years:
		months = 12 * c.Interval
	default:
		days, rest := c.exact()
		return at.AddDate(0, 0, days).Add(rest)
	}
	turns := addMonths(at, months)
	if addMonths(turns, -months).Before(at) {
		// A month before 28 February is 28 January: only in March is the 31st of January a month ago.
		return time.Date(turns.Year(), turns.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return turns
}

// exact is an interval of fixed length, in days and what is left.
func (c Age) exact() (days int, rest time.Duration) {
	switch c.Unit {
	case Minutes:
		return c.Interval / (24 * 60), time.Duration(c.Interval%(24*60)) * time.Minute
	case Hours:
		return c.Interval / 24, time.Duration(c.Interval%24) * time.Hour
	case Weeks:
		return 7 * c.Interval, 0
	default:
		return c.Interval, 0
	}
}

// addMonths is the same day some months later, or the last day of a month that is too short.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
