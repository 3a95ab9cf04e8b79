package document_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestFits: a report fits into a description of GitLab's with room for people's words, however many issues there are and whatever their titles and addresses are.
func TestFits(t *testing.T) {
	for _, k := range planning.Kinds() {
		s := planningtest.For(k, planningtest.Coming)
		path := "my-group/" + strings.Repeat("a-long-name-of-a-subgroup/", 6) + "app"
		for n := range 3000 {
			i := planningtest.Case("past-1")
			i.IID, i.Title, i.Path = int64(100_000+n), strings.Repeat("@[x", 80), path
			i.URL = fmt.Sprintf("%s/%s/-/issues/%d", planningtest.GitLab, path, i.IID)
			i.Milestone, i.Assignees = planningtest.Coming.String(), []string{"eric", "erin"}
			i.Labels = append(i.Labels, "workflow::ready for development")
			if n%2 == 0 {
				i.Labels = append(i.Labels, "Deliverable")
				i.Weight = triage.Int(3)
			}
			s.Issues = append(s.Issues, i)
		}
		d, err := planning.Compose(k, s)
		if err != nil {
			t.Fatal(err)
		}
		text := document.Markdown(d, document.Options{List: planningtest.GitLab + "/groups/my-group/-/issues"})
		if n := utf8.RuneCountInString(text); n > 900_000 || n > 500_000 && !strings.Contains(text, " more") || !strings.HasSuffix(text, document.StateMark(d.State)) {
			t.Errorf("the %s report has %d characters", k, n)
		}
	}
}
