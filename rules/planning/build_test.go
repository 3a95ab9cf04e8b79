package planning_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// building is the Friday before 19.8 begins, with some issues and a budget of 10: there is one engineer.
func building(issues ...planning.Issue) planning.Snapshot {
	s := on(empty(), time.December, 11)
	s.Issues = issues
	s.Team = triage.NewTeam(triage.TeamConfig{Side: "backend", Roster: map[triage.Role][]string{triage.Engineers: {"eva"}, triage.EngineeringManager: {"emma"}}})
	return s
}

// candidate is an issue of a milestone in some workflow state, with further labels.
func candidate(iid int64, milestone string, weight int, state string, labels ...string) planning.Issue {
	i := unweighted(iid, append(labels, "workflow::"+state)...)
	i.Milestone, i.Weight = milestone, triage.Int(weight)
	return i
}

// numbersOf are the issues that a section lists.
func numbersOf(d planning.Document, section string) []int64 {
	return dealtTo(d)[section]
}

// TestProposal takes what slipped first, then what is urgent, then what is heavy, until the budget is used up.
func TestProposal(t *testing.T) {
	const ready = "ready for development"
	moved := candidate(9, "19.8", 1, "in dev")
	moved.LeftMilestones = []string{"19.7"}
	postponed := candidate(10, "19.8", 1, ready, "priority::4")
	postponed.LeftMilestones = []string{"19.7"}
	done := candidate(11, "19.8", 1, "complete", "Deliverable")
	done.Closed = true
	d := compose(t, planning.KindBuild, building(
		candidate(1, "19.8", 2, ready, "priority::2"), candidate(2, "19.8", 3, ready, "priority::2"), candidate(3, "19.8", 1, ready, "priority::1"),
		candidate(4, "19.7", 2, "in review", "Deliverable", "priority::4"), candidate(5, "19.7", 1, ready, "Deliverable"), candidate(6, "19.7", 1, ready),
		candidate(7, "19.8", 3, ready), candidate(8, "19.8", 5, ready, "priority::1"), moved, postponed, done,
		candidate(12, "19.8", 0, ready, "Stretch"), candidate(13, "19.8", 5, ready, "security", "priority::4"), unweighted(14),
	))
	want := map[string][]int64{
		"proposal": {4, 5, 9, 3, 2}, "at-risk": {5}, "slipped": {4, 5, 9}, "left-over": {6}, "beyond": {1, 13, 10, 7}, "unready": {8, 14},
	}
	if diff := cmp.Diff(want, dealtTo(d)); diff != "" {
		t.Errorf("build (-want +got):\n%s", diff)
	}
	last := d.Sections[0].Rows[4].Text.Plain()
	if text := d.Sections[0].Text[0].Plain(); last != "weight 3, sum 9" || !strings.HasSuffix(text, "Together they weigh 9. The team's budget is 10. The sum begins with 1 for what is closed already.") {
		t.Errorf("the last row says %q, the section %q", last, text)
	}
	action := "weight 2, `/milestone %\"Backlog\"` or `/milestone %\"19.9\"`"
	if got := d.Sections[5].Rows[0].Text.Plain(); got != action {
		t.Errorf("beyond the budget: %q, want %q", got, action)
	}
}

// TestAtRisk lists Deliverables that nobody has begun when five working days are left, today among them.
func TestAtRisk(t *testing.T) {
	issue := candidate(1, "19.7", 2, "ready for development", "Deliverable")
	begun := candidate(2, "19.7", 2, "in dev", "Deliverable")
	later := candidate(3, "19.8", 2, "refinement", "Deliverable")
	for day, want := range map[planning.Date][]int64{
		date("2026-12-04"): nil,
		date("2026-12-05"): {1}, // a Saturday: five working days are left
		date("2026-12-07"): {1},
		date("2026-12-11"): {1},
		date("2026-12-12"): nil, // it is over
		date("2027-01-08"): nil,
		date("2027-01-11"): {3},
	} {
		s := building(issue, begun, later)
		s.Now = time.Date(day.Year, day.Month, day.Day, 9, 0, 0, 0, time.UTC)
		if got := numbersOf(compose(t, planning.KindBuild, s), "at-risk"); !slices.Equal(got, want) {
			t.Errorf("on %s at risk: %v, want %v", day, got, want)
		}
	}
}

// TestSelected says what a Deliverable lacks.
func TestSelected(t *testing.T) {
	complete := candidate(1, "19.8", 0, "ready for development", "Deliverable")
	complete.Assignees = []string{"eva"}
	lacking := unweighted(2, "Deliverable")
	for _, c := range []struct {
		issues []planning.Issue
		want   string
	}{
		{[]planning.Issue{complete}, "1 Deliverable with a weight of 0. All have"},
		{[]planning.Issue{complete, lacking}, "no weight, lacks an assignee, a weight and the state `ready for development`"},
	} {
		if text := outline(compose(t, planning.KindBuild, building(c.issues...))); !strings.Contains(text, c.want) {
			t.Errorf("the build does not say %q:\n%s", c.want, text)
		}
	}
}

