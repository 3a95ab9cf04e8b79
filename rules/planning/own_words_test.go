package planning_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestReportsInOwnWords: the reports of a team with other states name none of the handbook's.
func TestReportsInOwnWords(t *testing.T) {
	table := triage.WorkflowTable{}
	for _, s := range triage.HandbookWorkflow().Path {
		table.Path = append(table.Path, triage.State{Name: "Column " + string(rune('A'+len(table.Path))), Is: s.Is, Label: "📌 " + string(rune('A'+len(table.Path)))})
	}
	table.Beside = []triage.State{{Name: "Ice box", Label: "🧊", Is: triage.Blocked}}
	w, err := triage.NewWorkflow(table)
	if err != nil {
		t.Fatal(err)
	}
	config := planningtest.Team().TeamConfig
	config.Workflow = w
	team := triage.NewTeam(config)
	foreign := regexp.MustCompile(`workflow::|handbook|\b(validation backlog|ready for d\w+|planning breakdown|refinement|needs issue review|in dev\w*|in review|verification|complete)\b`)
	said := 0
	for _, k := range append(ofMilestones(), planning.KindTriage) {
		s := on(planningtest.For(k, planningtest.Coming), time.December, 16)
		s.Team = team
		for n := range s.Issues {
			i := &s.Issues[n]
			i.Title, i.Labels = "a title", slices.Clone(i.Labels)
			for m, l := range i.Labels {
				if name, ok := planningtest.Team().StateOf(l); ok {
					state := triage.HandbookWorkflow().State(name)
					i.Labels[m] = team.State(w.Named(state.Is, triage.Intake))
				}
			}
		}
		for _, p := range prose(compose(t, k, s)) {
			if strings.Contains(p.Plain(), "Column ") {
				said++
			}
			if word := foreign.FindString(p.Plain()); word != "" && !strings.Contains(p.Plain(), "a title") {
				t.Errorf("%s speaks of %q: %s", k, word, p.Plain())
			}
		}
	}
	if said == 0 {
		t.Error("no report names a state")
	}
}
