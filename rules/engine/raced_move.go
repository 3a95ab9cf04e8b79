package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// raceWindow is how long ago a person may have moved an issue that the bot then moved without having seen it.
const raceWindow = 2 * time.Minute

// raceLength is how long before the bot's write reached GitLab a person may have closed the issue without the bot having seen it.
const raceLength = 10 * time.Second

// restoreRaced brings back what a person did while the bot was writing.
func (r *run) restoreRaced() {
	if !r.restoreRacedClosing() {
		r.restoreRacedMove()
	}
}

// restoreRacedClosing closes the issue again where a person closed it just before the bot gave it an open status, which opened it.
func (r *run) restoreRacedClosing() bool {
	_, status := r.in.StateLabels()
	key := triage.AddLabel{Label: status}.Key()
	own, ours := r.memory.BotChanges[key]
	closed := lastClosing(r.in.Events)
	ago := r.in.Issue.StatusAt.Sub(closed)
	switch {
	case status == "" || !ours || own.Removed || closed.IsZero() || r.in.Issue.Closed:
		return false
	case r.memory.BotChanges[triage.Reopen{}.Key()].Reopened || ago < 0 || ago > raceLength:
		return false // the bot opened it on purpose, or not at that moment
	}
	r.plan = append(r.plan, Planned{Rule: own.Rule, Action: triage.Close{}})
	delete(r.memory.BotChanges, key)
	r.in = r.in.With(r.in.Issue.WithClosed(true))
	return true
}

// lastClosing is when people closed the issue last and did not open it again; zero if they did not.
func lastClosing(events []triage.Event) (at time.Time) {
	for _, e := range events {
		switch {
		case e.Kind&triage.Reopened != 0:
			at = time.Time{}
		case e.Kind&triage.Closed != 0:
			at = e.At
		}
	}
	return at
}

// restoreRacedMove moves the issue back where a person moved it while the bot was writing. GitLab has no conditional writes, so a workflow
// label of the bot's may have replaced one that a person set after the bot's decision.
func (r *run) restoreRacedMove() {
	label, at := lastMove(r.in)
	winner := r.in.StateLabel()
	key := triage.AddLabel{Label: winner}.Key()
	own, ours := r.memory.BotChanges[key]
	switch {
	case label == "" || !ours || r.in.Issue.Has(label) || own.Replaced == label:
		return
	case !at.After(r.memory.StateEntry.At) || r.in.Now.Sub(at) > raceWindow:
		return // the bot knew of it
	}
	back := r.in.Team.AddLabel(label)
	r.plan = append(r.plan, Planned{Rule: own.Rule, Action: back})
	delete(r.memory.BotChanges, key)
	r.in = r.in.With(back.Apply(r.in.Issue))
	r.in.Kinds |= triage.LabelsChanged
	enterState(&r.in)
}

// lastMove is the workflow label that people set last and did not take off again, and when; "" if there is none. A status ends when people close or open
// the issue, which then gets another.
func lastMove(in triage.Input) (label string, at time.Time) {
	for _, e := range in.Events {
		for _, gone := range e.Changes.Removed {
			if gone == label {
				label = ""
			}
		}
		if _, is := triage.StatusOf(label); is && e.Kind&(triage.Closed|triage.Reopened) != 0 {
			label = ""
		}
		for _, added := range e.Changes.Added {
			if _, ok := in.Team.StateOf(added); ok && e.Kind&triage.Opened == 0 {
				label, at = added, e.At
			}
		}
	}
	return label, at
}
