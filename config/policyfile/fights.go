package policyfile

import (
	"fmt"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// Fights tells of rules that may take back each other's work on one issue, those that are off aside. That is no problem of the files: such an issue may
// never come, and the gem runs both rules in their order.
func Fights(rules []policy.Rule) []Remark {
	var on []policy.Rule
	for _, r := range rules {
		if r.Mode != triage.Off {
			on = append(on, r)
		}
	}
	var all []Remark
	for _, f := range policy.Fights(on) {
		where := fmt.Sprintf("in line %d", f.B.Line)
		if f.A.File != f.B.File {
			where = fmt.Sprintf("in %s:%d", f.B.File, f.B.Line)
		}
		all = append(all, Remark{
			File: f.A.File, Line: f.A.Line,
			What: fmt.Sprintf("%s and %s %s fight: the first %s. Example: %s", RuleName(f.A.Name), RuleName(f.B.Name), where, f.What, f.Example),
			Do:   "have the conditions of one leave out what the other asks for; if both act, such an issue ends with an error and nothing is done to it",
		})
	}
	return all
}

// RuleName names a rule in a sentence.
func RuleName(name string) string {
	if name == "" {
		return "a rule without a name"
	}
	return "“" + name + "”"
}
