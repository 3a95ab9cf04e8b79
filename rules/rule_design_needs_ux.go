package rules

import "flowkeeper/rules/triage"

// designNeedsUX follows "Issue refinement": what waits for design, or is in design, is marked as UX work.
var designNeedsUX = triage.Rule{
	Meta: triage.Meta{
		ID:      "design-needs-ux",
		Summary: "Adds ~UX to an issue that waits for design or is in design.",
		States:  [][]triage.Meaning{{triage.DesignReady, triage.Design}},
		Section: "Issue refinement",
		On:      triage.Opened | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Design, triage.DesignReady):
			return in.NotIn(triage.Design, triage.DesignReady)
		case in.Has(triage.UX):
			return triage.Nothing("design work carries the UX label, and so does the issue")
		}
		return triage.Want("design work carries the UX label", triage.AddLabel{Label: in.Team.Label(triage.UX)})
	},
}
