// Package seed fills a sandbox with a team's issues: those of planningtest, or others. No webhook tells of them.
package seed

import (
	"fmt"
	"strings"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// World brings in the world of planningtest: its group, projects, people, milestones and issues, with the ids and numbers that they have there. The
// projects are private. What people asked for by commands is not in it.
func World(gitlab *sandbox.Server) error {
	for _, p := range []planningtest.Project{planningtest.App, planningtest.Gitaly, planningtest.Planning} {
		if err := gitlab.ImportProject(p.ID, p.Path); err != nil {
			return err
		}
		if err := gitlab.SetVisibility(p.ID, sandbox.Private); err != nil {
			return err
		}
	}
	group, _, _ := strings.Cut(planningtest.App.Path, "/")
	for _, m := range planningtest.Milestones() {
		if err := Milestone(gitlab, group, m); err != nil {
			return err
		}
	}
	w := planningtest.World()
	if err := People(gitlab, w.Team); err != nil {
		return err
	}
	if err := Labels(gitlab, group, w.Issues); err != nil {
		return err
	}
	return Issues(gitlab, w.Issues)
}

// Labels makes the labels of issues those of a group.
func Labels(gitlab *sandbox.Server, group string, issues []planning.Issue) error {
	for _, i := range issues {
		for _, name := range i.Labels {
			if err := gitlab.AddGroupLabel(group, name, "", ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// Milestone adds a milestone to a group.
func Milestone(gitlab *sandbox.Server, group string, m planning.MilestoneDates) error {
	_, err := gitlab.AddGroupMilestone(group, sandbox.MilestoneOptions{Title: m.Title, Start: m.Start.String(), Due: m.Due.String()})
	return err
}

// People adds everybody of the roster who is not there yet: managers as Maintainers, the others as Developers.
func People(gitlab *sandbox.Server, team *triage.Team) error {
	for _, role := range triage.Roles() {
		level := sandbox.Developer
		if role == triage.EngineeringManager || role == triage.ProductManager {
			level = sandbox.Maintainer
		}
		for _, username := range team.People(role) {
			if err := person(gitlab, username, level); err != nil {
				return err
			}
		}
	}
	return nil
}

// person adds somebody, unless there is somebody of that name.
func person(gitlab *sandbox.Server, username string, level int) error {
	for _, u := range gitlab.Users() {
		if strings.EqualFold(u.Username, username) {
			return nil
		}
	}
	_, err := gitlab.AddUser(username, strings.ToUpper(username[:1])+username[1:], level)
	return err
}

// Issues imports issues into their projects, and their authors and assignees if they are not there. Projects and milestones have to be.
func Issues(gitlab *sandbox.Server, issues []planning.Issue) error {
	byProject := map[int64][]sandbox.Imported{}
	for _, i := range issues {
		for _, username := range append([]string{i.Author}, i.Assignees...) {
			if err := person(gitlab, username, sandbox.Developer); err != nil {
				return err
			}
		}
		byProject[i.Project] = append(byProject[i.Project], imported(i))
	}
	for project, list := range byProject {
		if err := gitlab.Import(project, list); err != nil {
			return fmt.Errorf("seeding project %d: %w", project, err)
		}
	}
	return nil
}

// imported is the issue with the history that makes it what it is: when its labels of severity and state came, and its milestones.
func imported(i planning.Issue) sandbox.Imported {
	im := sandbox.Imported{
		IssueOptions: sandbox.IssueOptions{
			Title: i.Title, Labels: i.Labels, Weight: i.Weight, Assignees: i.Assignees, Milestone: i.Milestone, Confidential: i.Confidential,
		},
		IID: i.IID, Author: i.Author, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, ClosedAt: i.ClosedAt,
		LabelledAt: map[string]time.Time{}, Milestones: i.LeftMilestones,
	}
	for _, name := range i.Labels {
		switch scope, _, _ := strings.Cut(name, "::"); scope {
		case "severity":
			im.LabelledAt[name] = i.SeverityAt
		case "workflow":
			im.LabelledAt[name] = i.StateAt
		}
	}
	return im
}
