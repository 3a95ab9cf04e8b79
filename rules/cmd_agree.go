package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// commandAgree is an agreement in the review of "Convention over configuration". It counts like a thumbsup.
var commandAgree = triage.Command{
	Name: "agree", Summary: "Agrees that no configuration can be avoided.", Example: "agree",
	Section: "Convention over configuration", Who: triage.Member, Agrees: true,
	OwnSummary: "Agrees to the issue as it is.", Reviews: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		switch {
		case call.Args != "":
			return triage.Refuse(triage.Say(in.Team.CommandCode("agree") + " takes nothing behind it, and there is ").Quote(call.Args).
				Say("; write that on another line, or object with " + in.Team.CommandCode("simplify <why>")))
		case !inReview(in):
			return refuseOutsideReview(in, "an agreement is given")
		case call.By.Is(in.Issue.Author):
			return triage.Refuse(triage.Say("the author's own agreement does not count; somebody else has to agree"))
		}
		roster := in.Team.People(reviewing...)
		switch {
		case len(roster) > 0 && !triage.HasUsername(roster, call.By.Username):
			return triage.Refuse(triage.Say("only the agreement of " + reviewRoles() + " counts; the team's configuration names them"))
		case len(roster) == 0 && call.Level < triage.Developer:
			return triage.Refuse(triage.Say("only the agreement of members with Developer access or more counts"))
		}
		out := triage.Did("agrees that no configuration can be avoided")
		if !in.Team.Workflow.IsHandbook() {
			out.Reason = "agrees to the issue as it is"
		}
		out.Changes = []triage.Change{triage.Agree{}}
		return out
	},
}

// reviewing are the roles of the issue review.
var reviewing = []triage.Role{triage.ProductManager, triage.ProductDesigner, triage.EngineeringManager, triage.Engineers}

// reviewRoles names the roles of the issue review in a sentence.
func reviewRoles() string {
	titles := make([]string, len(reviewing))
	for n, role := range reviewing {
		titles[n] = strings.TrimPrefix(role.Title(), "the ")
	}
	return "the " + joinWords(titles)
}

// inReview reports whether an issue is where its proposal is agreed on: in review, ready for development while the agreement is missing, or before a
// state that needs it.
func inReview(in triage.Input) bool {
	w := in.Team.Workflow
	return w.State(in.State()).Reviewed() || slices.Contains(w.State(neighbour(in, 1)).Needs, triage.RequireAgreement)
}

// refuseOutsideReview says where the review is. What happens there is a clause: "an agreement is given".
func refuseOutsideReview(in triage.Input, what string) triage.Outcome {
	var where []string
	for _, s := range in.Team.Workflow.Path {
		if s.Reviewed() {
			where = append(where, s.Name)
		}
	}
	if len(where) == 0 {
		return triage.Refuse(triage.Say(what + " in a review, and the team's workflow has none"))
	}
	why := triage.Say(what + " in " + orWords(where) + ", and this issue ")
	if state := in.State(); state != "" {
		return triage.Refuse(why.Say("is in ").Quote(state))
	}
	return triage.Refuse(why.Say("has no workflow state"))
}
