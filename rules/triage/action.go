package triage

import (
	"slices"
	"strconv"
)

// Action is a state wanted of an issue, not a call to make. After a duplicate, a retry or a crash the action is therefore simply done already.
type Action interface {
	// Key names what the state is about; two different actions with one key contradict each other. It is "label:UX", "weight", "weight:backend" for
	// a side's label, "milestone" or "state".
	Key() string
	// Done reports whether the issue already is in the wanted state.
	Done(Issue) bool
	// Apply returns the issue as GitLab would show it afterwards; the argument is not changed.
	Apply(Issue) Issue
	// String says it in words: "add ~UX".
	String() string
	// QuickAction is the quick action with which a person would do the same: `/label ~UX`. It is "" if there is none, see HowTo.
	QuickAction() string
}

// AddLabel wants a label on the issue. Other labels of its scope are replaced: by GitLab if it has a licence, else by the bot. So are those of a
// set to which the label belongs, see Team.Exclusive; GitLab knows nothing of these.
type AddLabel struct {
	Label string
	Among *LabelSet // nil for a label that stands beside all others, or has a scope
}

func (a AddLabel) Key() string { return "label:" + a.Label }

func (a AddLabel) Done(i Issue) bool { return i.Has(a.Label) && len(a.siblings(i)) == 0 }

func (a AddLabel) Apply(i Issue) Issue {
	if a.Done(i) {
		return i
	}
	gone := a.siblings(i)
	labels := make([]string, 0, len(i.Labels)+1)
	for _, l := range i.Labels {
		if l != a.Label && !slices.Contains(gone, l) {
			labels = append(labels, l)
		}
	}
	return i.withLabels(append(labels, a.Label))
}

func (a AddLabel) String() string {
	if _, is := StatusOf(a.Label); is {
		return "set " + Quoted(a.Label)
	}
	return "add " + Quoted(a.Label)
}

func (a AddLabel) QuickAction() string { return labelCommand("/label", a.Label) }

// Replaces is the label that gives way, "" if there is none.
func (a AddLabel) Replaces(i Issue) string {
	if gone := a.siblings(i); len(gone) > 0 {
		return gone[0]
	}
	return ""
}

// siblings are the issue's other labels that exclude this one.
func (a AddLabel) siblings(i Issue) []string {
	scope := Scope(a.Label)
	if scope == "" && a.Among == nil {
		return nil
	}
	var found []string
	for _, l := range i.Labels {
		if a.excludes(l, scope) {
			found = append(found, l)
		}
	}
	return found
}

// Excludes reports whether another label cannot stand beside this one.
func (a AddLabel) Excludes(label string) bool { return a.excludes(label, Scope(a.Label)) }

func (a AddLabel) excludes(label, scope string) bool {
	return label != a.Label && (scope != "" && Scope(label) == scope || a.Among.Has(label))
}

// LabelOf is the label that an action puts on the issue, "" for none.
func LabelOf(a Action) string {
	switch a := a.(type) {
	case AddLabel:
		return a.Label
	case SetWeight:
		if a.Side != "" {
			return a.label()
		}
	}
	return ""
}

// RemoveLabel wants a label off the issue. Sibling marks one that makes room for another of its scope: a person who sets it again moves the issue
// and does not undo the bot. Spent marks one that has served its purpose, as a label that asks for something does: who sets it again asks again.
type RemoveLabel struct {
	Label   string
	Sibling bool
	Spent   bool
	Among   *LabelSet // to which it belongs, as with AddLabel
}

func (a RemoveLabel) Key() string { return "label:" + a.Label }

func (a RemoveLabel) Done(i Issue) bool { return !i.Has(a.Label) }

func (a RemoveLabel) Apply(i Issue) Issue {
	return i.withLabels(slices.DeleteFunc(slices.Clone(i.Labels), func(l string) bool { return l == a.Label }))
}

