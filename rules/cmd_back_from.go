package rules

import (
	"strings"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// commandBackFrom takes back what commandAway said: all of it, or what is left of it from a day on.
var commandBackFrom = triage.Command{
	Name: "back-from", Args: "<day>", Summary: "On a planning issue: you are there after all, from that day on.",
	Example: "back-from 2026-12-28", Section: "Capacity Planning", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		example := "; write for example " + in.Team.CommandCode("back-from 2026-12-28")
		report, out, ok := reportOf(call)
		switch {
		case !ok:
			return out
		case !isReport(report, planning.KindPlanning):
			return refuseOutside(report, in.Team.CommandCode("back-from <day>")+" belongs on the planning issue of a milestone")
		}
		written := firstWord(call.Args)
		if written == "" {
			return triage.Refuse(triage.Say("the day is missing" + example))
		}
		day, ok := parseDay(written)
		if !ok {
			return triage.Refuse(triage.Say("").Quote(written).Say(" is no date" + example))
		}
		var known []string
		for _, away := range report.Away {
			if away.From <= day.String() && day.String() <= away.To {
				return onReport("you are back from "+day.String()+" on", triage.ReportEdit{Person: call.By.Username, Back: day.String()})
			}
			known = append(known, away.From+" to "+away.To)
		}
		if len(known) == 0 {
			return triage.Refuse(triage.Say("you did not say here that you are away; days in the bot's configuration are changed by who runs it"))
		}
		return triage.Refuse(triage.Say("you are not away on " + day.String() + ", but from " + joinWords(known) + example))
	},
}

// firstWord is the first of some words, "" if there is none.
func firstWord(args string) string {
	word, _, _ := strings.Cut(args, " ")
	return word
}

// parseDay reads a day as people write it in a sentence.
func parseDay(word string) (planning.Date, bool) {
	d, err := planning.ParseDate(strings.TrimRight(triage.Unquote(word), ".,;:!"))
	return d, err == nil
}
