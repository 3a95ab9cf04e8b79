package planning_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// empty is the world without issues, for a report of 19.8: five weeks with two holidays.
func empty() planning.Snapshot {
	s := planningtest.For(planning.KindCapacity, planningtest.Coming)
	s.Issues = nil
	return s
}

// ready is an issue of 19.8 that is ready for development and assigned.
func ready(iid int64, weight *int, assignees ...string) planning.Issue {
	return planning.Issue{
		Ref: triage.Ref{Project: 7, IID: iid}, Milestone: "19.8", Weight: weight, Assignees: assignees,
		Labels: []string{"backend", "workflow::ready for development"},
	}
}

func compose(t *testing.T, k planning.Kind, s planning.Snapshot) planning.Document {
	t.Helper()
	d, err := planning.Compose(k, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// capacity is the table of a capacity document, by the first word of each line.
func capacity(t *testing.T, s planning.Snapshot) map[string]string {
	t.Helper()
	table := compose(t, planning.KindCapacity, s).Sections[0].Table
	lines := map[string]string{}
	if table == nil {
		return lines
	}
	for _, row := range table.Rows {
		var cells []string
		for _, c := range row[1:] {
			cells = append(cells, c.Text.Plain())
		}
		lines[strings.Fields(row[0].Text.Plain())[0]] = strings.Join(cells, " | ")
	}
	return lines
}

// TestBudgets reckons those of the world: Eric is away for eight working days, Erin works four days a week.
func TestBudgets(t *testing.T) {
	want := map[string]string{
		"eric":     "23 | 8 | 65 % | 7 (6.52) | 0 | 7",
		"erin":     "23 | 0 | 80 % | 8 | 0 | 8",
		"enid":     "23 | 0 | 100 % | 10 | 0 | 10",
		"ewan":     "23 | 0 | 100 % | 10 | 0 | 10",
		"eva":      "23 | 0 | 100 % | 10 | 0 | 10",
		"**Team**": "115 | 8 | 89 % | 45 (44.52) | 0 | 45",
	}
	if diff := cmp.Diff(want, capacity(t, empty())); diff != "" {
		t.Errorf("budgets (-want +got):\n%s", diff)
	}
}

// TestDaysAway adds days away from the configuration and from the planning issue, each day once.
func TestDaysAway(t *testing.T) {
	day := func(month time.Month, d int) planning.Date {
		return planning.Date{Year: 2026, Month: month, Day: d}
	}
	for _, c := range []struct {
		name string
		away map[string][]planning.DateRange
		want string
	}{
		{"overlaps what is configured", map[string][]planning.DateRange{"eric": {{From: day(12, 17), To: day(12, 22)}}}, "23 | 10 | 57 % | 6 (5.65) | 0 | 6"},
		{"in another spelling of the name", map[string][]planning.DateRange{"ERIC": {{From: day(12, 17), To: day(12, 17)}}}, "23 | 9 | 61 % | 6 (6.08) | 0 | 6"},
		{"on a weekend", map[string][]planning.DateRange{"eric": {{From: day(12, 19), To: day(12, 20)}}}, "23 | 8 | 65 % | 7 (6.52) | 0 | 7"},
		{"ends before it begins", map[string][]planning.DateRange{"eric": {{From: day(12, 18), To: day(12, 14)}}}, "23 | 8 | 65 % | 7 (6.52) | 0 | 7"},
		{"before the milestone and into it", map[string][]planning.DateRange{"eric": {{From: day(11, 1), To: day(12, 14)}}}, "23 | 9 | 61 % | 6 (6.08) | 0 | 6"},
		{"all the time", map[string][]planning.DateRange{"eric": {{From: day(1, 1), To: planning.Date{Year: 2028, Month: 1, Day: 1}}}}, "23 | 23 | 0 % | 0 | 0 | 0"},
	} {
		s := empty()
		s.Previous.Away = c.away
		if got := capacity(t, s)["eric"]; got != c.want {
			t.Errorf("away %s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestRounding shows the ways of rounding on a budget of 4.9, as in the handbook's example, and on 6.52.
func TestRounding(t *testing.T) {
	for r, want := range map[planning.Rounding]string{
		planning.RoundHalfUp: "5 (4.9)", planning.RoundDown: "4 (4.9)", planning.RoundNot: "4.9", "": "5 (4.9)",
	} {
		s := empty()
		s.Options.Capacity.Budget, s.Options.Capacity.Rounding, s.Options.Capacity.Share = 7, r, map[string]int{"eva": 70}
		if got := strings.Split(capacity(t, s)["eva"], " | ")[3]; got != want {
			t.Errorf("rounding %q: %s, want %s", r, got, want)
		}
	}
}

// TestAssigned says which issues count against a budget, and with what.
func TestAssigned(t *testing.T) {
	three := triage.Int(3)
	with := func(change func(*planning.Issue)) planning.Issue {
		i := ready(1, three, "eva")
		change(&i)
		return i
	}
	labels := func(l ...string) planning.Issue { return with(func(i *planning.Issue) { i.Labels = l }) }
	for _, c := range []struct {
		name  string
		issue planning.Issue
		want  string // of what is assigned to Eva
	}{
		{"ready for development", ready(1, three, "eva"), "3"},
		{"in another spelling of the name", ready(1, three, "EVA", "eva"), "3"},
		{"weight 0", ready(1, triage.Int(0), "eva"), "0"},
		{"in refinement: that is who refines it", labels("backend", "workflow::refinement"), "0"},
		{"without a state", labels("backend"), "0"},
		{"in review", labels("backend", "workflow::in review"), "3"},
		{"blocked", labels("backend", "workflow::blocked"), "3"},
		{"closed", with(func(i *planning.Issue) { i.Closed, i.Labels = true, []string{"backend", "workflow::complete"} }), "3"},
		{"closed without a state", with(func(i *planning.Issue) { i.Closed, i.Labels = true, []string{"backend"} }), "3"},
		{"closed in refinement: it was given up", with(func(i *planning.Issue) { i.Closed, i.Labels = true, []string{"workflow::refinement"} }), "0"},
		{"closed as a duplicate", with(func(i *planning.Issue) { i.Closed, i.Labels = true, []string{"backend", "Duplicate"} }), "0"},
		{"frontend only", labels("frontend", "workflow::in dev"), "0"},
		{"two-sided with labels", labels("frontend", "backend", "workflow::in dev", "backend-weight::2", "frontend-weight::5"), "2"},
		{"two-sided with a plain weight, which is nobody's", labels("frontend", "backend", "workflow::in dev"), "0"},
		{"a spike without a weight", with(func(i *planning.Issue) { i.Weight, i.Labels = nil, append(i.Labels, "spike") }), "2"},
		{"another milestone", with(func(i *planning.Issue) { i.Milestone = "19.7" }), "0"},
		{"the planning issue", labels("backend", "workflow::in dev", "Planning Issue"), "0"},
	} {
		s := empty()
		s.Issues = []planning.Issue{c.issue}
		if got := strings.Split(capacity(t, s)["eva"], " | ")[4]; got != c.want {
			t.Errorf("%s: %s assigned, want %s", c.name, got, c.want)
		}
	}
}

// TestNotInRoster lists those who are assigned without having a budget.
func TestNotInRoster(t *testing.T) {
	s := empty()
	s.Issues = []planning.Issue{ready(1, triage.Int(30), "zoe"), ready(2, triage.Int(2), "emma")}
	got := capacity(t, s)
	if got["zoe"] != "– | – | – | – | 30 | –" || got["emma"] != "– | – | – | – | 2 | –" || !strings.Contains(got["**Team**"], "| 0 | 45") {
		t.Errorf("zoe: %s, emma: %s, team: %s", got["zoe"], got["emma"], got["**Team**"])
	}
	if over := compose(t, planning.KindCapacity, s).Sections[0].Rows; len(over) != 0 {
		t.Errorf("somebody without a budget is over it: %v", over)
	}
}

// TestOver says who has too much and by what, but not of those who have just enough.
func TestOver(t *testing.T) {
	s := empty()
	s.Issues = []planning.Issue{ready(1, triage.Int(8), "eric"), ready(2, triage.Int(10), "eva"), ready(3, triage.Int(11), "enid")}
	var got []string
	for _, r := range compose(t, planning.KindCapacity, s).Sections[0].Rows {
		got = append(got, r.Text.Plain())
	}
	want := []string{"eric is over by **1**: 8 assigned, a budget of 7.", "enid is over by **1**: 11 assigned, a budget of 10."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("over (-want +got):\n%s", diff)
	}
}

// TestCapacityWithout says clearly what is missing.
func TestCapacityWithout(t *testing.T) {
	noDays := empty()
	noDays.Calendar = planning.New(planning.Options{Milestones: []planning.MilestoneDates{{
		Title: "19.8", Start: planning.Date{Year: 2026, Month: 12, Day: 12}, Due: planning.Date{Year: 2026, Month: 12, Day: 13},
	}}})
	nobody := empty()
	nobody.Team = triage.NewTeam(triage.TeamConfig{Side: "backend"})
	noDates := empty()
	noDates.Calendar = planning.New(planning.Options{})
	for want, s := range map[string]planning.Snapshot{
		"Without a working day there are no budgets":                  noDays,
		"the configuration names no engineers":                        nobody,
		"GitLab has no dates for it, so they are reckoned from the r": noDates,
	} {
		s.Issues = []planning.Issue{ready(1, triage.Int(30), "eva")}
		d := compose(t, planning.KindCapacity, s)
		text := fmt.Sprint(d.Sections[0].Text)
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q: %s", want, text)
		}
		if got := capacity(t, s)["eva"]; !strings.Contains(got, "30") {
			t.Errorf("%s: what is assigned to Eva is lost: %q", want, got)
		}
	}
	unknown := empty()
	unknown.Milestone = planning.Version{}
	if _, err := planning.Compose(planning.KindCapacity, unknown); err == nil || !strings.Contains(err.Error(), "name one, such as 19.7") {
		t.Errorf("without a milestone: %v", err)
	}
}

// TestSums wants each column to add up, everybody to be there between 0 and 100 percent of the time, and no budget beyond the full one,
// whoever is away when and whatever is assigned.
func TestSums(t *testing.T) {
	start := planning.Date{Year: 2026, Month: time.November, Day: 1}
	rapid.Check(t, func(t *rapid.T) {
		s := empty()
		s.Options.Capacity.Budget = rapid.IntRange(1, 20).Draw(t, "budget")
		s.Options.Capacity.Rounding = rapid.SampledFrom([]planning.Rounding{planning.RoundHalfUp, planning.RoundDown, planning.RoundNot}).Draw(t, "rounding")
		s.Options.Capacity.Share, s.Options.Capacity.Away = map[string]int{}, map[string][]planning.DateRange{}
		people := append(s.Team.People(triage.Engineers), "zoe")
		for _, e := range people {
			s.Options.Capacity.Share[e] = rapid.IntRange(-10, 150).Draw(t, "share")
			for range rapid.IntRange(0, 3).Draw(t, "times away") {
				from := start.AddDays(rapid.IntRange(0, 90).Draw(t, "from"))
				s.Options.Capacity.Away[e] = append(s.Options.Capacity.Away[e], planning.DateRange{From: from, To: from.AddDays(rapid.IntRange(-3, 40).Draw(t, "days"))})
			}
		}
		for n := range rapid.IntRange(0, 12).Draw(t, "issues") {
			s.Issues = append(s.Issues, ready(int64(n+1), triage.Int(rapid.IntRange(0, 5).Draw(t, "weight")), rapid.SliceOfN(rapid.SampledFrom(people), 0, 3).Draw(t, "assignees")...))
		}
		checkSums(t, s)
	})
}

func checkSums(t *rapid.T, s planning.Snapshot) {
	d, err := planning.Compose(planning.KindCapacity, s)
	if err != nil {
		t.Fatal(err)
	}
	var sum [4]float64
	for _, row := range d.Sections[0].Table.Rows {
		var days, away, available, assigned int
		var budget, left float64
		cells := [6]string{}
		for n, c := range row[1:] {
			cells[n] = c.Text.Plain()
		}
		line := strings.Join(cells[:], " ")
		if cells[0] == "–" {
			continue
		}
		budgetText, exact, _ := strings.Cut(cells[3], " ")
		checkRounding(t, s.Options.Capacity.Rounding, budgetText, strings.Trim(exact, "()"), row[0].Text.Plain() == "**Team**")
		if _, err := fmt.Sscan(cells[0]+" "+cells[1]+" "+strings.TrimSuffix(cells[2], " %")+" "+budgetText+" "+cells[4]+" "+cells[5],
			&days, &away, &available, &budget, &assigned, &left); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if available < 0 || available > 100 || away < 0 || away > days {
			t.Errorf("%s: nobody can be there so much", line)
		}
		if diff := budget - float64(assigned) - left; diff > 0.001 || diff < -0.001 {
			t.Errorf("%s: what is left is not the budget less what is assigned", line)
		}
		values := [4]float64{float64(away), budget, float64(assigned), left}
		if row[0].Text.Plain() == "**Team**" {
			for n := range sum {
				if diff := sum[n] - values[n]; diff > 0.001 || diff < -0.001 {
					t.Errorf("the team has %v, the sums are %v", values, sum)
				}
			}
			continue
		}
		if budget > float64(s.Options.Capacity.Budget) || budget < 0 {
			t.Errorf("%s: the full budget is %d", line, s.Options.Capacity.Budget)
		}
		for n := range sum {
			sum[n] += values[n]
		}
	}
}

// checkRounding wants what is rounded to be less than 1 off the exact number, upwards by half at most, and downwards only where it is cut.
func checkRounding(t *rapid.T, r planning.Rounding, rounded, exact string, isSum bool) {
	if exact == "" || isSum {
		return
	}
	var a, b float64
	if _, err := fmt.Sscan(rounded+" "+exact, &a, &b); err != nil {
		t.Fatalf("%q and %q: %v", rounded, exact, err)
	}
	up := a - b
	if r == planning.RoundNot || r == planning.RoundDown && (up > 0 || up <= -1) || r == planning.RoundHalfUp && (up > 0.5 || up <= -0.5) {
		t.Errorf("%s rounded %s is %s", exact, r, rounded)
	}
}
