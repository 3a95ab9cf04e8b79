package planning_test

import (
	"testing"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

// TestConfidentialRowsTellNothing: whatever the report and wherever it stands, a confidential issue has no title, no labels and no text behind it.
func TestConfidentialRowsTellNothing(t *testing.T) {
	for _, k := range planning.Kinds() {
		for _, home := range []planningtest.Project{planningtest.Planning, planningtest.App} {
			s := planningtest.World()
			if k.IsOfMilestone() {
				s.Milestone = planningtest.Coming
			}
			s.Home.Project, s.Home.Path = home.ID, home.Path
			for n := range s.Issues {
				s.Issues[n].Confidential = true
			}
			d, err := planning.Compose(k, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, section := range d.Sections {
				checkSecret(t, k, section.Name, section.Rows)
			}
		}
	}
}

func checkSecret(t *testing.T, k planning.Kind, section string, rows []planning.Row) {
	t.Helper()
	for _, r := range rows {
		if i := r.Issue; i != nil && (i.Title != "" || len(i.Labels) > 0 || len(r.Text) > 0) {
			t.Errorf("%s, %s: %+v says %q", k, section, *i, r.Text.Plain())
		}
		checkSecret(t, k, section, r.Rows)
	}
}
