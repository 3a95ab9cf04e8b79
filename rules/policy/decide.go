package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// Prefix begins the id of every policy.
const Prefix = "policy/"

// Rule is the policy as a rule like any other.
func (r Rule) Rule() triage.Rule {
	checks, looks := compile(r.When), r.looks()
	looks.OnlyOpen, looks.Digest = onlyOpen(r.When), r.digest()
	summary := r.Name
	if summary == "" {
		summary = "Policy in line " + strconv.Itoa(r.Line) + " of " + r.File
	}
	return triage.Rule{
		Meta: triage.Meta{
			ID: r.ID, Summary: summary, Section: r.Section, On: toldOf(r.When) | looks.Kinds, Mode: r.Mode, MaxMode: triage.Act, Closed: true, Subject: r.Subject,
			Looks: looks, Names: r.names(), Everywhere: !r.OnlyOurs, PerHour: perHour(r.Limit),
			Edits: r.Subject == triage.SubjectMergeRequest && r.Actions.edit(),
		},
		Decide: func(in triage.Input, _ triage.Options) triage.Verdict { return r.decide(checks, in) },
	}
}

// edit reports whether the actions are more than words.
func (a Actions) edit() bool {
	a.Comment, a.Mentions, a.Own, a.Thread, a.Internal = nil, nil, false, false, false
	return !reflect.DeepEqual(a, Actions{})
}

// perHour is the bound of a limit. An hour has no order in which its issues come, so the newest and the oldest of them are those that come first.
func perHour(l Limit) int { return max(l.MostRecent, l.Oldest) }

// decide says what the policy wants of an issue.
func (r Rule) decide(checks []check, in triage.Input) triage.Verdict {
	now, failed := all(checks, &in)
	spell, begun := in.Memory.Spells[r.ID]
	if now.truth == yes {
		return r.holds(&in, now)
	}
	if now.truth == unknown {
		return triage.Verdict{
			Reason: "whether its conditions hold has to be looked up", Needs: now.needs, Memberships: now.memberships, Wake: now.changes,
		}
	}
	v := triage.Verdict{Reason: failed.fails, Wake: now.changes}
	owned := r.ownLabels(&in)
	if begun && !spell.Over || len(owned) > 0 {
		before := withoutOwn(in, r.ID, r.Actions)
		then, _ := all(checks, &before)
		if then.truth == unknown {
			return triage.Verdict{Reason: "whether its conditions held before it acted has to be looked up", Needs: then.needs, Memberships: then.memberships}
		}
		v.Itself, v.Wake = then.truth == yes, triage.Earlier(v.Wake, then.changes)
	}
	switch {
	case spell.Shown(in.Now):
		v.Reason, v.Comment = "what it did ended its conditions: "+failed.fails, r.comment(&in)
	case v.Itself:
		v.Reason, v.Comment, v.Actions = r.reason(), r.comment(&in), r.actions(&in)
	}
	if !v.Itself && len(owned) > 0 {
		v.Reason = "its conditions hold no more: " + failed.fails
		for _, l := range owned {
			v.Actions = append(v.Actions, triage.RemoveLabel{Label: l, Spent: true})
		}
	}
	return v
}

// holds is the verdict where the conditions hold.
func (r Rule) holds(in *triage.Input, now answer) triage.Verdict {
	if needs := r.needs(in); needs != 0 {
		return triage.Verdict{Reason: "its conditions hold, and what it wants has to be looked up", Needs: needs, Wake: now.changes}
	}
	return triage.Verdict{Reason: r.reason(), Actions: r.actions(in), Holds: true, Comment: r.comment(in), Wake: now.changes}
}

