package main

import (
	"fmt"

	"flowkeeper/bot/check"
	"flowkeeper/config"
	"flowkeeper/config/policyfile"
)

// policyFindings say how many policies run, and name each that does not, with the first reason.
func policyFindings(p config.Policies) []check.Finding {
	const what = "policies"
	all := []check.Finding{check.Good(what, counted(len(p.Names), "file")+": "+policyfile.Count(p.Entries))}
	for _, e := range p.Entries {
		for _, n := range e.Notes {
			if n.Status != policyfile.DoesNotRun {
				continue
			}
			all = append(all, check.Finding{What: what, Status: check.Warn, Detail: fmt.Sprintf("%s:%d: %s does not run: %s", e.File, n.Line, policyfile.RuleName(e.Name), n.What), Do: joinedHint(n.Do)})
			break
		}
	}
	for _, f := range policyfile.Fights(p.Rules) {
		all = append(all, check.Finding{What: what, Status: check.Warn, Detail: fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What), Do: f.Do})
	}
	return all
}

// joinedHint is what to do about a policy that does not run.
func joinedHint(do string) string {
	const more = "flowkeeper policies tells more"
	if do == "" {
		return more
	}
	return do + "; " + more
}
