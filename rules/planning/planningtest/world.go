// Package planningtest is a world that does not change: three projects of a group with 300 issues on Monday, 30 November 2026, two weeks before
// milestone 19.8 begins. Each case that a report has to tell apart is in it, by a name. Tests, golden documents and the sandbox share it, so that
// a document can be compared with what people would see. It knows no more than the rules do.
package planningtest

import (
	"fmt"
	"slices"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Now is the moment at which the issues are as World says: Monday morning, when the triage report is due.
var Now = time.Date(2026, time.November, 30, 6, 0, 0, 0, time.UTC)

// The milestones by their titles. 19.7 runs until 11 December 2026, 19.8 follows it.
var (
	Running = planning.Version{Major: 19, Minor: 7}
	Coming  = planning.Version{Major: 19, Minor: 8}
)

// Project is a project of the group my-group.
type Project struct {
	ID   int64
	Path string
}

// The projects. Reports stand in Planning.
var (
	App      = Project{7, "my-group/app"}
	Gitaly   = Project{8, "my-group/gitaly"}
	Planning = Project{9, "my-group/planning"}
)

// GitLab is the address of the GitLab that has the projects.
const GitLab = "https://gitlab.example.com"

// Team is the handbook's, with somebody in every role.
func Team() *triage.Team {
	return triage.NewTeam(triage.TeamConfig{
		Name:       "Create:Source Code BE",
		GroupLabel: group,
		Labels:     []string{"backend", "devops::create", "Category:Source Code Management", group},
		Side:       "backend",
		Roster: map[triage.Role][]string{
			triage.ProductManager:     {"priya"},
			triage.EngineeringManager: {"emma", "farid"},
			triage.ProductDesigner:    {"dora"},
			triage.Engineers:          {"eric", "erin", "enid", "ewan", "eva"},
			triage.AppSec:             {"amir"},
			triage.Quality:            {"quinn"},
		},
	})
}

// Milestones are the milestones that the group has in GitLab, with their dates. "Backlog" has none.
func Milestones() []planning.MilestoneDates {
	day := func(month time.Month, day int) planning.Date {
		return planning.Date{Year: 2026, Month: month, Day: day}
	}
	return []planning.MilestoneDates{
		{Title: "19.5", Start: day(time.September, 12), Due: day(time.October, 9)},
		{Title: "19.6", Start: day(time.October, 10), Due: day(time.November, 13)},
		{Title: "19.7", Start: day(time.November, 14), Due: day(time.December, 11)},
		{Title: "19.8", Start: day(time.December, 12), Due: planning.Date{Year: 2027, Month: time.January, Day: 15}},
		{Title: "Backlog"},
	}
}

// Calendar has the group's milestones and the holidays around the turn of the year.
func Calendar() planning.Calendar {
	return planning.New(planning.Options{
		Milestones: Milestones(),
		Holidays:   []planning.Date{{Year: 2026, Month: time.December, Day: 25}, {Year: 2027, Month: time.January, Day: 1}},
	})
}

// Options are the defaults of the reference. Eric is away around the turn of the year, Erin works four days a week.
func Options() planning.ReportOptions {
	const day = 24 * time.Hour
	return planning.ReportOptions{
		Cap:         15,
		PerEngineer: 4,
		Capacity: planning.CapacityOptions{
			Budget:   10,
			Rounding: planning.RoundHalfUp,
			Away: map[string][]planning.DateRange{"eric": {{
				From: planning.Date{Year: 2026, Month: time.December, Day: 21},
				To:   planning.Date{Year: 2027, Month: time.January, Day: 2},
			}}},
			Share: map[string]int{"erin": 80},
		},
		SLO: planning.SLOOptions{
			Bug:      [4]time.Duration{30 * day, 60 * day, 90 * day, 120 * day},
			Infradev: [4]time.Duration{7 * day, 30 * day, 60 * day, 90 * day},
			Near:     [4]int{75, 75, 50, 0},
		},
	}
}

// World is the snapshot with all issues, for a report in the private project Planning of a GitLab with Premium. Each call gives a copy of its own.
func World() planning.Snapshot {
	return planning.Snapshot{
		Now:      Now,
		Team:     Team(),
		Calendar: Calendar(),
		Issues:   issues(),
		Home:     planning.Home{Project: Planning.ID, Path: Planning.Path, Premium: true},
		Options:  Options(),
	}
}

// For is the snapshot that is gathered for a kind: all open issues, or those of a milestone and of the one before it with what was taken off them. The
// milestone makes no difference where the kind is of none.
func For(k planning.Kind, milestone planning.Version) planning.Snapshot {
	s := World()
	if !k.IsOfMilestone() {
		s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool { return i.Closed })
		return s
	}
	s.Milestone = milestone
	of := []string{milestone.String(), milestone.Previous().String()}
	s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool {
		left := func(title string) bool {
			return slices.Contains(i.LeftMilestones, title) || slices.Contains(i.Labels, "missed:"+title)
		}
		return !slices.Contains(of, i.Milestone) && !slices.ContainsFunc(of, left)
	})
	return s
}

// Case is the issue that is known by this name. It panics if there is none.
func Case(name string) planning.Issue {
	for _, c := range numbered() {
		if c.name == name {
			return c.Issue
		}
	}
	panic(fmt.Sprintf("planningtest has no case %q; it has %v", name, Names()))
}

// Names are the names of all cases, in the order of the issues.
func Names() []string {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return names
}

// size is the number of issues.
const size = 300

// issues are the cases, and as many others of a usual kind as make up the world.
func issues() []planning.Issue {
	all := make([]planning.Issue, 0, size)
	for _, c := range numbered() {
		all = append(all, c.Issue)
	}
	for n := 0; len(all) < size; n++ {
		all = append(all, usual(n, len(all)))
	}
	return all
}

// numbered are the cases with what does not depend on the case.
func numbered() []named {
	all := cases()
	for n := range all {
		complete(&all[n].Issue, n)
	}
	return all
}

// complete gives the n-th issue its number, its address and what the case leaves open.
func complete(i *planning.Issue, n int) {
	if i.Path == "" {
		i.Path = App.Path
	}
	for _, p := range []Project{App, Gitaly, Planning} {
		if i.Path == p.Path {
			i.Project = p.ID
		}
	}
	i.IID = int64(n + 1)
	i.URL = fmt.Sprintf("%s/%s/-/issues/%d", GitLab, i.Path, i.IID)
	if i.Author == "" {
		i.Author = "mika"
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = ago(20)
	}
	if i.UpdatedAt.IsZero() {
		i.UpdatedAt = ago(3)
	}
	if i.UpdatedAt.Before(i.CreatedAt) {
		i.UpdatedAt = i.CreatedAt
	}
	if i.Closed && i.ClosedAt.IsZero() {
		i.ClosedAt = i.UpdatedAt
	}
}

// ago is so many days before Now.
func ago(days int) time.Time { return Now.AddDate(0, 0, -days) }
