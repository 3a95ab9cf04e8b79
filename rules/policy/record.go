package policy

import (
	"slices"

	"flowkeeper/rules/triage"
)

// record is what the policy looks at of which GitLab keeps no record: what cannot be answered for the past, and what is taken as it is now.
func (r Rule) record() (unrecorded, asNow []string) {
	if r.Subject == triage.SubjectMergeRequest {
		return []string{"merge requests"}, nil
	}
	unrecorded, asNow = recordOf(r.When)
	if a := &r.Actions; len(a.Assign)+len(a.Unassign) > 0 || a.UnassignAll {
		asNow = append(asNow, "assignees")
	}
	if r.Actions.DueDate != "" {
		asNow = append(asNow, "due dates")
	}
	return unique(unrecorded), unique(asNow)
}

func recordOf(conditions []Condition) (unrecorded, asNow []string) {
	for _, c := range conditions {
		switch c := c.(type) {
		case Counts:
			word := "votes"
			if c.What == Threads || c.What == Notes {
				word = "how many threads and comments there were"
			}
			unrecorded = append(unrecorded, word)
		case InIteration:
			unrecorded = append(unrecorded, "iterations")
		case IsMember:
			unrecorded = append(unrecorded, "members")
		case InMilestone:
			if c.Title == MilestoneUpcoming || c.Title == MilestoneStarted {
				unrecorded = append(unrecorded, "which milestones were "+c.Title)
			}
		case HasHealth:
			asNow = append(asNow, "the health status")
		case IsType:
			asNow = append(asNow, "the type")
		case AnyOf:
			for _, list := range c.Lists {
				none, now := recordOf(list)
				unrecorded, asNow = append(unrecorded, none...), append(asNow, now...)
			}
		}
	}
	return unrecorded, asNow
}

// unique is a list with each of its entries once, in order.
func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
