package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"flowkeeper/bot/check"
	"flowkeeper/rules/conflict"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// rulesPart searches a policy for rules that contradict each other.
func rulesPart(policy engine.Policy) check.Part {
	return func(ctx context.Context) []check.Finding {
		// The search leaves much garbage and keeps little: collecting it half as often saves more time than it takes memory.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
		report, err := conflict.Search(ctx, policy, conflict.DefaultBound())
		if err != nil {
			return []check.Finding{contradiction(err.Error(), "run check again; --no-search leaves the search out")}
		}
		if len(report.Conflicts) == 0 {
			return []check.Finding{check.Good("rules", searched(report))}
		}
		const do = "change an option of one of them, its mode to remind, or the label that they share"
		var all []check.Finding
		for _, c := range report.Conflicts {
			var lines []string
			for line := range strings.Lines(c.String()) {
				lines = append(lines, strings.TrimSpace(line))
			}
			first := strings.TrimSuffix(lines[0], ":")
			all = append(all, contradiction("they contradict each other on "+first+": "+strings.Join(lines[1:], "; "), do))
		}
		if report.Unshown > 0 {
			all = append(all, contradiction(fmt.Sprintf("%d more contradictions like these", report.Unshown), do))
		}
		return all
	}
}

// searched says how far the search went in which nothing was found.
func searched(r conflict.Report) string {
	weights := "no weights"
	if r.Weights != "" {
		weights = "weights to " + strconv.Itoa(r.Weight)
	}
	text := fmt.Sprintf("no two contradict each other on %d issues: each of %d states, %s, up to %d of %d labels and %d circumstances",
		r.Issues, r.States, weights, r.Together, len(r.Labels), len(r.Circumstances))
	if len(r.LeftOut) > 0 {
		text += fmt.Sprintf("; %d further labels were left out", len(r.LeftOut))
	}
	if r.Policies > 0 {
		text += fmt.Sprintf("; policies left out, of which only fights with each other are looked for: %d", r.Policies)
	}
	return text
}

func contradiction(detail, do string) check.Finding {
	return check.Finding{What: "rules", Status: check.Fail, Detail: detail, Do: do}
}

// workflowFindings say what states a team of its own workflow has, and which rules have nothing to do in a team, a finding for each reason.
func workflowFindings(team *triage.Team, settings []engine.Setting) []check.Finding {
	var all []check.Finding
	if w := team.Workflow; !w.IsHandbook() {
		all = append(all, check.Good("workflow", strings.Join(w.Names(), ", ")+"; new issues start in "+w.Start))
	}
	var reasons []string
	idle := map[string][]string{}
	for _, s := range settings {
		reason := s.Idle(team)
		if reason == "" || s.Mode == triage.Off {
			continue
		}
		if idle[reason] == nil {
			reasons = append(reasons, reason)
		}
		idle[reason] = append(idle[reason], s.ID)
	}
	for _, reason := range reasons {
		all = append(all, check.Good("rules", reason+": nothing to do for "+strings.Join(idle[reason], ", ")))
	}
	return all
}
