package rules

import (
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// runsNow reports whether the issue's milestone is the current one, by its own dates, and its last day. One that does not tell both is not.
func runsNow(in triage.Input, m triage.MilestoneFacts) (last planning.Date, runs bool) {
	if in.Issue.Milestone <= 0 {
		return last, false
	}
	first, err := planning.ParseDate(m.Start)
	if err != nil {
		return last, false
	}
	last, err = planning.ParseDate(m.Due)
	today := planning.DateOf(in.Now.UTC())
	return last, err == nil && !today.Before(first) && !today.After(last)
}

// startOf is the moment at which a day begins, in UTC.
func startOf(d planning.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}
