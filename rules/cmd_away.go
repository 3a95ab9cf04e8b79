package rules

import (
	"regexp"
	"strconv"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// maxAway is for how many days somebody can be away at a time.
const maxAway = 366

// commandAway says on a planning issue when its writer is away: "Capacity Planning" counts the days that are left.
var commandAway = triage.Command{
	Name: "away", Args: "<from>..<to> [why]", Summary: "On a planning issue: says when you are away, which lowers your weight budget.",
	Example: "away 2026-12-21..2027-01-02 winter holidays", Section: "Capacity Planning", Who: triage.Member,
	Words: func(t *triage.Team) string {
		if t.Scale.Off() {
			return "On a planning issue: says when you are away."
		}
		return "On a planning issue: says when you are away, which lowers your weight budget."
	},
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		report, out, ok := reportOf(call)
		switch {
		case !ok:
			return out
		case !isReport(report, planning.KindPlanning):
			return refuseOutside(report, in.Team.CommandCode("away <from>..<to>")+" belongs on the planning issue of a milestone")
		}
		if engineers := in.Team.People(triage.Engineers); len(engineers) > 0 && !triage.HasUsername(engineers, call.By.Username) {
			return triage.Refuse(triage.Say("the roster (" + triage.Code("team.roles.engineers") + ") does not name you, so you have no budget that this could lower"))
		}
		days, wrong := parseDays(in.Team, call.Args)
		if wrong != nil {
			return *wrong
		}
		from, to := days.From.String(), days.To.String()
		for _, known := range report.Away {
			if known.From <= from && to <= known.To {
				return triage.Outcome{Reason: "you are away then already, from " + known.From + " to " + known.To, EvenOutOfScope: true}
			}
		}
		return onReport("you are away from "+from+" to "+to, triage.ReportEdit{Person: call.By.Username, AwayFrom: from, AwayTo: to})
	},
}

// daysForm is how people write some days: "2026-12-21..2027-01-02", with blanks, dashes or words between, or one day. What follows is why.
var daysForm = regexp.MustCompile(`(?i)^(?:from )?(\S+?)(?: ?(?:\.{2,3}|…|–|—) ?| (?:to|until|till|-) )(\S+)(?: .*)?$`)

// parseDays reads the days at the beginning of what stands behind a command, or says what is wrong with them.
func parseDays(team *triage.Team, args string) (days planning.DateRange, wrong *triage.Outcome) {
	refuse := func(why triage.Prose) (planning.DateRange, *triage.Outcome) {
		out := triage.Refuse(why.Say("; write for example " + team.CommandCode("away 2026-12-21..2027-01-02")))
		return planning.DateRange{}, &out
	}
	first, last := firstWord(args), ""
	if m := daysForm.FindStringSubmatch(args); m != nil {
		first, last = m[1], m[2]
	}
	if first == "" {
		return refuse(triage.Say("the days are missing"))
	}
	from, ok := parseDay(first)
	if !ok {
		return refuse(triage.Say("").Quote(first).Say(" is no date"))
	}
	to := from
	if last != "" {
		if to, ok = parseDay(last); !ok {
			return refuse(triage.Say("").Quote(last).Say(" is no date"))
		}
	}
	switch count := to.DaysSince(from) + 1; {
	case count < 1:
		return refuse(triage.Say("the days end on " + to.String() + ", before they begin on " + from.String()))
	case count > maxAway:
		return refuse(triage.Say("from " + from.String() + " to " + to.String() + " are " + strconv.Itoa(count) + " days, more than " + strconv.Itoa(maxAway)))
	}
	return planning.DateRange{From: from, To: to}, nil
}
