package planning_test

import (
	"strings"
	"testing"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestPlanningTitle is as the planning issues of years are called: the month is that in which a milestone is planned.
func TestPlanningTitle(t *testing.T) {
	for _, c := range []struct{ team, milestone, title string }{
		{"Create:Source Code BE", "18.8", "Source Code 18.8 Planning : December"},
		{"Create:Source Code BE", "17.10", "Source Code 17.10 Planning : February"},
		{"Source Code Backend", "17.7", "Source Code 17.7 Planning : November"},
		{"", "18.6", "18.6 Planning : October"},
	} {
		s := planningtest.For(planning.KindPlanning, planningtest.Coming)
		s.Calendar, s.Team = planning.New(planning.Options{}), triage.NewTeam(triage.TeamConfig{Name: c.team})
		s.Milestone, _ = planning.ParseVersion(c.milestone)
		if d := compose(t, planning.KindPlanning, s); d.Title != c.title {
			t.Errorf("the planning issue of %s is %q, want %q", c.milestone, d.Title, c.title)
		}
	}
}

// TestTemplate fills in people's own template and leaves the rest of it as it is.
func TestTemplate(t *testing.T) {
	for _, c := range []struct{ name, template, frame string }{
		{"all", "# {{milestone}} \\o/\n{{ capacity }}\n{{candidates}}\n- [ ] {x} $1 for {{milestone}}", "# 19.8 \\o/\n{{capacity}}\n{{block}}\n- [ ] {x} $1 for 19.8"},
		{"no place for the candidates", "Hello\n", "Hello\n\n{{block}}"},
		{"no placeholder at all but braces", "{{{}}} {{candidates}}", ""},
	} {
		s := planningtest.For(planning.KindPlanning, planningtest.Coming)
		s.Options.Template = c.template
		d, err := planning.Compose(planning.KindPlanning, s)
		if c.frame == "" {
			if err == nil {
				t.Errorf("%s: no error for %q, got %q", c.name, c.template, d.Frame)
			}
			continue
		}
		if err != nil || d.Frame != c.frame {
			t.Errorf("%s: the frame is %q (%v), want %q", c.name, d.Frame, err, c.frame)
		}
	}
	s := planningtest.For(planning.KindPlanning, planningtest.Coming)
	s.Options.Template = "{{dates}}"
	if d := compose(t, planning.KindPlanning, s); !strings.Contains(d.Frame, "- Friday, 11 December 2026: draft of Deliverables, kickoff\n") {
		t.Errorf("the dates are %q", d.Frame)
	}
}

// TestTemplateErrors names what is wrong and what would work.
func TestTemplateErrors(t *testing.T) {
	for template, want := range map[string]string{
		"{{milestone}} {{issues}}":        `"{{issues}}", which does not exist: there are {{milestone}}, {{dates}}, {{capacity}}, {{candidates}}`,
		"{{}}":                            `"{{}}", which does not exist`,
		"{{block}}":                       `"{{block}}", which does not exist`,
		"{{candidates}}\n{{ candidates}}": "{{candidates}} twice",
		"{{capacity}} {{capacity}}":       "{{capacity}} twice",
	} {
		s := planningtest.For(planning.KindPlanning, planningtest.Coming)
		s.Options.Template = template
		if _, err := planning.Compose(planning.KindPlanning, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("template %q: %v, want an error with %q", template, err, want)
		}
	}
	if err := planning.CheckTemplate("{{dates}} {{dates}} {{milestone}} {{milestone}}"); err != nil {
		t.Errorf("what is written once may be repeated: %v", err)
	}
}

// TestPlanningWithout says clearly that there is nothing to choose from, and needs no roster.
func TestPlanningWithout(t *testing.T) {
	s := empty()
	s.Team, s.Calendar = triage.NewTeam(triage.TeamConfig{Side: "backend"}), planning.New(planning.Options{})
	d := compose(t, planning.KindPlanning, s)
	if text := d.Sections[0].Text[0].Plain(); !strings.HasPrefix(text, "There are no candidates") || len(d.Asks) != 0 || len(d.Assignees) != 0 {
		t.Errorf("without anything: %q, asks %v", text, d.Asks)
	}
	s.Milestone = planning.Version{}
	if _, err := planning.Compose(planning.KindPlanning, s); err == nil {
		t.Error("no error without a milestone")
	}
}

// TestSecretCandidates lists confidential candidates without their words, and where the public reads only counts them.
func TestSecretCandidates(t *testing.T) {
	s := planningtest.For(planning.KindPlanning, planningtest.Coming)
	s.Home.Public = true
	d := compose(t, planning.KindPlanning, s)
	section := d.Sections[0]
	if last := section.Text[len(section.Text)-1].Plain(); section.Count != len(section.Rows)+1 || last != "Not listed here: 1 confidential issue." {
		t.Errorf("%d counted, %d listed, %q", section.Count, len(section.Rows), last)
	}
	if text := outline(d); strings.Contains(text, "SECRET") || strings.Contains(text, "(confidential)") || strings.Contains(text, "a confidential issue of") {
		t.Error("a public report names a confidential issue")
	}
}
