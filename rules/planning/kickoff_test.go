package planning_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// TestReckoning says how each budget came about.
func TestReckoning(t *testing.T) {
	for _, c := range []struct {
		name, person string
		change       func(*planning.Snapshot)
		want         string
	}{
		{"there all the time", "eva", func(*planning.Snapshot) {}, "Available 100 %, on all 23 working days: a budget of **10**."},
		{"away", "eric", func(*planning.Snapshot) {}, "Available 65 %, on 15 of 23 working days: 10 × 15/23 is 6.52, which makes a budget of **7**."},
		{"a share", "erin", func(*planning.Snapshot) {}, "Available 80 %, on all 23 working days, with 80 % of the time: 10 × 80 % makes a budget of **8**."},
		{"away and a share", "eric", func(s *planning.Snapshot) { s.Options.Capacity.Share["eric"] = 50 }, "Available 33 %, on 15 of 23 working days, with 50 % of the time: 10 × 15/23 × 50 % is 3.26, which makes a budget of **3**."},
		{"no working day", "eva", func(s *planning.Snapshot) {
			s.Calendar = planning.New(planning.Options{Milestones: []planning.MilestoneDates{{Title: "19.8", Start: date("2026-12-12"), Due: date("2026-12-13")}}})
		}, "No budget: 19.8 has no working day."},
	} {
		s := empty()
		c.change(&s)
		d := compose(t, planning.KindKickoff, s)
		n := slices.IndexFunc(d.Sections, func(section planning.Section) bool { return section.Name == "kickoff-"+c.person })
		if got := d.Sections[n].Text[0].Plain(); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestWhyMore gives the reasons that are known for having more than the budget, and says who gives the others.
func TestWhyMore(t *testing.T) {
	slipped := ready(1, triage.Int(4), "eva")
	slipped.Labels = append(slipped.Labels, "missed:19.7")
	closed := ready(2, triage.Int(3), "eva")
	closed.Closed = true
	for _, c := range []struct {
		issues []planning.Issue
		want   string
	}{
		{[]planning.Issue{slipped, closed, ready(3, triage.Int(5), "eva", "zoe")},
			"Assigned 12, which is **2 more** than the budget. The reasons: a weight of 4 slipped from 19.7, a weight of 3 is closed already and a weight of 5 is shared with others."},
		{[]planning.Issue{ready(1, triage.Int(12), "eva")}, "Assigned 12, which is **2 more** than the budget. The engineering manager says why."},
	} {
		s := empty()
		s.Issues = c.issues
		if text := outline(compose(t, planning.KindKickoff, s)); !strings.Contains(text, c.want) {
			t.Errorf("the kickoff does not say %q:\n%s", c.want, text)
		}
	}
}

// TestLikely lists what is assigned: selected, or ready for development, or not done in the milestone before.
func TestLikely(t *testing.T) {
	refined := candidate(1, "19.8", 2, "refinement")
	selected := candidate(2, "19.8", 2, "refinement", "Deliverable")
	running := candidate(3, "19.7", 2, "in dev")
	done := candidate(4, "19.8", 2, "complete")
	done.Closed = true
	s := empty()
	for _, i := range []planning.Issue{refined, selected, running, done, ready(5, nil)} {
		i.Assignees = []string{"Eva"}
		s.Issues = append(s.Issues, i)
	}
	d := compose(t, planning.KindKickoff, s)
	if got := numbersOf(d, "kickoff-eva"); !slices.Equal(got, []int64{2, 5, 3}) {
		t.Errorf("likely Eva's: %v", got)
	}
}

// TestStrangers are told what is theirs, but neither mentioned nor written to.
func TestStrangers(t *testing.T) {
	s := empty()
	s.Issues = []planning.Issue{ready(1, triage.Int(12), "zoe")}
	d := compose(t, planning.KindKickoff, s)
	if got := numbersOf(d, "kickoff-zoe"); !slices.Equal(got, []int64{1}) || triage.HasUsername(d.Asks, "zoe") || slices.ContainsFunc(d.Letters, func(l planning.Letter) bool { return l.To == "zoe" }) {
		t.Errorf("zoe: %v, asks %v, %d letters", got, d.Asks, len(d.Letters))
	}
	s.Team = triage.NewTeam(triage.TeamConfig{Side: "backend"})
	if s.Issues = nil; !compose(t, planning.KindKickoff, s).Empty {
		t.Error("there is a kickoff of nobody")
	}
}

// TestLettersKeepSecrets names confidential issues by their numbers alone, and only those that concern the reader.
func TestLettersKeepSecrets(t *testing.T) {
	s := planningtest.For(planning.KindKickoff, planningtest.Coming)
	s.Home.Public = true
	d := compose(t, planning.KindKickoff, s)
	number := "gitaly#47 (confidential)"
	for _, l := range d.Letters {
		text := ""
		for _, p := range l.Text {
			text += p.Plain() + "\n"
		}
		if wants := l.To == "amir" || l.To == "quinn"; strings.Contains(text, number) != wants || strings.Contains(text, "SECRET") {
			t.Errorf("the letter to %s, who is told of confidential issues %v:\n%s", l.To, wants, text)
		}
	}
	d.Letters = nil
	if text := outline(d); strings.Contains(text, "SECRET") || strings.Contains(text, "gitaly#47") || !strings.Contains(text, "Not listed here: 1 confidential issue.") {
		t.Errorf("in public:\n%s", text)
	}
}