// TestBuildWithout says clearly that there is nothing to select, and does without a budget.
func TestBuildWithout(t *testing.T) {
	if d := compose(t, planning.KindBuild, building()); !d.Empty || !strings.HasPrefix(d.Intro[0].Plain(), "There is nothing to select") {
		t.Errorf("without issues: empty %v, %q", d.Empty, d.Intro[0].Plain())
	}
	s := building(candidate(1, "19.8", 30, "ready for development"), candidate(2, "19.8", 4, "ready for development"))
	s.Team = triage.NewTeam(triage.TeamConfig{Side: "backend"})
	d := compose(t, planning.KindBuild, s)
	if text := d.Sections[0].Text[0].Plain(); !slices.Equal(numbersOf(d, "proposal"), []int64{2}) || !strings.Contains(text, "There is no budget to compare it with") {
		t.Errorf("without a budget: %v, %q", numbersOf(d, "proposal"), text)
	}
}

// TestBuildOfNobody: where everybody is away there is a budget, of nothing. A report that is opened late is not overdue.
func TestBuildOfNobody(t *testing.T) {
	s := building(candidate(1, "19.8", 1, "ready for development"))
	s.Previous.Away = map[string][]planning.DateRange{"eva": {days("2026-12-01", "2027-01-31")}}
	d := compose(t, planning.KindBuild, s)
	if !slices.Equal(numbersOf(d, "beyond"), []int64{1}) || d.Due != date("2026-12-11") {
		t.Errorf("beyond a budget of 0: %v, due %s", numbersOf(d, "beyond"), d.Due)
	}
	if text := d.Intro[0].Plain(); !strings.HasPrefix(text, "Please select what 19.8 delivers by 11 December 2026: ") {
		t.Errorf("in time it says %q", text)
	}
	s = on(s, time.December, 16)
	d = compose(t, planning.KindBuild, s)
	if text := d.Intro[0].Plain(); !d.Due.IsZero() || !strings.HasPrefix(text, "Please select what 19.8 delivers: ") {
		t.Errorf("after the kickoff it is due %s and says %q", d.Due, text)
	}
}

// TestBuildListsAll puts every open issue of the team in one place, in order, and stays within the budget but for what slipped or is selected.
func TestBuildListsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := building()
		for n := range rapid.IntRange(0, 12).Draw(t, "issues") {
			i := candidate(int64(n+1), rapid.SampledFrom([]string{"19.7", "19.8"}).Draw(t, "milestone"), rapid.IntRange(0, 5).Draw(t, "weight"),
				rapid.SampledFrom([]string{"refinement", "ready for development", "in dev"}).Draw(t, "state"),
				rapid.SliceOfDistinct(rapid.SampledFrom([]string{"Deliverable", "priority::1", "missed:19.7", "frontend"}), rapid.ID).Draw(t, "labels")...)
			i.Closed = rapid.IntRange(0, 4).Draw(t, "closed") == 0
			if rapid.IntRange(0, 4).Draw(t, "weighed") == 0 {
				i.Weight = nil
			}
			s.Issues = append(s.Issues, i)
		}
		d, err := planning.Compose(planning.KindBuild, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range d.Sections {
			checkBudget(t, section)
		}
		places := map[int64][]string{}
		for _, section := range []string{"proposal", "beyond", "unready", "left-over"} {
			for _, iid := range numbersOf(d, section) {
				places[iid] = append(places[iid], section)
			}
		}
		for _, i := range s.Issues {
			if want := map[bool]int{false: 1, true: 0}[i.Closed]; len(places[i.IID]) != want {
				t.Errorf("%s (%s, closed %v, %v) stands in %v", i.Ref, i.Milestone, i.Closed, i.Labels, places[i.IID])
			}
		}
	})
}

// checkBudget wants the sums of a proposal to stay within 10 where something was chosen.
func checkBudget(t *rapid.T, section planning.Section) {
	for _, r := range section.Rows {
		text := r.Text.Plain()
		_, after, ok := strings.Cut(text, "sum ")
		if !ok || strings.Contains(text, "19.7") || strings.Contains(text, "Deliverable") {
			continue
		}
		if sum, err := strconv.Atoi(after); err != nil || sum > 10 {
			t.Errorf("%s is chosen with %q, the budget is 10", r.Issue.Ref, text)
		}
	}
}
