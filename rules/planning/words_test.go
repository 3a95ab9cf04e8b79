package planning_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// ofMilestones are the reports of a milestone.
func ofMilestones() []planning.Kind {
	var kinds []planning.Kind
	for _, k := range planning.Kinds() {
		if k.IsOfMilestone() {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// prose are all texts of a document.
func prose(d planning.Document) []triage.Prose {
	all := d.Intro
	var add func(rows []planning.Row)
	add = func(rows []planning.Row) {
		for _, r := range rows {
			all = append(all, r.Text)
			add(r.Rows)
		}
	}
	for _, s := range d.Sections {
		all = append(all, s.Text...)
		add(s.Rows)
		if s.Table != nil {
			all = append(all, s.Table.Head...)
			for _, row := range s.Table.Rows {
				for _, c := range row {
					all = append(all, c.Text)
				}
			}
		}
	}
	for _, l := range d.Letters {
		all = append(all, l.Text...)
	}
	return all
}

// TestWordsOfPeople wants what people wrote to be marked as theirs in every document, so that whoever renders it makes it inert: titles, names, milestones.
func TestWordsOfPeople(t *testing.T) {
	for _, k := range ofMilestones() {
		s := on(planningtest.For(k, planningtest.Coming), time.December, 16)
		s.Previous.Takes = map[string][]string{}
		for n := range s.Issues {
			i := &s.Issues[n]
			i.Title, i.Confidential = "EVIL title", false
			if len(i.Assignees) > 0 {
				i.Assignees = []string{"EVIL"}
			}
			if i.Milestone == "Backlog" {
				i.Milestone = "EVIL milestone"
			}
			s.Previous.Takes[i.Ref.String()] = []string{"EVIL"}
		}
		d := compose(t, k, s)
		for _, p := range prose(d) {
			for _, piece := range p {
				if strings.Contains(piece.Trusted, "EVIL") || strings.Contains(piece.Trusted, "@") {
					t.Errorf("%s takes people's words for its own: %q", k, piece.Trusted)
				}
			}
		}
		if strings.Contains(d.Frame+d.Title, "EVIL") || triage.HasUsername(d.Asks, "EVIL") || triage.HasUsername(d.Assignees, "EVIL") {
			t.Errorf("%s: frame, title, %v or %v have people's words in them", k, d.Asks, d.Assignees)
		}
	}
}

// TestSecrets wants no document to tell the words or labels of a confidential issue, and none that the public reads to name one.
func TestSecrets(t *testing.T) {
	for _, k := range ofMilestones() {
		for _, home := range []planning.Home{
			{Project: planningtest.Planning.ID, Path: planningtest.Planning.Path, Premium: true},
			{Project: planningtest.App.ID, Path: planningtest.App.Path},
			{Project: planningtest.Planning.ID, Path: planningtest.Planning.Path, Public: true},
			{},
		} {
			s := on(planningtest.For(k, planningtest.Coming), time.December, 16)
			s.Home, s.Previous.Takes, s.Previous.Dealt = home, map[string][]string{}, map[string]string{}
			secret := map[triage.Ref]bool{}
			for n := range s.Issues {
				s.Previous.Takes[s.Issues[n].Ref.String()], s.Previous.Dealt[s.Issues[n].Ref.String()] = []string{"eva"}, "eva"
				if i := &s.Issues[n]; n%3 == 0 {
					i.Confidential, i.Title = true, "SECRET"
					i.Labels = append(i.Labels, "priority::7", "security")
					secret[i.Ref] = true
				}
			}
			d := compose(t, k, s)
			state, err := json.Marshal(d.State)
			if err != nil {
				t.Fatal(err)
			}
			letters := d.Letters
			d.Letters = nil
			text := outline(d)
			if strings.Contains(text, "SECRET") || strings.Contains(text, "priority::7") {
				t.Errorf("%s at %+v tells what is confidential", k, home)
			}
			d.Letters = letters
			if strings.Contains(outline(d), "SECRET") {
				t.Errorf("a letter of %s tells what is confidential", k)
			}
			for _, section := range d.Sections {
				for _, r := range section.Rows {
					if r.Issue == nil || !r.Issue.Confidential && !secret[r.Issue.Ref] {
						continue
					}
					if home.Public || r.Issue.Names() && r.Issue.Project != home.Project {
						t.Errorf("%s at %+v names the confidential %+v", k, home, *r.Issue)
					}
				}
			}
			for ref := range secret {
				if ref.Project != home.Project && strings.Contains(string(state), `"`+ref.String()+`"`) {
					t.Errorf("the state of %s at %+v names %s", k, home, ref)
				}
			}
		}
	}
}

// TestPure wants the same document of the same snapshot, which stays as it is.
func TestPure(t *testing.T) {
	for _, k := range ofMilestones() {
		s := on(planningtest.For(k, planningtest.Coming), time.December, 16)
		before, err := json.Marshal(s.Issues)
		if err != nil {
			t.Fatal(err)
		}
		first := outline(compose(t, k, s))
		if again := outline(compose(t, k, s)); again != first {
			t.Errorf("%s is another document the second time", k)
		}
		if after, _ := json.Marshal(s.Issues); string(after) != string(before) {
			t.Errorf("%s changes the issues that it is made of", k)
		}
	}
}
