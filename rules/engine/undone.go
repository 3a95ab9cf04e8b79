package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// updateTouched remembers when a person last did something to the issue.
func updateTouched(m *triage.Memory, events []triage.Event) {
	for _, e := range events {
		if e.Kind&(triage.Swept|triage.Woken|triage.PoliciesDue) == 0 && e.ReceivedAt.After(m.Touched) {
			m.Touched = e.ReceivedAt
		}
	}
}

// updateActive remembers when somebody else than the bot last did something to the issue. What was missed shows in a sweep, where GitLab's date is
// later than the bot's last write. Of an issue that is new to the bot, GitLab's date tells.
func updateActive(m *triage.Memory, events []triage.Event, issue *triage.Issue) {
	swept := false
	for _, e := range events {
		swept = swept || e.Kind&triage.Swept != 0
		if e.Kind&^(triage.Swept|triage.Woken|triage.ReportDue|triage.MergeRequestChanged|triage.PoliciesDue) != 0 && e.At.After(m.ActiveAt) {
			m.ActiveAt = e.At
		}
	}
	untouched := len(m.BotChanges) == 0 && len(m.Writes) == 0 && m.Note.ID == 0
	missed := swept && len(m.Writes) > 0 && issue.UpdatedAt.After(m.Writes[len(m.Writes)-1].Add(time.Minute))
	if (untouched && m.ActiveAt.IsZero() || missed) && issue.UpdatedAt.After(m.ActiveAt) {
		m.ActiveAt = issue.UpdatedAt
	}
}

// updateOnlyPolicies remembers that only policies have looked at an issue, until something happens to it.
func updateOnlyPolicies(m *triage.Memory, events []triage.Event) {
	kinds := triage.KindsOf(events)
	if m.Issue == nil && kinds == triage.PoliciesDue {
		m.OnlyPolicies = true
	}
	if kinds&^(triage.PoliciesDue|triage.Woken|triage.ReportDue) != 0 {
		m.OnlyPolicies = false
	}
}

// detectUndone compares what the bot once did with what the issue shows now. When a person has undone a change, its rule is suspended on this
// issue, and no other rule sets the label again. A label that was replaced by another of its scope was moved, not undone.
func detectUndone(in triage.Input) {
	m := in.Memory
	if in.Kinds&triage.Reopened != 0 {
		// Reopening an issue begins anew: it does not undo the bot's label.
		for _, s := range in.Team.Workflow.States() {
			if s.Is == triage.Done {
				delete(m.BotChanges, triage.AddLabel{Label: in.Team.State(s.Name)}.Key())
				delete(m.BotChanges, triage.AddLabel{Label: in.Team.StateStatus(s.Name)}.Key())
			}
		}
	}
	for key, u := range m.Undone {
		if label, ok := strings.CutPrefix(key, "label:"); ok && in.Issue.Has(label) != u.Removed {
			delete(m.Undone, key) // people have changed their mind
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.BotChanges)) {
		own := m.BotChanges[key]
		u, gone := undone(in, key, own)
		if !gone {
			continue
		}
		if u.What == "" {
			delete(m.BotChanges, key)
			continue
		}
		if label, ok := strings.CutPrefix(key, "label:"); ok && !own.Removed && in.Issue.Has(label) {
			delete(m.BotChanges, key) // it stands beside the one that people moved the issue to, and may be taken off
			if own.Rule != "" {
				suspend(m, own.Rule, u)
			}
			continue
		}
		recordUndoing(m, key, own, u)
	}
}

// recordUndoing remembers that a person undid a change of the bot's, and suspends its rule.
func recordUndoing(m *triage.Memory, key string, own triage.BotChange, u triage.Undoing) {
	delete(m.BotChanges, key)
	concernsAll := own.Rule == "" || strings.HasPrefix(key, "label:") // an undone weight concerns its rule only
	if !concernsAll {
		u.Key = key
	}
	if own.Rule != "" {
		suspend(m, own.Rule, u)
	}
	if !concernsAll {
		return
	}
	if m.Undone == nil {
		m.Undone = map[string]triage.Undoing{}
	}
	u.Rule = own.Rule
	m.Undone[key] = u
}

