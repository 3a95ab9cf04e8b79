package rules

import (
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// sloLimits are the limits of the configuration's section "slo".
var sloLimits = triage.Shared{Section: "slo", Default: planning.HandbookSLO}

// sloClock is the SLO's clock of an open issue. Known is false if only the issue's age is known, which is at least as much as the clock shows.
func sloClock(in triage.Input, opt triage.Options) (clock planning.Clock, known, ok bool) {
	limit, ok := opt[sloLimits.Section].(planning.SLOOptions).Limit(in.Labels(), in.Team)
	since := in.Memory.SeverityAt
	known = !since.IsZero() || in.Knows(triage.NeedSeverityAt)
	if since.IsZero() {
		since = in.Issue.CreatedAt
	}
	return planning.Clock{SLOLimit: limit, Since: since}, known, ok
}

// loadSeverityAt asks since when the issue has a severity.
func loadSeverityAt() triage.Verdict {
	return triage.Load("since when the issue has a severity has to be looked up", triage.NeedSeverityAt)
}

// sloRule says in a sentence how long such issues may stay open.
func sloRule(in triage.Input, clock planning.Clock) string {
	what := "bugs"
	if in.Has(triage.Infradev) {
		what = "infradev issues"
	}
	return what + " of severity " + clock.Severity + " are to be closed within " + spanInDays(clock.Limit)
}

// sloDue is sloRule with the day for this issue.
func sloDue(in triage.Input, clock planning.Clock) string {
	return sloRule(in, clock) + ", this one by " + inUTC(clock.PastAt())
}

// sloItem asks the managers to see to an issue with a limit.
func sloItem(in triage.Input, clock planning.Clock, title string, label triage.Action) *triage.Item {
	return &triage.Item{
		Slot: "slo", Title: title, Text: capitalized(sloDue(in, clock)) + ".", Do: triage.HowTo(label),
		Asks: []triage.Role{triage.EngineeringManager, triage.ProductManager},
	}
}

// inTimeUntil is the verdict for an issue with a clock that has not come to a moment yet. It is taken up again then.
func inTimeUntil(in triage.Input, clock planning.Clock, known bool, role triage.LabelRole, at time.Time) triage.Verdict {
	reason := sloRule(in, clock) + ", and this one is younger"
	if known {
		reason = sloDue(in, clock)
	}
	v := withoutOwnLabel(in, role, reason)
	v.Wake = at
	return v
}

func spanInDays(span time.Duration) string {
	if days := int(span / day); days != 1 {
		return strconv.Itoa(days) + " days"
	}
	return "a day"
}

// withoutOwnLabel says that a label does not fit, and takes it off again where the bot had put it.
func withoutOwnLabel(in triage.Input, role triage.LabelRole, reason string) triage.Verdict {
	label := in.Team.Label(role)
	if own, ours := in.Memory.BotChanges["label:"+label]; !ours || own.Removed || !in.Issue.Has(label) {
		return triage.Nothing(reason)
	}
	return triage.Want(reason, triage.RemoveLabel{Label: label})
}

// noSLO is why an issue has no limit.
const noSLO = "only bugs and infradev issues with a severity have an SLO"

// inUTC is the day of a moment, as sentences name it.
func inUTC(t time.Time) string { return planning.DateOf(t.UTC()).String() }

// capitalized begins a sentence.
func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
