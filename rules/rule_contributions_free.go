package rules

import (
	"slices"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// contributionsFree follows "Triage Process": an issue that invites contributors is free again when whoever took it does not get to it.
var contributionsFree = triage.Rule{
	Meta: triage.Meta{
		ID:      "contributions-free",
		Summary: "Frees an issue that a contributor took and opened no merge request for.",
		Section: "Triage Process",
		On:      triage.Opened | triage.AssigneesChanged | triage.Noted | triage.Woken | triage.Swept | triage.MergeRequestChanged,
		Mode:    triage.Off,
		MaxMode: triage.Act,
		Options: []triage.Option{{Name: "days", Help: "days until the issue is free again", Default: 14, Min: 1, Max: 365}},
	},
	Decide: func(in triage.Input, o triage.Options) triage.Verdict {
		taken := in.Memory.Taken
		if taken == nil || !slices.ContainsFunc(in.Issue.Assignees, taken.By.Is) {
			return triage.Nothing("no contributor has the issue")
		}
		days := o.Int("days")
		ends := taken.At.Add(time.Duration(days) * 24 * time.Hour)
		if in.Now.Before(ends) {
			v := triage.Nothing("a contributor has had the issue for less than " + strconv.Itoa(days) + " days")
			v.Wake = ends
			return v
		}
		switch {
		case !in.Knows(triage.NeedMergeRequests):
			return triage.Load("whether there is a merge request has to be looked up", triage.NeedMergeRequests)
		case len(in.Memory.Context.MergeRequests) > 0:
			return triage.Nothing("there is a merge request for the issue")
		}
		return triage.Want("a contributor has had the issue for "+strconv.Itoa(days)+" days, and there is no merge request",
			triage.Unassign{People: taken.By.Username}, triage.AddLabel{Label: in.Team.Label(triage.Contributions)})
	},
}
