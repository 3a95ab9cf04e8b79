package policy

import "flowkeeper/rules/triage"

// kindsOf is what has to happen for the answer of one of the conditions to change. What only time changes is looked at when it is due.
func kindsOf(conditions []Condition) triage.Kind {
	kinds := triage.Opened | triage.Reopened | triage.Swept
	for _, c := range conditions {
		switch c := c.(type) {
		case InState:
			kinds |= triage.Closed
		case HasLabels, LacksLabels, OnlyLabels:
			kinds |= triage.LabelsChanged
		case InMilestone:
			kinds |= triage.MilestoneChanged
		case Weighs:
			kinds |= triage.WeightChanged
		case InIteration, HasHealth, IsType, IsDraft, FromBranch, ToBranch, HasReviewer:
			kinds |= triage.Updated
		case IsMember:
			if c.Assignee {
				kinds |= triage.AssigneesChanged
			}
		case Counts:
			if c.What == Upvotes || c.What == Downvotes {
				kinds |= triage.Awarded | triage.Revoked
			} else {
				kinds |= triage.Noted
			}
		case Age:
			if c.Of == UpdatedAt && !c.Older {
				kinds |= activity
			}
			if c.Of == MergedAt {
				kinds |= triage.Updated
			}
		case AnyOf:
			for _, list := range c.Lists {
				kinds |= kindsOf(list)
			}
		}
	}
	return kinds
}

// activity is all that people do.
const activity = triage.Updated | triage.Closed | triage.Noted | triage.Awarded | triage.Revoked

// toldOf is what the bot has to be told of for the conditions: with a date of the last change, of all activity, although only time can make such a
// condition hold.
func toldOf(conditions []Condition) triage.Kind {
	kinds := kindsOf(conditions) | triage.Woken
	for _, c := range conditions {
		switch c := c.(type) {
		case Age:
			if c.Of == UpdatedAt {
				kinds |= activity
			}
		case AnyOf:
			for _, list := range c.Lists {
				kinds |= toldOf(list)
			}
		}
	}
	return kinds
}

// looksOf is what the conditions look at.
func looksOf(conditions []Condition) *triage.Looks {
	l := triage.Looks{Kinds: kindsOf(conditions)}
	for _, c := range conditions {
		switch c := c.(type) {
		case HasLabels:
			for _, labels := range c.AnyOf {
				l.Labels = append(l.Labels, labels...)
				for _, label := range labels {
					l.AnyLabel = l.AnyLabel || label == None || label == Any
				}
			}
		case LacksLabels:
			l.Labels = append(l.Labels, c.Labels...)
		case OnlyLabels:
			l.AnyLabel = true
		case AnyOf:
			for _, list := range c.Lists {
				more := looksOf(list)
				l.Labels, l.AnyLabel = append(l.Labels, more.Labels...), l.AnyLabel || more.AnyLabel
			}
		}
	}
	return &l
}

// looks is what the policy looks at: its conditions, and what it wants, which others may take back.
func (r Rule) looks() *triage.Looks {
	l, a := looksOf(r.When), &r.Actions
	if len(a.Labels)+len(a.RemoveLabels) > 0 {
		l.Kinds |= triage.LabelsChanged
		l.Labels = append(append(l.Labels, a.Labels...), a.RemoveLabels...)
	}
	if a.Weight != nil {
		l.Kinds |= triage.WeightChanged
	}
	if a.Milestone != "" {
		l.Kinds |= triage.MilestoneChanged
	}
	if len(a.Assign)+len(a.Unassign) > 0 || a.UnassignAll {
		l.Kinds |= triage.AssigneesChanged
	}
	if a.State != "" {
		l.Kinds |= triage.Closed
	}
	if a.DueDate != "" {
		l.Kinds |= triage.Updated
	}
	l.Unrecorded, l.AsNow = r.record()
	return l
}