// undone reports whether a change of the bot's is gone, and who undid what. An empty What means that the issue was moved and nothing was undone.
func undone(in triage.Input, key string, own triage.BotChange) (u triage.Undoing, gone bool) {
	kind, of, _ := strings.Cut(key, ":")
	switch kind {
	case "state":
		if own.Reopened {
			return triage.Undoing{By: whoDid(in, triage.Closed), What: stateInWords(own)}, in.Issue.Closed
		}
		return triage.Undoing{By: whoDid(in, triage.Reopened), What: stateInWords(own)}, !in.Issue.Closed
	case "assignees":
		return triage.Undoing{By: whoDid(in, triage.AssigneesChanged), What: assigneesInWords(own)}, reassigned(in.Issue, own)
	case "due date":
		return triage.Undoing{By: whoDid(in, triage.Updated), What: triage.SetDueDate{Date: own.DueDate}.String()}, in.Issue.DueDate != own.DueDate
	case "milestone":
		u = triage.Undoing{By: whoDid(in, triage.MilestoneChanged), What: "set the milestone"}
		return u, in.Issue.Milestone == own.MovedFrom // 0 where there was none
	case "weight":
		set := weightSet(in.Team, of, own.Value)
		return triage.Undoing{By: whoWeighed(in), What: set.String()}, !set.Done(in.Issue)
	}
	has := in.Issue.Has(of)
	u = triage.Undoing{By: whoLabelled(in, of), What: changeInWords(of, own.Removed), Removed: own.Removed}
	winner := movedTo(in, of)
	switch {
	case own.Removed || has && winner == "":
		return u, own.Removed && has
	case own.Replaced != "" && in.Issue.Has(own.Replaced):
		u.By = whoLabelled(in, own.Replaced)
		return u, true
	case winner != "" && strings.HasPrefix(own.Rule, ofPolicies+"/") && whoLabelled(in, winner) != "":
		// Its conditions may hold on: it would move the issue back for ever.
		u.By = whoLabelled(in, winner)
		return u, true
	case winner != "":
		return triage.Undoing{}, true
	}
	return u, true
}

// movedTo is the label of the same scope that counts in place of a label, which may stand beside it where GitLab sees no scope; "" if there is none.
func movedTo(in triage.Input, label string) string {
	scope := in.Team.ScopeOf(label)
	if scope == "" {
		return ""
	}
	if winner := in.Winner(scope); winner != label {
		return winner
	}
	return ""
}

// reassigned reports whether people whom the bot assigned are so no more, or those whom it took off are again.
func reassigned(i triage.Issue, own triage.BotChange) bool {
	if own.Assigned != "" && !(triage.Assign{People: own.Assigned}).Done(i) {
		return true
	}
	return own.Unassigned != "" && !unassignment(own).Done(i)
}

// everybody stands in BotChange.Unassigned for all assignees there were.
const everybody = "*"

func unassignment(own triage.BotChange) triage.Unassign {
	if own.Unassigned == everybody {
		return triage.Unassign{}
	}
	return triage.Unassign{People: own.Unassigned}
}

// stateInWords says in words whether the bot closed the issue or reopened it.
func stateInWords(own triage.BotChange) string {
	if own.Reopened {
		return triage.Reopen{}.String()
	}
	return triage.Close{}.String()
}

// assigneesInWords says in words whom the bot assigned or took off.
func assigneesInWords(own triage.BotChange) string {
	if own.Assigned != "" {
		return triage.Assign{People: own.Assigned}.String()
	}
	return unassignment(own).String()
}

// weightSet is the action by whose key the bot set a weight: of the weight field, or of a side.
func weightSet(team *triage.Team, side string, weight int) triage.SetWeight {
	if side == "" {
		return triage.SetWeight{Value: weight}
	}
	return team.SideWeight(side, weight)
}

// whoLabelled is the username of the last person whose event touched the label, "" if no event tells.
func whoLabelled(in triage.Input, label string) string {
	return lastActor(in, func(e triage.Event) bool { return touches(e, func(l string) bool { return l == label }) })
}

// whoWeighed is the username of the last person who changed the weight, in the field or by a label.
func whoWeighed(in triage.Input) string {
	weighs := func(l string) bool { return triage.Scope(l) == in.Team.WeightScope(in.Team.Side) }
	return lastActor(in, func(e triage.Event) bool { return e.Changes.Weight != nil || touches(e, weighs) })
}

// whoDid is the username of the last person with an event of the kind. Events of other kinds after it do not matter: a sweep, for example, changes
// nothing.
func whoDid(in triage.Input, kind triage.Kind) string {
	return lastActor(in, func(e triage.Event) bool { return e.Kind&kind != 0 })
}

func lastActor(in triage.Input, did func(triage.Event) bool) string {
	for _, e := range slices.Backward(in.Events) {
		if did(e) {
			return e.Actor.Username
		}
	}
	return ""
}

// touches reports whether an event put such a label on the issue or took one off.
func touches(e triage.Event, such func(label string) bool) bool {
	return slices.ContainsFunc(e.Changes.Added, such) || slices.ContainsFunc(e.Changes.Removed, such)
}

// suspend suspends a rule because of an undoing. A rule that is suspended already keeps its first cause.
func suspend(m *triage.Memory, rule string, u triage.Undoing) {
	if _, suspended := m.Suspensions[rule]; suspended {
		return
	}
	if m.Suspensions == nil {
		m.Suspensions = map[string]triage.Undoing{}
	}
	m.Suspensions[rule] = u
}

// changeInWords says in words what the bot did with a label.
func changeInWords(label string, removed bool) string {
	if removed {
		return triage.RemoveLabel{Label: label}.String()
	}
	return triage.AddLabel{Label: label}.String()
}
