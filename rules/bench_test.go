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

// BenchmarkSlopes decides with more and more rules, and with more and more comments that came together on one issue: both are to cost in
// proportion.
func BenchmarkSlopes(b *testing.B) {
	settings := engine.Defaults(rules.Catalogue())
	decide := func(b *testing.B, n int, unit string, settings []engine.Setting, events []triage.Event) {
		policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Commands: rules.Commands(), Grace: 5 * time.Minute}
		issue := triage.Issue{Labels: []string{"backend", "workflow::in dev"}, Weight: triage.Int(2), CreatedAt: noon, UpdatedAt: noon}
		for b.Loop() {
			if _, _, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: triage.Memory{Touched: noon}, Events: events, Now: noon}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/"+unit)
	}
	for _, n := range []int{1, 9, 18, len(settings)} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			decide(b, n, "rule", settings[:n], []triage.Event{{Kind: triage.Updated | triage.LabelsChanged, At: noon, ReceivedAt: noon}})
		})
	}
	for _, n := range []int{1, 10, 100, 1_000} {
		b.Run(fmt.Sprintf("comments=%d", n), func(b *testing.B) {
			events := make([]triage.Event, n)
			for k := range events {
				events[k] = triage.Event{
					Kind: triage.Noted, At: noon.Add(time.Duration(k) * time.Second), ReceivedAt: noon,
					Actor: triage.Person{ID: int64(k%10 + 1), Username: fmt.Sprint("person", k%10)}, Note: &triage.Note{ID: int64(k + 1), Text: "LGTM"},
				}
			}
			decide(b, n, "comment", settings, events)
		})
	}
}
