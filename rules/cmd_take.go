package rules

import (
	"cmp"
	"slices"
	"strings"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// commandTake says that its writer would like to work on an issue. Of the team's planned work it assigns nobody: that is what the managers do when the
// milestone is built. An issue that invites contributors ("Triage Process") is whose who asks first.
var commandTake = triage.Command{
	Name: "take", Args: "[#n]", Summary: "Says that you would like an issue: alone on the issue itself, with its number on a planning or needs-weight issue.",
	Example: "take #12", Section: "Capacity Planning", Who: triage.Anyone,
	Words: func(t *triage.Team) string {
		return "Says that you would like an issue: alone on the issue itself, with its number on " +
			strings.Replace(reportsToTakeFrom(t), "or a ", "or ", 1) + "."
	},
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		report, out, ok := reportOf(call)
		if !ok {
			return out
		}
		if report.Kind == "" {
			return takeThis(in, call)
		}
		if engineers := in.Team.People(triage.Engineers); len(engineers) > 0 && !triage.HasUsername(engineers, call.By.Username) {
			out := triage.Refuse(triage.Say("what is planned here is for the team's engineers"))
			out.EvenOutOfScope = true
			return out
		} else if len(engineers) == 0 && call.Level < triage.Planner {
			return refuseTake(in)
		}
		if !isReport(report, planning.KindPlanning, planning.KindNeedsWeight) {
			return refuseOutside(report, in.Team.CommandCode("take #12")+" belongs on "+reportsToTakeFrom(in.Team)+", "+in.Team.CommandCode("take")+" on the issue itself")
		}
		issue, out, ok := parseOtherIssue(in, call, "issue", "take", "there is nothing to do for it but to plan")
		if !ok {
			out.EvenOutOfScope = true
			return out
		}
		if slices.Contains(report.Takes, issue) {
			return triage.Outcome{Reason: "you said already that you would like it", EvenOutOfScope: true}
		}
		return onReport("you would like it", triage.ReportEdit{Person: call.By.Username, Takes: &issue})
	},
}

// takeThis is the outcome of the command on the issue that its writer would like.
func takeThis(in triage.Input, call triage.Call) triage.Outcome {
	if call.Args != "" {
		_, out, ok := parseOtherIssue(in, call, "issue", "take", "")
		switch {
		case call.Found == nil:
			return out
		case ok:
			return refuseOutside(*call.Report, "write "+in.Team.CommandCode("take")+" there, or its number on "+reportsToTakeFrom(in.Team))
		case call.Found.Ref != in.Issue.Ref:
			return out
		}
	}
	switch {
	case slices.ContainsFunc(in.Issue.Assignees, call.By.Is):
		return triage.Did("the issue is yours already")
	case isForContributors(in):
		return contribute(in, call)
	case call.Level < triage.Planner:
		return refuseTake(in)
	case in.Issue.Confidential:
		return triage.Refuse(triage.Say("the issue is confidential, and a planning issue may stand where more people read; tell the engineering manager that you would like it"))
	}
	ref := in.Issue.Ref
	out := triage.Did("you would like it")
	out.Report = &triage.ReportEdit{Person: call.By.Username, Takes: &ref}
	return out
}

// refuseTake refuses the command to those who only may ask for what invites contributors.
func refuseTake(in triage.Input) triage.Outcome {
	out := triage.Refuse(triage.Say(in.Team.CommandCode("take") + " " + triage.Member.Requirement() + ", but on issues with " +
		triage.Code(in.Team.Label(triage.Contributions))))
	out.EvenOutOfScope = true
	return out
}

// isForContributors reports whether the issue invites everybody, or did until somebody took it.
func isForContributors(in triage.Input) bool {
	taken := in.Memory.Taken
	return in.Has(triage.Contributions) || taken != nil && slices.ContainsFunc(in.Issue.Assignees, taken.By.Is)
}

// contribute gives an issue that invites contributors to the one who asks, if nobody has it.
func contribute(in triage.Input, call triage.Call) triage.Outcome {
	if len(in.Issue.Assignees) > 0 {
		names := make([]string, len(in.Issue.Assignees))
		for n, p := range in.Issue.Assignees {
			names[n] = cmp.Or(p.Username, "somebody")
		}
		return triage.Refuse(triage.Say("").Untrusted(joinWords(names)).Say(" has it; ask there whether you can help"))
	}
	out := triage.Did("the issue is yours", triage.Assign{People: call.By.Username})
	out.Changes = []triage.Change{triage.Take{}}
	return out
}

// reportsToTakeFrom are the issues on which people say which of those that are listed they would like.
func reportsToTakeFrom(t *triage.Team) string {
	if t.Scale.Off() {
		return "a planning issue"
	}
	return "a planning or a needs-weight issue"
}
