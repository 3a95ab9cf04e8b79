package rules

import (
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// commandRetro follows "Retrospectives": whoever wants to talk about how a project went opens an issue that says why, with the engineering
// manager and the counterparts in it.
var commandRetro = triage.Command{
	Name: "retro", Args: "[sync|async] <why>", Summary: "Opens a retrospective of this project, with the engineering manager and the counterparts in it.",
	Example: "retro async the second rollout surprised us", Section: "Retrospectives", Who: triage.Member, Closed: true, Opens: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		kind, how := "", "Whether in a call or in this issue is still to be decided."
		switch kind = strings.ToLower(strings.TrimRight(firstWord(call.Args), ",:;")); kind {
		case "sync":
			how = "It is meant to be held in a call. The engineering manager finds a time; what comes of it is written down here."
		case "async":
			how = "It is meant to be held here, in comments. The engineering manager says until when, and sums it up."
		default:
			kind = ""
		}
		call.Args = strings.TrimLeft(call.Args[len(kind):], " ,:;")
		why := quotableText(call)
		if why == "" {
			return refuseWithout(in.Team, "retro [sync|async] <why>", "retro async the second rollout surprised us")
		}
		out := triage.Did("opens a retrospective")
		out.Opens = &triage.Draft{
			Title: retroTitle(in.Issue), Labels: retroLabels(in), Confidential: in.Issue.Confidential || call.Internal, Kind: triage.DraftRetrospective,
			Asks: retroPeople(in.Team),
			Text: []triage.Prose{
				triage.Say("A retrospective of #" + strconv.FormatInt(in.Issue.IID, 10) + ": ").Quote(why).Say(closingStop(why)),
				triage.Say(how),
				triage.Say("What went well? What should go better next time? What follows from it, and who does it?"),
			},
		}
		return out
	},
}

// retroTitle is the title of an issue's retrospective.
func retroTitle(of triage.Issue) string {
	title := strings.TrimSpace(of.Title)
	if title == "" {
		title = "#" + strconv.FormatInt(of.IID, 10)
	}
	return truncate("Retrospective: "+title, maxTitle)
}

// retroLabels are the team's group label and the one by which the rules know that the issue is no work.
func retroLabels(in triage.Input) []string {
	skip := in.Team.LabelNames(triage.Skip)
	label := skip[0]
	for _, name := range skip {
		if strings.Contains(strings.ToLower(name), "retro") {
			label = name
			break
		}
	}
	if in.Team.GroupLabel == "" {
		return []string{label}
	}
	return []string{label, in.Team.GroupLabel}
}

// retroPeople are the engineering manager and those of the others who are not engineers and whom the roster names.
func retroPeople(team *triage.Team) []triage.Role {
	asks := []triage.Role{triage.EngineeringManager}
	for _, role := range []triage.Role{triage.ProductManager, triage.ProductDesigner, triage.Quality, triage.AppSec} {
		if len(team.People(role)) > 0 {
			asks = append(asks, role)
		}
	}
	return asks
}
