package planning_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// unweighted is an issue of 19.8 without a weight.
func unweighted(iid int64, labels ...string) planning.Issue {
	return planning.Issue{
		Ref: triage.Ref{Project: 7, IID: iid}, Path: "my-group/app", URL: triage.Ref{Project: 7, IID: iid}.String(), Milestone: "19.8",
		Labels: append([]string{"backend"}, labels...),
	}
}

// weighing is the world a week before 19.8 begins, with some issues without a weight.
func weighing(issues ...planning.Issue) planning.Snapshot {
	s := on(empty(), time.December, 7)
	s.Issues = issues
	return s
}

// dealtTo are the numbers of the issues that each section lists, but for the instructions.
func dealtTo(d planning.Document) map[string][]int64 {
	dealt := map[string][]int64{}
	for _, s := range d.Sections {
		for _, r := range s.Rows {
			if r.Issue != nil {
				dealt[s.Name] = append(dealt[s.Name], r.Issue.IID)
			}
		}
	}
	return dealt
}

// TestDeal deals the most urgent issues first, one by one, and lists what is left over.
func TestDeal(t *testing.T) {
	s := weighing(unweighted(1), unweighted(2, "priority::2"), unweighted(3, "priority::1"), unweighted(4), unweighted(5), unweighted(6), unweighted(7))
	s.Options.PerEngineer = 1
	d := compose(t, planning.KindNeedsWeight, s)
	want := map[string][]int64{"weigh-eric": {3}, "weigh-erin": {2}, "weigh-enid": {1}, "weigh-ewan": {4}, "weigh-eva": {5}, "not-dealt": {6, 7}}
	if diff := cmp.Diff(want, dealtTo(d)); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
	if want := []string{"eric", "erin", "enid", "ewan", "eva", "emma", "farid"}; !slices.Equal(d.Asks, want) {
		t.Errorf("asks %v, want %v", d.Asks, want)
	}
}

// TestDealOwn gives those an issue first who are assigned to it, and nothing to those who are away until the weights are due.
func TestDealOwn(t *testing.T) {
	own := unweighted(9)
	own.Assignees = []string{"zoe", "EVA"}
	s := weighing(unweighted(1), own)
	s.Previous.Away = map[string][]planning.DateRange{"eric": {days("2026-12-04", "2026-12-11")}, "erin": {days("2026-12-07", "2026-12-10")}}
	want := map[string][]int64{"weigh-eva": {9}, "weigh-erin": {1}}
	if diff := cmp.Diff(want, dealtTo(compose(t, planning.KindNeedsWeight, s))); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
}

// TestWeighed says when a box can be ticked, also before anything is dealt afresh.
func TestWeighed(t *testing.T) {
	change := func(f func(*planning.Issue)) planning.Issue {
		i := unweighted(1)
		f(&i)
		return i
	}
	for _, c := range []struct {
		name  string
		issue planning.Issue
		done  bool
	}{
		{"no weight", unweighted(1), false},
		{"weight 0", change(func(i *planning.Issue) { i.Weight = triage.Int(0) }), true},
		{"two-sided, plain weight", change(func(i *planning.Issue) { i.Weight, i.Labels = triage.Int(3), []string{"backend", "frontend"} }), false},
		{"two-sided, the other side's weight", change(func(i *planning.Issue) { i.Labels = []string{"backend", "frontend", "frontend-weight::2"} }), false},
		{"two-sided, the side's weight", change(func(i *planning.Issue) { i.Labels = []string{"backend", "frontend", "backend-weight::2"} }), true},
		{"unclear", change(func(i *planning.Issue) { i.Requested = []string{"unclear"} }), true},
		{"a spike is asked for", change(func(i *planning.Issue) { i.Requested = []string{"spike"} }), true},
		{"a spike", change(func(i *planning.Issue) { i.Labels = append(i.Labels, "spike") }), true},
		{"closed", change(func(i *planning.Issue) { i.Closed = true }), true},
		{"left the milestone", change(func(i *planning.Issue) { i.Milestone = "19.9" }), true},
		{"frontend only", change(func(i *planning.Issue) { i.Labels = []string{"frontend"} }), true},
	} {
		s := weighing()
		if got := planning.Done(planning.KindNeedsWeight, "weigh-eric", &c.issue, s); got != c.done {
			t.Errorf("%s: done is %v, want %v", c.name, got, c.done)
		}
		s.Issues, s.Previous.Dealt = []planning.Issue{c.issue}, map[string]string{"7#1": "eric"}
		d := compose(t, planning.KindNeedsWeight, s)
		box := d.Sections[1].Rows[0].Box
		if (box == planning.Ticked) != c.done || d.Sections[1].Name != "weigh-eric" {
			t.Errorf("%s: the box in %s is %q, done is %v", c.name, d.Sections[1].Name, box, c.done)
		}
		s.Previous.Dealt = nil
		if d := compose(t, planning.KindNeedsWeight, s); d.Empty != c.done {
			t.Errorf("%s: empty is %v, want %v", c.name, d.Empty, c.done)
		}
	}
}

