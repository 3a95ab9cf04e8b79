package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// workflowOrder follows "Workflow labels": states may be skipped and moved back, but development does not begin before the problem is
// validated and planned, and what is complete stays so.
var workflowOrder = triage.Rule{
	Meta: triage.Meta{
		ID:         "workflow-order",
		Summary:    "Points out a clearly wrong move: from validation straight into development, or back from complete.",
		OwnSummary: "Points out a move that the workflow does not have, or back from {done}.",
		Section:    "Workflow labels",
		On:         triage.Opened | triage.LabelsChanged,
		Mode:       triage.Remind,
		MaxMode:    triage.Remind,
		Prompt:     true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		state, from := in.State(), in.Memory.StateEntry.From
		switch {
		case in.Memory.StateEntry.State != state || from == "" || state == "":
			return triage.Nothing("the issue did not move along the workflow")
		case !in.Team.Workflow.MayMove(from, state):
			return wrongMove(in, from, state)
		case in.Team.Workflow.Moves[state] != nil:
			return triage.Nothing("the move from " + from + " to " + state + " is one of the workflow's")
		case in.Team.Workflow.Before(from, triage.Breakdown) && in.Is(triage.Development, triage.CodeReview):
			return triage.Ask("the issue went from "+from+" straight to "+state, triage.Item{
				Slot: "order", Title: "Skipped steps", Text: ": moved from " + from + " to " + state + ". Intended? " +
					in.Team.CommandCode("ignore workflow-order <why>") + "; else " + in.Team.CommandCode("back") + ".",
			})
		case in.Team.Workflow.State(from).Is == triage.Done && !in.Is(triage.Done) && in.Team.Workflow.Rank(state) >= 0:
			return triage.Ask("the issue came back from "+from+" to "+state, triage.Item{
				Slot: "order", Title: "Back from " + from, Text: ": moved to " + state + ". Intended? " +
					in.Team.CommandCode("ignore workflow-order <why>") + "; else open a new issue and " + in.Team.CommandCode("to "+from) + ".",
			})
		}
		return triage.Nothing("the move from " + from + " to " + state + " is in order")
	},
}

// wrongMove points out a move that the team's workflow does not have, as long as the issue stays there. What the bot itself moved, as an issue that
// is closed, is in order, and so is what a command moved: it has looked at the moves.
func wrongMove(in triage.Input, from, state string) triage.Verdict {
	hand, command := whoMoved(in)
	_, ours := in.Memory.BotChanges[triage.AddLabel{Label: in.StateLabel()}.Key()]
	if ours || command || !hand && !isOnNote(in, "workflow-order/order") {
		return triage.Nothing("nobody set the label by hand that moved the issue from " + from + " to " + state)
	}
	may := "nothing comes after " + from
	if after := in.Team.Workflow.After(from); len(after) > 0 {
		may = "after " + from + " comes " + orWords(after)
	}
	return triage.Ask("the issue went from "+from+" to "+state+", and "+may, triage.Item{
		Slot: "order", Title: "A move against the workflow", Text: ": from " + from + " to " + state + ". " + strings.ToUpper(may[:1]) + may[1:] + ". Intended? " +
			in.Team.CommandCode("ignore workflow-order <why>") + "; else " + in.Team.CommandCode("back") + ".",
	})
}

// whoMoved reports how the events moved the issue into its state: by a label that somebody set, or by a command in a comment.
func whoMoved(in triage.Input) (hand, command bool) {
	for _, e := range in.Events {
		if !slices.ContainsFunc(e.Changes.Added, func(l string) bool { return in.Team.Canonical(l) == in.StateLabel() }) {
			continue
		}
		command = slices.ContainsFunc(in.Events, func(n triage.Event) bool {
			return n.Note != nil && n.Actor.ID == e.Actor.ID && n.At.Equal(e.At) && n.ReceivedAt.Equal(e.ReceivedAt)
		})
		hand = !command
	}
	return hand, command
}

// orWords joins words the way a sentence does: "a, b or c".
func orWords(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
