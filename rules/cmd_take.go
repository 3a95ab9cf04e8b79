package rules

import (
	"slices"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// commandTake says that its writer would like to work on an issue. It assigns nobody: that is what the managers do when the milestone is built.
var commandTake = triage.Command{
	Name: "take", Args: "[#n]", Summary: "Says that you would like an issue: alone on the issue itself, with its number on a planning or needs-weight issue.",
	Example: "take #12", Section: "Capacity Planning", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		report, out, ok := reportOf(call)
		if !ok {
			return out
		}
		if report.Kind == "" {
			return takeThis(in, call)
		}
		if !isReport(report, planning.KindPlanning, planning.KindNeedsWeight) {
			return refuseOutside(report, in.Team.CommandCode("take #12")+" belongs on a planning or a needs-weight issue, "+in.Team.CommandCode("take")+" on the issue itself")
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
			return refuseOutside(*call.Report, "write "+in.Team.CommandCode("take")+" there, or its number on a planning or a needs-weight issue")
		case call.Found.Ref != in.Issue.Ref:
			return out
		}
	}
	switch {
	case slices.ContainsFunc(in.Issue.Assignees, call.By.Is):
		return triage.Did("the issue is yours already")
	case in.Issue.Confidential:
		return triage.Refuse(triage.Say("the issue is confidential, and a planning issue may stand where more people read; tell the engineering manager that you would like it"))
	}
	ref := in.Issue.Ref
	out := triage.Did("you would like it")
	out.Report = &triage.ReportEdit{Person: call.By.Username, Takes: &ref}
	return out
}