// TestNobodyToWeigh lists everything as not dealt where the roster names no engineers.
func TestNobodyToWeigh(t *testing.T) {
	s := weighing(unweighted(1))
	s.Team = triage.NewTeam(triage.TeamConfig{Side: "backend", Roster: map[triage.Role][]string{triage.EngineeringManager: {"emma"}}})
	d := compose(t, planning.KindNeedsWeight, s)
	if text := d.Sections[1].Text[0].Plain(); d.Sections[1].Name != "not-dealt" || !strings.Contains(text, "names no engineers") || !slices.Equal(d.Asks, []string{"emma"}) {
		t.Errorf("%s says %q and asks %v", d.Sections[1].Name, text, d.Asks)
	}
}

// TestSecretsToWeigh never gives a number of a confidential issue away, nor asks somebody to weigh what they are not told.
func TestSecretsToWeigh(t *testing.T) {
	secret := unweighted(1)
	secret.Confidential = true
	for _, c := range []struct {
		home  planning.Home
		count int
		rows  []int64 // 0 is an issue without a number
		state []string
	}{
		{planning.Home{Project: 9, Public: true}, 1, nil, nil},
		{planning.Home{Project: 7, Public: true}, 1, nil, nil},
		{planning.Home{Project: 9}, 1, []int64{0}, nil},
		{planning.Home{Project: 7}, 1, []int64{1}, []string{"7#1"}},
	} {
		s := weighing(secret)
		s.Home = c.home
		d := compose(t, planning.KindNeedsWeight, s)
		section := d.Sections[len(d.Sections)-1]
		if got := dealtTo(d)[section.Name]; !slices.Equal(got, c.rows) || section.Count != c.count {
			t.Errorf("home %+v: rows %v, %d counted; want %v, %d", c.home, got, section.Count, c.rows, c.count)
		}
		if got := slices.Collect(maps.Keys(d.State.Dealt)); !slices.Equal(got, c.state) {
			t.Errorf("home %+v: the state names %v", c.home, got)
		}
	}
}

// TestDealIsStable composes a document again and again while issues come, are weighed and go: who was asked to weigh an issue stays asked, nobody
// gets more than agreed, and nothing is lost.
func TestDealIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := weighing()
		s.Options.PerEngineer = rapid.IntRange(1, 4).Draw(t, "per engineer")
		s.Home = planning.Home{Project: 7, Premium: true}
		for round := range 4 {
			for n := range rapid.IntRange(0, 8).Draw(t, "new") {
				i := unweighted(int64(100*round+n+1), rapid.SampledFrom([]string{"priority::1", "priority::3", "x"}).Draw(t, "priority"))
				i.Assignees = rapid.SliceOfN(rapid.SampledFrom(s.Team.People(triage.Engineers)), 0, 1).Draw(t, "assignee")
				s.Issues = append(s.Issues, i)
			}
			for n := range s.Issues {
				if rapid.IntRange(0, 3).Draw(t, "is weighed") == 0 {
					s.Issues[n].Weight = triage.Int(2)
				}
			}
			d, err := planning.Compose(planning.KindNeedsWeight, s)
			if err != nil {
				t.Fatal(err)
			}
			for issue, who := range s.Previous.Dealt {
				if who != "" && d.State.Dealt[issue] != who {
					t.Errorf("%s was dealt to %s and is now %q", issue, who, d.State.Dealt[issue])
				}
			}
			listed := map[int64]bool{}
			for section, issues := range dealtTo(d) {
				if section != "not-dealt" && len(issues) > s.Options.PerEngineer {
					t.Errorf("%s has %v", section, issues)
				}
				for _, i := range issues {
					listed[i] = true
				}
			}
			for _, i := range s.Issues {
				if i.Weight == nil && !listed[i.IID] {
					t.Errorf("%s needs a weight and is not listed", i.Ref)
				}
			}
			if !d.Empty {
				s.Previous = d.State
			}
		}
	})
}

// TestRemind reminds those with an open box of an issue that needs it.
func TestRemind(t *testing.T) {
	weighed := unweighted(3)
	weighed.Weight = triage.Int(1)
	s := weighing(unweighted(1), unweighted(2), weighed, unweighted(4), unweighted(5), unweighted(6))
	s.Previous.Dealt = map[string]string{"7#1": "eric", "7#2": "eric", "7#3": "enid", "7#4": "ewan", "7#5": "", "7#6": "all", "7#9": "erin"}
	if r := planning.RemindOf(s); !slices.Equal(r.People, []string{"eric", "ewan"}) || len(r.Text) == 0 {
		t.Errorf("reminds %v, want eric and ewan: enid's is weighed, erin's box is ticked, and all is no engineer", r.People)
	}
}

// TestNeedsWeightOnFree assigns one person, since Free keeps no more.
func TestNeedsWeightOnFree(t *testing.T) {
	s := planningtest.For(planning.KindNeedsWeight, planningtest.Coming)
	s.Home.Premium = false
	if d := compose(t, planning.KindNeedsWeight, s); !slices.Equal(d.Assignees, []string{"emma"}) {
		t.Errorf("assigned to %v on Free, want the manager", d.Assignees)
	}
}
