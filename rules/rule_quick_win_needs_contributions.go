package rules

import "flowkeeper/rules/triage"

// quickWinNeedsContributions follows "Triage Process": a quick win is an issue for contributors that is also easy.
var quickWinNeedsContributions = triage.Rule{
	Meta: triage.Meta{
		ID:      "quick-win-needs-contributions",
		Summary: "Reminds that a quick win also invites contributors.",
		Section: "Triage Process",
		On:      triage.Opened | triage.LabelsChanged | triage.AssigneesChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Has(triage.QuickWin):
			return triage.Nothing("the issue is not a quick win")
		case in.Has(triage.Contributions):
			return triage.Nothing("the quick win invites contributors")
		}
		if why := whyNotFree(in); why != "" {
			return triage.Nothing(why + " and need not invite contributors")
		}
		invite := triage.AddLabel{Label: in.Team.Label(triage.Contributions)}
		return triage.Ask("the issue is a quick win and does not invite contributors", triage.Item{
			Slot: "contributions", Title: "An invitation", Text: "Quick wins are for contributors.", Do: triage.HowTo(invite),
		})
	},
}
