package engine

import "flowkeeper/rules/triage"

// What has to be loaded again together: what is of the milestone, and what policies ask of which GitLab sends no event, or not each time.
const (
	ofMilestone = triage.NeedMilestone | triage.NeedMilestoneUpcoming | triage.NeedMilestoneStarted
	untold      = triage.NeedVotes | triage.NeedDiscussions | triage.NeedIteration
)

// updateContext brings what is known of the issue's surroundings up to date with the events: since when it is in its state, who agreed, and
// what has to be loaded again because time has passed.
func updateContext(in *triage.Input) {
	moved := updateStateEntry(in)
	updateSeverityAt(in)
	around := &in.Memory.Context
	if around.Milestone.ID != in.Issue.Milestone {
		around.Known &^= ofMilestone
	}
	if in.Issue.Author.Username == "" {
		around.Known &^= triage.NeedAuthorName
	}
	for _, e := range in.Events {
		// What may have changed without a delivery is loaded again when time has passed or the state has changed.
		if (moved || e.Kind&(triage.Woken|triage.Closed|triage.Swept) != 0) && e.ReceivedAt.After(around.LoadedAt) {
			around.Known &^= triage.NeedLinks | triage.NeedComments
		}
		if e.Kind&(triage.Woken|triage.Swept|triage.PoliciesDue) != 0 && e.ReceivedAt.After(around.LoadedAt) {
			around.Known &^= ofMilestone // GitLab does not tell when dates are moved
			around.Known &^= untold
			around.Memberships, around.HiddenSources = nil, nil
		}
		if e.ReceivedAt.After(around.LoadedAt) {
			around.Known &^= outdatedBy(e)
		}
		if e.Kind&triage.Closed != 0 && e.ReceivedAt.After(around.LoadedAt) {
			around.Known &^= triage.NeedClosingReason
		}
		if e.Kind&triage.Swept != 0 && e.ReceivedAt.After(around.LoadedAt) {
			around.Known &^= triage.NeedAgreements
		}
		if e.Note != nil && !e.Note.OnlyCommands && e.At.After(around.LastComment) {
			around.LastComment = e.At
		}
		countAgreement(in, e)
	}
	if moved && in.Is(triage.Review) && contextOutdated(in) {
		around.Known &^= triage.NeedAgreements // a new review is agreed anew
	}
}

// outdatedBy is what policies ask for and an event has changed, or may have.
func outdatedBy(e triage.Event) (n triage.Need) {
	if e.Emoji != nil && e.Emoji.NoteID == 0 {
		n |= triage.NeedVotes
	}
	if e.Note != nil {
		n |= triage.NeedDiscussions
	}
	if e.Kind&triage.Updated != 0 {
		n |= triage.NeedIteration // a change of which is delivered without saying so
	}
	return n
}

// contextOutdated reports whether something happened since the surroundings were loaded.
func contextOutdated(in *triage.Input) bool {
	for _, e := range in.Events {
		if e.ReceivedAt.After(in.Memory.Context.LoadedAt) {
			return true
		}
	}
	return false
}

// updateStateEntry records when the issue came into its workflow state, and from which one. It reports whether the state has changed.
func updateStateEntry(in *triage.Input) bool {
	last := in.Memory.StateEntry
	state := in.State()
	if last.State == state {
		return false
	}
	now := triage.StateEntry{State: state, From: last.State, At: in.Now}
	if len(in.Events) > 0 {
		at := last.State
		for _, e := range in.Events {
			if e.Kind&triage.Opened != 0 && !e.At.IsZero() {
				now.At = e.At
			}
			for _, l := range e.Changes.Removed {
				if gone, ok := in.Team.StateOf(in.Team.Canonical(l)); ok {
					at = gone
				}
			}
			for _, l := range e.Changes.Added {
				if added, ok := in.Team.StateOf(in.Team.Canonical(l)); !ok {
					continue
				} else if added == state && !e.At.IsZero() {
					now.From, now.At = at, e.At
				} else {
					at = added
				}
			}
		}
	}
	in.Memory.StateEntry = now
	return true
}

// enterState records that the bot itself moves the issue into its state. By GitLab's clock that is after the last event that it answers, and before
// any that it does not know of: the time is that event's, or that of the bot's clock if nothing happened.
func enterState(in *triage.Input) {
	last := in.Memory.StateEntry
	if last.State == in.State() {
		return
	}
	now := triage.StateEntry{State: in.State(), From: last.State}
	for _, e := range in.Events {
		if e.At.After(now.At) {
			now.At = e.At
		}
	}
	if now.At.IsZero() {
		now.At = in.Now
	}
	in.Memory.StateEntry = now
}

// countAgreement adds an event's agreement to those known. After a withdrawal all are counted anew from GitLab: the person may have reacted
// twice.
func countAgreement(in *triage.Input, e triage.Event) {
	name := triage.UsernameKey(e.Actor.Username)
	around := &in.Memory.Context
	if around.Known&triage.NeedAgreements == 0 || !e.ReceivedAt.After(around.LoadedAt) {
		return // counted from GitLab when it is needed, or counted already
	}
	if name == "" {
		if e.Note != nil && triage.IsAgreement(e.Note.Text) {
			around.Known &^= triage.NeedAgreements // the event does not say whose it is; GitLab does
		}
		return
	}
	a := around.Agreements[name]
	switch {
	case e.Emoji != nil && triage.IsThumbsup(e.Emoji.Name) && (e.Emoji.NoteID == 0 || e.Emoji.NoteID == in.Memory.Note.ID):
		if e.Kind&triage.Revoked != 0 {
			around.Known &^= triage.NeedAgreements
			return
		}
		a.Thumb = true
	case e.Note != nil && triage.IsAgreement(e.Note.Text):
		a.Comment = true
	default:
		return
	}
	if around.Agreements == nil {
		around.Agreements = map[string]triage.Agreement{}
	}
	a.ID = e.Actor.ID
	around.Agreements[name] = a
	if _, known := around.AccessLevels[name]; !known {
		around.Known &^= triage.NeedAccessLevels
	}
}
