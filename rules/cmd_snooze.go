package rules

import (
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// How long a rule may be silenced.
const (
	shortestSnooze = time.Minute
	longestSnooze  = 90 * day
	usualSnooze    = 7 * day

	day = 24 * time.Hour
)

// commandSnooze silences a rule, or all, on the issue for a while.
var commandSnooze = triage.Command{
	Name: "snooze", Args: "<rule|all> [7d]", Summary: "Silences a rule on this issue for a while, 7 days if no time is given.", Example: "snooze needs-type 2w",
	Who: triage.Member, OnlySilences: true, Closed: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		rule, rest := splitRule(call, call.Args)
		if _, onlyTime := parseSnoozeDuration(call.Args); onlyTime {
			return refuseWithoutRule(in.Team, "snooze <rule|all> [7d]", "snooze all 7d")
		}
		if rule == "" {
			return refuseRule(in, call, "snooze", call.Args)
		}
		span, ok := parseSnoozeDuration(rest)
		switch {
		case !ok:
			return triage.Refuse(triage.Say("").Quote(rest).Say(" is no time to be quiet for; write 30m, 12h, 7d or 2w, for example " + in.Team.CommandCode("snooze "+rule+" 7d")))
		case span < shortestSnooze || span > longestSnooze:
			return triage.Refuse(triage.Say("a rule may be quiet for 1 minute to 90 days; write for example " + in.Team.CommandCode("snooze "+rule+" 90d") +
				", or to silence it for good " + in.Team.CommandCode("ignore <rule> <why>")))
		}
		until := call.At.Add(span)
		return triage.Outcome{
			Reason:  "keeps " + ruleInWords(rule) + " quiet until " + until.UTC().Format("2 January 15:04 MST"),
			Changes: []triage.Change{triage.Snooze{Rule: rule, Until: until}},
		}
	},
}

// units are how people write the units of time.
var units = map[string]time.Duration{
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": day, "day": day, "days": day,
	"w": 7 * day, "week": 7 * day, "weeks": 7 * day,
}

// parseSnoozeDuration reads how long a silence is to last: "7d", "for 2 weeks". Without a text it is the usual time.
func parseSnoozeDuration(text string) (time.Duration, bool) {
	text = strings.ToLower(strings.TrimRight(triage.Unquote(text), ".,!"))
	if rest, ok := strings.CutPrefix(text, "for "); ok {
		text = rest
	}
	if text == "" {
		return usualSnooze, true
	}
	digits := strings.TrimLeft(text, "0123456789")
	n, err := strconv.Atoi(text[:len(text)-len(digits)])
	unit, known := units[strings.TrimSpace(digits)]
	if err != nil || !known {
		return 0, false
	}
	const most = 1_000_000 // minutes, far beyond what is allowed and far from an overflow
	return time.Duration(min(n, most)) * unit, true
}
