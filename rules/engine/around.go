package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// look keeps what is known of the surroundings in step with the events: since when it is in its state, who agreed, and what has
// to be loaded again because time has passed.
func look(in *triage.Input) {
	since(in)
	around := &in.Memory.Around
	if in.Kinds&(triage.Woken|triage.Closed|triage.Swept) != 0 {
		around.Known &^= triage.NeedLinks
	}
	for _, e := range in.Events {
		agree(in, e)
	}
}

// since notes when the issue came into its workflow state.
func since(in *triage.Input) {
	state := in.State()
	if in.Memory.Since.State == state {
		return
	}
	at := in.Now
	for _, e := range in.Events {
		for _, l := range e.Changes.Added {
			if in.Team.Canonical(l) == in.Team.State(state) && !e.At.IsZero() {
				at = e.At
			}
		}
	}
	if state == "" {
		at = time.Time{}
	}
	in.Memory.Since = triage.Since{State: state, At: at}
}

// agree takes an agreement, or its withdrawal, into the tally.
func agree(in *triage.Input, e triage.Event) {
	name := e.Actor.Username
	around := &in.Memory.Around
	if name == "" || around.Known&triage.NeedAgreements == 0 {
		return // counted from GitLab when it is needed
	}
	a := around.Agreements[name]
	switch {
	case e.Emoji != nil && e.Emoji.Name == "thumbsup" && (e.Emoji.NoteID == 0 || e.Emoji.NoteID == in.Memory.Note.ID):
		a.Thumb = e.Kind&triage.Awarded != 0
	case e.Note != nil && triage.IsAgreement(e.Note.Text):
		a.Comment = true
	default:
		return
	}
	if around.Agreements == nil {
		around.Agreements = map[string]triage.Agreement{}
	}
	if !a.Thumb && !a.Comment {
		delete(around.Agreements, name)
		return
	}
	a.ID = e.Actor.ID
	around.Agreements[name] = a
	if _, known := around.Levels[name]; !known {
		around.Known &^= triage.NeedLevels
	}
}
