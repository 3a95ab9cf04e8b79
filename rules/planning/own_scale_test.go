package planning_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// ownTeam is the team of the fixed world with other weights and levels.
func ownTeam(change func(*triage.TeamConfig)) *triage.Team {
	c := planningtest.Team().TeamConfig
	change(&c)
	return triage.NewTeam(c)
}

// textsOf is every line of the documents of a team. What people wrote, titles and labels of the world, is left out.
func textsOf(t *testing.T, team *triage.Team) []string {
	var lines []string
	say := func(p triage.Prose) {
		var own strings.Builder
		for _, piece := range p {
			own.WriteString(piece.Trusted)
		}
		lines = append(lines, strings.Split(own.String(), "\n")...)
	}
	var rows func([]planning.Row)
	rows = func(all []planning.Row) {
		for _, r := range all {
			say(r.Text)
			rows(r.Rows)
		}
	}
	for _, kind := range planning.Kinds() {
		for _, of := range []planning.Version{planningtest.Coming, planningtest.Running} {
			s := on(planningtest.For(kind, of), time.December, 7)
			s.Team = team
			d := compose(t, kind, s)
			lines = append(lines, d.Title)
			for _, p := range d.Intro {
				say(p)
			}
			lines = append(lines, strings.Split(d.Frame, "\n")...)
			for _, section := range d.Sections {
				lines = append(lines, section.Title)
				for _, p := range section.Text {
					say(p)
				}
				rows(section.Rows)
				if section.Table != nil {
					for _, head := range section.Table.Head {
						say(head)
					}
					for _, row := range section.Table.Rows {
						say(row[0].Text)
					}
				}
			}
			for _, l := range d.Letters {
				for _, p := range l.Text {
					say(p)
				}
			}
		}
	}
	if len(lines) < 100 {
		t.Fatalf("only %d lines were composed", len(lines))
	}
	return lines
}

// TestReportsWithoutWeights reads every line of every report of a team without weights, severities and priorities for a word of them.
func TestReportsWithoutWeights(t *testing.T) {
	team := ownTeam(func(c *triage.TeamConfig) {
		c.Scale, c.Severity, c.Priority = triage.NoScale(), &triage.Levels{}, &triage.Levels{}
	})
	words := regexp.MustCompile(`(?i)weigh|heav|budget|severit|priorit`)
	for _, line := range textsOf(t, team) {
		if words.MatchString(line) && !strings.Contains(line, "the team works without") && !strings.HasPrefix(line, "Needs weight ") {
			t.Errorf("speaks of %q: %s", words.FindString(line), line)
		}
	}
}

// TestReportsInTheTeamsNumbers reads every line of every report of a team with Fibonacci weights and levels in words for a number of the handbook's.
func TestReportsInTheTeamsNumbers(t *testing.T) {
	team := ownTeam(func(c *triage.TeamConfig) {
		c.Scale = &triage.Scale{Values: []int{1, 2, 3, 5, 8, 13}, ResearchAbove: 5, SplitFrom: 13, Spike: 2, Security: triage.SecurityNext, Label: "points::"}
		c.Severity = &triage.Levels{Scope: "impact", Values: []string{"high", "mid", "low"}, Urgent: []string{"high"}}
		c.Priority = &triage.Levels{Values: []string{"P1", "P2", "P3", "P4", "P5"}, Urgent: []string{"P1"}}
	})
	words := regexp.MustCompile(`from 0 to 5|\bA 5\b|one of 5 and more|(?:severity|priority)(?:::| )[0-9]|\bUX debt is 3\b|weight 3\b.*comment|(?i)for the frontend\b|backend.?s part`)
	for _, line := range textsOf(t, team) {
		if words.MatchString(line) {
			t.Errorf("has %q: %s", words.FindString(line), line)
		}
	}
}
