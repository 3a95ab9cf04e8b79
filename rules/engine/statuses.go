package engine

import "flowkeeper/rules/triage"

// seeStatuses is the case as rules see it, with labels for the statuses that a team keeps its workflow in.
func seeStatuses(team *triage.Team, c Case) Case {
	c.Issue = team.SeeStatus(c.Issue)
	if c.RunOn != nil {
		seen := team.SeeStatus(*c.RunOn)
		c.RunOn = &seen
	}
	if !team.KeepsStatus() {
		return c
	}
	events := make([]triage.Event, len(c.Events))
	for n, e := range c.Events {
		events[n] = team.SeeStatusChange(e)
	}
	c.Events = events
	return c
}
