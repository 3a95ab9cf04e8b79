package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// followUpsEpic follows "Issue assignments": an issue with many follow-ups has become a piece of work of its own, and an epic holds that together.
var followUpsEpic = triage.Rule{
	Meta: triage.Meta{
		ID:      "follow-ups-epic",
		Summary: "Suggests an epic for an issue with many open follow-ups.",
		Section: "Issue assignments",
		On:      triage.Noted | triage.Swept,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Prompt:  true,
		Closed:  true,
		Options: []triage.Option{{Name: "from", Help: "open follow-ups from which on an epic is suggested", Default: 5, Min: 2, Max: 100}},
	},
	Decide: func(in triage.Input, o triage.Options) triage.Verdict {
		const slot = "epic"
		_, asked := in.Memory.Items["follow-ups-epic/"+slot]
		switch {
		case in.Knows(triage.NeedLinks):
		case asked:
			return triage.Load("which follow-ups are open has to be looked up", triage.NeedLinks)
		default:
			return triage.Nothing("nobody has opened a follow-up by command lately") // a command looks the links up
		}
		open := len(openFollowUps(in))
		if from := o.Int("from"); open < from {
			return triage.Nothing("the issue has fewer than " + strconv.Itoa(from) + " open follow-ups")
		}
		count := strconv.Itoa(open) + " open follow-ups"
		return triage.Ask("the issue has "+count, triage.Item{
			Slot: slot, Title: "An epic", Text: count + " hang on this issue. " + in.Team.CommandCode("epic") + " says how they are held together.",
		})
	},
}

// openFollowUps are the links to the issue's follow-ups that are open, those about to be opened included.
func openFollowUps(in triage.Input) []triage.Link {
	var open []triage.Link
	for _, l := range in.Memory.Context.Links {
		younger := l.Ref == (triage.Ref{}) || l.Created.After(in.Issue.CreatedAt)
		if l.Kind == triage.RelatesTo && younger && !l.Closed && hasLabelOf(in.Team, l.Labels, triage.FollowUp) {
			open = append(open, l)
		}
	}
	return open
}