func (a RemoveLabel) String() string { return "remove " + Quoted(a.Label) }

func (a RemoveLabel) QuickAction() string { return labelCommand("/unlabel", a.Label) }

// SetWeight wants a weight: of the weight field, or of a side's scoped label if Side is set ("backend"). Team.SideWeight makes the latter.
type SetWeight struct {
	Value int
	Side  string
	Scope string // of the label; "" is what the handbook calls it for the side
}

// label carries a side's weight.
func (a SetWeight) label() string {
	scope := a.Scope
	if scope == "" {
		scope = handbookScale.scope(a.Side)
	}
	return Scoped(scope, strconv.Itoa(a.Value))
}

func (a SetWeight) Key() string {
	if a.Side != "" {
		return "weight:" + a.Side
	}
	return "weight"
}

func (a SetWeight) Done(i Issue) bool {
	if a.Side != "" {
		return AddLabel{Label: a.label()}.Done(i)
	}
	return i.Weight != nil && *i.Weight == a.Value
}

func (a SetWeight) Apply(i Issue) Issue {
	if a.Side != "" {
		return AddLabel{Label: a.label()}.Apply(i)
	}
	i.Weight = Int(a.Value)
	return i
}

// Weighs is the action itself, also of one that a rule has made of it by embedding.
func (a SetWeight) Weighs() SetWeight { return a }

func (a SetWeight) String() string {
	if a.Side != "" {
		return "set " + Quoted(a.label())
	}
	return "set weight " + strconv.Itoa(a.Value)
}

func (a SetWeight) QuickAction() string {
	if a.Side != "" {
		return labelCommand("/label", a.label())
	}
	return "/weight " + strconv.Itoa(a.Value)
}

// Close wants the issue closed.
type Close struct{}

func (Close) Key() string { return "state" }

func (Close) Done(i Issue) bool { return i.Closed }

func (Close) Apply(i Issue) Issue { return i.WithClosed(true) }

func (Close) String() string { return "close the issue" }

func (Close) QuickAction() string { return "/close" }

// SetMilestone wants a milestone, by its title, on an issue that has none. Another milestone is as good.
type SetMilestone struct{ Title string }

func (SetMilestone) Key() string { return "milestone" }

func (SetMilestone) Done(i Issue) bool { return i.Milestone != 0 }

func (a SetMilestone) Apply(i Issue) Issue {
	if !a.Done(i) {
		i.Milestone, i.MilestoneTitle = NewMilestone, a.Title
	}
	return i
}

func (a SetMilestone) String() string { return `set milestone %"` + a.Title + `"` }

func (a SetMilestone) QuickAction() string { return `/milestone %"` + a.Title + `"` }

// MoveMilestone wants another milestone than From, which is an id: the one with this title. A third is as good, none is not wanted back.
type MoveMilestone struct {
	From  int64
	Title string
}

func (MoveMilestone) Key() string { return "milestone" }

func (a MoveMilestone) Done(i Issue) bool { return i.Milestone != a.From }

func (a MoveMilestone) Apply(i Issue) Issue {
	if !a.Done(i) {
		i.Milestone, i.MilestoneTitle = NewMilestone, a.Title
	}
	return i
}

func (a MoveMilestone) String() string { return `move to milestone %"` + a.Title + `"` }

func (a MoveMilestone) QuickAction() string { return `/milestone %"` + a.Title + `"` }

// HowTo says with what a person would do the same, for Item.Do: "`/label ~UX`".
func HowTo(a Action) string {
	if c := a.QuickAction(); c != "" {
		return Code(c)
	}
	return "the sidebar to " + a.String()
}

// labelCommand is a quick action on a label, "" for one that GitLab cannot refer to.
func labelCommand(action, label string) string {
	if status, is := StatusOf(label); is && CanRefer(status) {
		return `/status "` + status + `"`
	}
	if !CanRefer(label) {
		return ""
	}
	return action + " " + Quoted(label)
}
