package policy

import (
	"fmt"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// The conditions in words. They speak of "it", an issue or a merge request.

func (c InState) String() string { return "it is " + string(c.State) }

func (c HasLabels) String() string { return "it has " + c.lists() }

// maxLists bounds how many lists of labels are named; expansions may come to a hundred.
const maxLists = 3

func (c HasLabels) lists() string {
	var lists []string
	for _, labels := range c.AnyOf[:min(len(c.AnyOf), maxLists)] {
		lists = append(lists, labelsInWords(labels))
	}
	if more := len(c.AnyOf) - maxLists; more > 0 {
		lists = append(lists, fmt.Sprintf("one of %d more choices", more))
	}
	return strings.Join(lists, " or ")
}

func (c LacksLabels) String() string { return "it has no " + c.list() }

// list names the labels. Three and more of one scope, and no others, are named by it: ~"priority::*".
func (c LacksLabels) list() string {
	if scope := commonScope(c.Labels); scope != "" {
		return triage.Quoted(triage.Scoped(scope, "*"))
	}
	return quotedList(c.Labels, "or")
}

func (c OnlyLabels) String() string { return "it has no other label" }

func (c InMilestone) String() string {
	switch c.Title {
	case MilestoneNone:
		return "it has no milestone"
	case MilestoneAny:
		return "it has a milestone"
	case MilestoneUpcoming, MilestoneStarted:
		return "its milestone is " + c.Title
	}
	return `its milestone is %"` + c.Title + `"`
}

func (c InIteration) String() string {
	switch c.Title {
	case None:
		return "it has no iteration"
	case Any:
		return "it has an iteration"
	}
	return "its iteration is “" + c.Title + "”"
}

func (c Weighs) String() string {
	switch {
	case c.Any:
		return "it has a weight"
	case c.Weight == nil:
		return "it has no weight"
	}
	return "its weight is " + strconv.Itoa(*c.Weight)
}

func (c HasHealth) String() string {
	switch c.Status {
	case None:
		return "it has no health status"
	case Any:
		return "it has a health status"
	}
	return "its health status is “" + strings.ReplaceAll(c.Status, "_", " ") + "”"
}

func (c IsType) String() string { return "its type is " + strings.ReplaceAll(c.Type, "_", " ") }

func (c IsBy) String() string { return "@" + c.Username + " has opened it" }

func (c IsMember) String() string {
	return c.who() + c.verb(c.Not) + c.where()
}

// who, verb and where are the parts of a sentence about members.
func (c IsMember) who() string {
	if c.Assignee {
		return "every assignee is "
	}
	return "its author is "
}

func (c IsMember) verb(not bool) string {
	if not {
		return "no member of "
	}
	return "a member of "
}

func (c IsMember) where() string {
	if c.Group {
		return "the group " + c.Source
	}
	return "the project " + c.Source
}

func (c Counts) String() string {
	if c.Above {
		return fmt.Sprintf("it has more than %d %s", c.Threshold, c.What)
	}
	if c.Threshold == 1 {
		return "it has no " + c.What.String()
	}
	return fmt.Sprintf("it has fewer than %d %s", c.Threshold, c.What)
}

// String names what is counted: "upvotes".
func (c Countable) String() string {
	return [...]string{Upvotes: "upvotes", Downvotes: "downvotes", Threads: "threads", Notes: "comments"}[c]
}

func (c Age) String() string {
	word := "less than "
	if c.Older {
		word = "more than "
	}
	return c.Of.happened() + " " + word + c.interval() + " ago"
}

// interval is the length in words: "1 month".
func (c Age) interval() string {
	if c.Interval == 1 {
		return "1 " + strings.TrimSuffix(string(c.Unit), "s")
	}
	return strconv.Itoa(c.Interval) + " " + string(c.Unit)
}

// happened says what came about at the date.
func (f DateField) happened() string {
	switch f {
	case CreatedAt:
		return "it was opened"
	case MergedAt:
		return "it was merged"
	default:
		return "it was last changed"
	}
}

func (c IsDraft) String() string {
	if c.Draft {
		return "it is a draft"
	}
	return "it is no draft"
}

func (c FromBranch) String() string { return "its source branch is " + c.Name }

func (c ToBranch) String() string { return "its target branch is " + c.Name }

func (c HasReviewer) String() string {
	return "the user with the id " + strconv.FormatInt(c.ID, 10) + " is to review it"
}

func (c AnyOf) String() string {
	lists := make([]string, len(c.Lists))
	for n, list := range c.Lists {
		all := make([]string, len(list))
		for m, condition := range list {
			all[m] = condition.String()
		}
		lists[n] = strings.Join(all, " and ")
	}
	return "either " + strings.Join(lists, ", or ")
}

// labelsInWords lists labels that have to be there together.
func labelsInWords(labels []string) string {
	if len(labels) == 1 && labels[0] == None {
		return "no label"
	}
	if len(labels) == 1 && labels[0] == Any {
		return "a label"
	}
	return quotedList(labels, "and")
}

// quotedList lists labels as GitLab references them.
func quotedList(labels []string, last string) string {
	quoted := make([]string, len(labels))
	for n, l := range labels {
		quoted[n] = triage.Quoted(l)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	end := len(quoted) - 1
	return strings.Join(quoted[:end], ", ") + " " + last + " " + quoted[end]
}

// commonScope is the scope of all these labels, "" if there is none or there are too few of them.
func commonScope(labels []string) string {
	if len(labels) < 3 {
		return ""
	}
	scope := triage.Scope(labels[0])
	for _, l := range labels {
		if triage.Scope(l) != scope {
			return ""
		}
	}
	return scope
}
