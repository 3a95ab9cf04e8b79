package rules

import (
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// recentRegression is how long after its report a regression counts as recent: a release and the one before.
const recentRegression = 60 * 24 * time.Hour

// regressionNeedsVersion follows "Triage Process": a regression says since when, and a recent one is worth a more severe level.
var regressionNeedsVersion = triage.Rule{
	Meta: triage.Meta{
		ID:      "regression-needs-version",
		Summary: "Asks for the version of a regression and suggests a more severe level for a recent one.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Regression) {
			return triage.Nothing("the issue is not a regression")
		}
		var v triage.Verdict
		var reasons []string
		if !hasVersionLabel(in) {
			example := triage.AddLabel{Label: in.Team.Label(triage.Regression) + ":x.y"}
			reasons = append(reasons, "the regression does not say since which version")
			v.Items = append(v.Items, triage.Item{
				Slot: "version", Title: "A version", Do: triage.HowTo(example) + " with the first version that has it",
			})
		}
		if level := raisedSeverity(in); level != "" {
			suggested := levelLabel(in, triage.SeverityScope, level)
			reasons = append(reasons, "a recent regression may be worth severity "+level)
			v.Items = append(v.Items, triage.Item{
				Slot: "severity-" + level, Title: "A more severe level", Text: "Consider it, the regression is recent.",
				Do: triage.HowTo(suggested),
			})
		}
		if len(reasons) == 0 {
			return triage.Nothing("the regression says since which version")
		}
		v.Reason = joinWords(reasons)
		return v
	},
}

// hasVersionLabel reports whether a label such as regression:17.9 is on the issue.
func hasVersionLabel(in triage.Input) bool {
	return slices.ContainsFunc(in.Labels(), func(l string) bool {
		for _, name := range in.Team.LabelNames(triage.Regression) {
			if version, ok := strings.CutPrefix(l, name+":"); ok && strings.Trim(version, ": ") != "" {
				return true
			}
		}
		return false
	})
}

// raisedSeverity is the level to suggest for a recent regression of severity 3 or 4, else "". Who has followed the suggestion is not asked
// to go further.
func raisedSeverity(in triage.Input) string {
	created := in.Issue.CreatedAt
	if created.IsZero() || in.Now.Sub(created) > recentRegression {
		return ""
	}
	switch before := in.Memory.Items["regression-needs-version/severity-3"].State; in.ScopedValue(triage.SeverityScope) {
	case "4":
		return "3"
	case "3":
		if before != triage.ItemOpen && before != triage.ItemMet {
			return "2"
		}
	}
	return ""
}
