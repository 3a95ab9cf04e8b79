package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// That the conditions do not hold, in words.

func (c InState) not() string { return "it is not " + string(c.State) }

func (c HasLabels) not() string {
	if len(c.AnyOf) == 1 && len(c.AnyOf[0]) == 1 {
		switch c.AnyOf[0][0] {
		case None:
			return "it has a label"
		case Any:
			return "it has no label"
		}
	}
	return "it does not have " + c.lists()
}

func (c LacksLabels) not() string {
	if len(c.Labels) == 1 {
		return "it has " + c.list()
	}
	return "it has one of " + c.list()
}

func (c OnlyLabels) not() string { return "it has another label" }

func (c InMilestone) not() string {
	switch c.Title {
	case MilestoneNone:
		return "it has a milestone"
	case MilestoneAny:
		return "it has no milestone"
	case MilestoneUpcoming, MilestoneStarted:
		return "its milestone is not " + c.Title
	}
	return `its milestone is not %"` + c.Title + `"`
}

func (c InIteration) not() string {
	switch c.Title {
	case None:
		return "it has an iteration"
	case Any:
		return "it has no iteration"
	}
	return "its iteration is not “" + c.Title + "”"
}

func (c Weighs) not() string {
	switch {
	case c.Any:
		return "it has no weight"
	case c.Weight == nil:
		return "it has a weight"
	}
	return "its weight is not " + strconv.Itoa(*c.Weight)
}

func (c HasHealth) not() string {
	switch c.Status {
	case None:
		return "it has a health status"
	case Any:
		return "it has no health status"
	}
	return "its health status is not “" + strings.ReplaceAll(c.Status, "_", " ") + "”"
}

func (c IsType) not() string { return "its type is not " + strings.ReplaceAll(c.Type, "_", " ") }

func (c IsBy) not() string { return "somebody else than @" + c.Username + " has opened it" }

func (c IsMember) not() string {
	if c.Assignee {
		return "not every assignee is " + c.verb(c.Not) + c.where()
	}
	return c.who() + c.verb(!c.Not) + c.where()
}

func (c Counts) not() string {
	word := "no fewer than"
	if c.Above {
		word = "no more than"
	}
	return fmt.Sprintf("it has %s %d %s", word, c.Threshold, c.What)
}

func (c Age) not() string {
	other := c
	other.Older = !c.Older
	if c.Of == MergedAt {
		return "it is not so that " + c.String()
	}
	return other.String()
}

func (c IsDraft) not() string { return IsDraft{!c.Draft}.String() }

func (c FromBranch) not() string { return "its source branch is not " + c.Name }

func (c ToBranch) not() string { return "its target branch is not " + c.Name }

func (c HasReviewer) not() string {
	return "the user with the id " + strconv.FormatInt(c.ID, 10) + " is not to review it"
}

func (c AnyOf) not() string { return "it is not so that " + c.String() }
