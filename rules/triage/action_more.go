package triage

import (
	"slices"
	"strings"
)

// Reopen wants the issue open. A merged merge request cannot be opened again.
type Reopen struct{}

func (Reopen) Key() string { return "state" }

func (Reopen) Done(i Issue) bool {
	return !i.Closed || i.MergeRequest != nil && i.MergeRequest.State == MRMerged
}

func (Reopen) Apply(i Issue) Issue { return i.WithClosed(false) }

func (Reopen) String() string { return "reopen the issue" }

func (Reopen) QuickAction() string { return "/reopen" }

// Assign wants people assigned, beside those who are. A GitLab without a licence keeps one assignee: there, one of them is enough.
type Assign struct{ People string } // usernames with a blank between them

func (Assign) Key() string { return "assignees" }

func (a Assign) Done(i Issue) bool {
	wanted := strings.Fields(a.People)
	here := func(name string) bool { return isAssigned(i, name) }
	if keepsOne(i) {
		return slices.ContainsFunc(wanted, here)
	}
	return !slices.ContainsFunc(wanted, func(name string) bool { return !here(name) })
}

func (a Assign) Apply(i Issue) Issue {
	if a.Done(i) {
		return i
	}
	wanted := strings.Fields(a.People)
	if keepsOne(i) {
		i.Assignees = []Person{{Username: wanted[0]}}
		return i
	}
	all := slices.Clone(i.Assignees)
	for _, name := range wanted {
		if !isAssigned(i, name) {
			all = append(all, Person{Username: name})
		}
	}
	i.Assignees = all
	return i
}

func (a Assign) String() string { return "assign " + atNames(a.People) }

func (a Assign) QuickAction() string { return "/assign " + atNames(a.People) }

// Unassign wants people to be no assignees, or nobody to be one.
type Unassign struct{ People string } // usernames with a blank between them, "" for all

func (Unassign) Key() string { return "assignees" }

func (a Unassign) Done(i Issue) bool { return a.Gone(i) == "" }

// Gone are the usernames of the issue's assignees who have to go, with a blank between them.
func (a Unassign) Gone(i Issue) string {
	var gone []string
	for _, p := range i.Assignees {
		if a.People == "" || HasUsername(strings.Fields(a.People), p.Username) {
			gone = append(gone, p.Username)
		}
	}
	return strings.Join(gone, " ")
}

func (a Unassign) Apply(i Issue) Issue {
	gone := strings.Fields(a.Gone(i))
	i.Assignees = slices.DeleteFunc(slices.Clone(i.Assignees), func(p Person) bool { return HasUsername(gone, p.Username) })
	return i
}

func (a Unassign) String() string {
	if a.People == "" {
		return "unassign everybody"
	}
	return "unassign " + atNames(a.People)
}

func (a Unassign) QuickAction() string { return strings.TrimSpace("/unassign " + atNames(a.People)) }

// IsAssignment reports whether an action wants somebody assigned.
func IsAssignment(a Action) bool {
	_, is := a.(Assign)
	return is
}

// SetDueDate wants a due date, written as 2026-12-01.
type SetDueDate struct{ Date string }

func (SetDueDate) Key() string { return "due date" }

func (a SetDueDate) Done(i Issue) bool { return i.DueDate == a.Date }

func (a SetDueDate) Apply(i Issue) Issue { i.DueDate = a.Date; return i }

func (a SetDueDate) String() string { return "set the due date " + a.Date }

func (a SetDueDate) QuickAction() string { return "/due " + a.Date }

// Move wants the issue in another project, by its full path. GitLab opens it there anew and closes this one.
type Move struct{ Path string }

func (Move) Key() string { return "project" }

func (a Move) Done(i Issue) bool { return i.Moved || i.Path == a.Path }

func (a Move) Apply(i Issue) Issue {
	if !a.Done(i) {
		i.MoveTo, i.Moved, i.Closed = a.Path, true, true
	}
	return i
}

func (a Move) String() string { return "move the issue to " + a.Path }

func (a Move) QuickAction() string { return "/move " + a.Path }

// keepsOne reports whether GitLab keeps one assignee of an issue only.
func keepsOne(i Issue) bool { return i.NoWeights || i.OneAssignee }

// isAssigned reports whether a person is among the issue's assignees.
func isAssigned(i Issue, name string) bool {
	return slices.ContainsFunc(i.Assignees, func(p Person) bool { return SameUsername(p.Username, name) })
}

// atNames writes usernames as GitLab mentions them: "@ann @bob".
func atNames(people string) string {
	if people == "" {
		return ""
	}
	return "@" + strings.ReplaceAll(people, " ", " @")
}
