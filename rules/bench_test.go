package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// BenchmarkNothingToDo decides an event that changes nothing, on a usual issue that the bot knows and on a large one.
func BenchmarkNothingToDo(b *testing.B) {
	usual := []string{"backend", "devops::create", "Category:Source Code Management", "group::source code", "workflow::in dev", "type::bug", "severity::2", "priority::2"}
	large := append([]string{}, usual...)
	for n := len(large); n < 40; n++ {
		large = append(large, fmt.Sprintf("Some Label %d::x", n))
	}
	policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: engine.Defaults(rules.Catalogue()), Grace: 5 * time.Minute}
	for name, labels := range map[string][]string{"usual": usual, "40labels": large} {
		b.Run(name, func(b *testing.B) {
			issue := triage.Issue{Labels: labels, Description: strings.Repeat("All work and no play. ", 1000), Weight: triage.Int(2), Assignees: []triage.Person{{ID: 1, Username: "omar"}}, CreatedAt: noon, UpdatedAt: noon}
			events := []triage.Event{{Kind: triage.Updated | triage.LabelsChanged | triage.WeightChanged, At: noon, ReceivedAt: noon}}
			memory := triage.Memory{Touched: noon, BotChanges: map[string]triage.BotChange{"label:backend": {Rule: "team-labels"}}}
			b.ReportAllocs()
			for b.Loop() {
				d, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: memory, Events: events, Now: noon})
				if err != nil || len(d.Plan)+len(d.Note.Items)+len(d.Memory.Items) > 0 {
					b.Fatal(d.Plan, d.Memory.Items, err)
				}
			}
		})
	}
}
