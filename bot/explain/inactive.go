package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// inactiveRule is a rule that says nothing on an issue because of people, or "all" of them: somebody undid what it did, or silenced it.
type inactiveRule struct {
	Rule   string    `json:"rule"`
	By     string    `json:"by,omitempty"`     // a username, "" if unknown
	Undone string    `json:"undone,omitempty"` // what the rule had done; "" if it was silenced
	Until  time.Time `json:"until,omitzero"`   // zero is for good
	Why    string    `json:"why,omitempty"`
}

// inactiveRules lists the quiet rules, those that people undid first.
func inactiveRules(m triage.Memory) []inactiveRule {
	var all []inactiveRule
	for _, rule := range slices.Sorted(maps.Keys(m.Suspensions)) {
		u := m.Suspensions[rule]
		all = append(all, inactiveRule{Rule: rule, By: u.By, Undone: u.What})
	}
	for _, rule := range slices.Sorted(maps.Keys(m.Silences)) {
		s := m.Silences[rule]
		all = append(all, inactiveRule{Rule: rule, By: s.By, Until: s.Until, Why: s.Why})
	}
	return all
}

// writeInactive writes the quiet rules, nothing if there are none. What people wrote is quoted, so that it cannot control the terminal.
func writeInactive(b *strings.Builder, all []inactiveRule) {
	if len(all) == 0 {
		return
	}
	b.WriteString("\nQuiet here:\n")
	for _, q := range all {
		rule, by := q.Rule, "somebody"
		if rule == triage.AllRules {
			rule = "all rules"
		}
		if q.By != "" {
			by = "@" + q.By
		}
		how := "ignored by " + by
		switch {
		case q.Undone != "":
			how = fmt.Sprintf("suspended, %s undid %q", by, q.Undone)
		case !q.Until.IsZero():
			how = "until " + q.Until.UTC().Format("2 January 2006 15:04 MST") + ", snoozed by " + by
		}
		if q.Why != "" {
			how += fmt.Sprintf(": %q", q.Why)
		}
		fmt.Fprintf(b, "  %-28s %s\n", rule, how)
	}
}