// reason says why the policy acts: in the team's own words, or by its conditions.
func (r Rule) reason() string {
	if r.Reason != "" {
		return r.Reason
	}
	words := make([]string, 0, len(r.When))
	for _, c := range r.When {
		words = append(words, c.String())
	}
	switch n := len(words); n {
	case 0:
		return "it is for every " + r.Subject.Words()
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// needs are what the actions ask for and is not known yet.
func (r Rule) needs(in *triage.Input) triage.Need {
	n := r.Actions.Comment.needs(in)
	if r.Actions.Milestone != "" {
		n |= milestoneTitle(in)
	}
	return n
}

// actions are the states that the policy wants.
func (r Rule) actions(in *triage.Input) []triage.Action {
	var all []triage.Action
	a := &r.Actions
	for _, l := range a.Labels {
		all = append(all, triage.AddLabel{Label: l})
	}
	for _, l := range a.RemoveLabels {
		all = append(all, triage.RemoveLabel{Label: l, Spent: r.asksFor(l)})
	}
	if a.Weight != nil {
		all = append(all, weight(in, *a.Weight))
	}
	if a.Milestone != "" {
		all = append(all, milestone(in, a.Milestone)...)
	}
	if a.DueDate != "" {
		all = append(all, triage.SetDueDate{Date: a.DueDate})
	}
	if people, takesOff := a.unassigns(in); takesOff {
		all = append(all, triage.Unassign{People: people})
	}
	if len(a.Assign) > 0 {
		all = append(all, triage.Assign{People: strings.Join(a.Assign, " ")})
	}
	if a.MoveTo != "" {
		all = append(all, triage.Move{Path: a.MoveTo})
	}
	if a.State == Opened {
		all = append(all, triage.Reopen{})
	}
	if a.State == Closed {
		all = append(all, triage.Close{})
	}
	return all
}

// unassigns are those whom a policy takes off an issue, "" for all. All are those whom it does not assign.
func (a *Actions) unassigns(in *triage.Input) (people string, takesOff bool) {
	switch {
	case !a.UnassignAll:
		return strings.Join(a.Unassign, " "), len(a.Unassign) > 0
	case len(a.Assign) == 0:
		return "", true
	}
	var others []string
	for _, p := range in.Issue.Assignees {
		if !triage.HasUsername(a.Assign, p.Username) {
			others = append(others, p.Username)
		}
	}
	return strings.Join(others, " "), len(others) > 0
}

// weight is the action for a weight: in the field, or where there is none, by the team's label.
func weight(in *triage.Input, value int) triage.Action {
	if in.Issue.NoWeights || in.Memory.WeightDropped {
		return in.WeightAction(value)
	}
	return triage.SetWeight{Value: value}
}

// milestone is the action for a milestone, which takes the place of another.
func milestone(in *triage.Input, title string) []triage.Action {
	facts, known := in.MilestoneFacts()
	switch {
	case in.Issue.Milestone == 0:
		return []triage.Action{triage.SetMilestone{Title: title}}
	case in.Issue.Milestone == triage.NewMilestone && in.Issue.MilestoneTitle == title, known && facts.Title == title:
		return nil
	}
	return []triage.Action{triage.MoveMilestone{From: in.Issue.Milestone, Title: title}}
}

// asksFor reports whether the policy acts because of a label, so that its removal says that this is done.
func (r Rule) asksFor(label string) bool {
	return slices.ContainsFunc(r.When, func(c Condition) bool {
		has, ok := c.(HasLabels)
		return ok && slices.ContainsFunc(has.AnyOf, func(labels []string) bool { return slices.Contains(labels, label) })
	})
}

// comment is what the policy says, with the values of the spell that is on, nil for nothing.
func (r Rule) comment(in *triage.Input) *triage.PolicyComment {
	a := &r.Actions
	if len(a.Comment) == 0 && len(a.Mentions) == 0 {
		return nil
	}
	spell := in.Memory.Spells[r.ID]
	values := spell.Values
	if spell.Number == 0 || spell.Over && !spell.Shown(in.Now) {
		values = a.Comment.values(in)
	}
	return &triage.PolicyComment{
		Text: a.Comment.prose(values), Mentions: a.Mentions, Own: a.Own, Thread: a.Thread, Internal: a.Internal, Values: values,
	}
}

// ownLabels are the labels that the policy added, where they are to go when its conditions hold no more.
func (r Rule) ownLabels(in *triage.Input) []string {
	if !r.Actions.While {
		return nil
	}
	var own []string
	for _, l := range r.Actions.Labels {
		c, ours := in.Memory.BotChanges[triage.AddLabel{Label: l}.Key()]
		if ours && !c.Removed && (c.Rule == r.ID || c.Rule == "") && in.Issue.Has(l) {
			own = append(own, l)
		}
	}
	return own
}
