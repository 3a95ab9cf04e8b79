package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// reportOf is the report on whose issue a command is written, without a kind if it is no report. If that has to be looked up first, ok is false and
// out is the command's outcome.
func reportOf(call triage.Call) (report triage.ReportFacts, out triage.Outcome, ok bool) {
	if call.Report == nil {
		return report, triage.Outcome{Reason: "whether the issue is a report has to be looked up", LookUp: triage.LookUpReport, EvenOutOfScope: true}, false
	}
	return *call.Report, triage.Outcome{}, true
}

// isReport reports whether it is a report of one of these kinds.
func isReport(r triage.ReportFacts, kinds ...planning.Kind) bool {
	return slices.Contains(kinds, planning.Kind(r.Kind))
}

// onReport is the outcome of a command that changes the report on whose issue it is written.
func onReport(reason string, edit triage.ReportEdit) triage.Outcome {
	return triage.Outcome{Reason: reason, Report: &edit, EvenOutOfScope: true}
}

// refuseOutside refuses a command that belongs on another issue. Where says on which, and what then would work.
func refuseOutside(r triage.ReportFacts, where string) triage.Outcome {
	if r.Kind == "" {
		return triage.Refuse(triage.Say("this issue is no report of the bot's; " + where))
	}
	return triage.Refuse(triage.Say("this is the issue of the " + strings.ReplaceAll(r.Kind, "-", " ") + " report; " + where))
}
