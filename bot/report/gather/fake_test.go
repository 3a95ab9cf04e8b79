package gather_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/gather"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// world is a GitLab with the issues of planningtest in the group my-group. Their label and milestone events are those that the issues tell of.
type world struct {
	issues []planning.Issue
	fail   func(call string) error // asked before each call and before each page of a list; nil for never

	lists    []gitlab.IssueList
	labels   []triage.Ref // whose label events were asked for
	moves    []triage.Ref // whose milestone events were asked for
	others   []string
	projects map[string]gitlab.Project
}

func newWorld() *world {
	return &world{
		issues: planningtest.World().Issues,
		projects: map[string]gitlab.Project{
			"my-group/planning": {Place: gitlab.Place{ID: planningtest.Planning.ID, Path: planningtest.Planning.Path}, Premium: true},
		},
	}
}

func (w *world) try(call string) error {
	if w.fail == nil {
		return nil
	}
	return w.fail(call)
}

func (w *world) EachIssue(_ context.Context, l gitlab.IssueList, each func(gitlab.ListedIssue) error) error {
	w.lists = append(w.lists, l)
	if err := w.try("list"); err != nil {
		return err
	}
	if l.Group != "my-group" && l.Project == "" {
		return notFound("listing")
	}
	var found []planning.Issue
	for _, i := range w.issues {
		lacks := func(label string) bool { return !slices.Contains(i.Labels, label) }
		if l.Open && i.Closed || l.Milestone != "" && i.Milestone != l.Milestone || slices.ContainsFunc(l.Labels, lacks) ||
			i.CreatedAt.Before(l.Since) || l.Project != "" && i.Path != l.Project {
			continue
		}
		found = append(found, i)
	}
	slices.SortStableFunc(found, func(a, b planning.Issue) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Project, b.Project), cmp.Compare(a.IID, b.IID))
	})
	for n, i := range found {
		if n > 0 && n%perPage == 0 {
			if err := w.try("page"); err != nil {
				return err
			}
			if l.Page != nil {
				l.Page(len(found))
			}
		}
		if err := each(listed(i)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) IssuesByURL(_ context.Context, urls []string) ([]gitlab.ListedIssue, error) {
	w.others = append(w.others, "urls")
	var found []gitlab.ListedIssue
	for _, i := range w.issues {
		if slices.Contains(urls, i.URL) {
			found = append(found, listed(i))
		}
	}
	return found, w.try("urls")
}

func (w *world) StatusesOf(_ context.Context, project string, iids []int64) (map[int64]gitlab.Status, error) {
	w.others = append(w.others, fmt.Sprintf("%d statuses of %s", len(iids), project))
	found := map[int64]gitlab.Status{}
	for _, i := range w.issues {
		if i.Path == project && slices.Contains(iids, i.IID) && i.Status != "" {
			found[i.IID] = gitlab.Status{Name: i.Status}
		}
	}
	return found, w.try("statuses")
}

func (w *world) ProjectAt(_ context.Context, name string) (gitlab.Project, error) {
	w.others = append(w.others, "project")
	p, ok := w.projects[name]
	if !ok {
		return p, notFound("looking up project")
	}
	return p, w.try("project")
}

func (w *world) MilestoneDates(_ context.Context, project string) ([]planning.MilestoneDates, error) {
	w.others = append(w.others, "milestones of "+project)
	return planningtest.Milestones(), w.try("milestones")
}

func (w *world) GroupMilestoneDates(_ context.Context, group string) ([]planning.MilestoneDates, error) {
	w.others = append(w.others, "milestones of "+group)
	if group != "my-group" {
		return nil, notFound("listing the milestones")
	}
	return planningtest.Milestones(), w.try("milestones")
}

func (w *world) LabelEvents(_ context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	w.labels = append(w.labels, ref)
	var events []triage.ResourceEvent
	for _, i := range w.issues {
		if i.Ref != ref {
			continue
		}
		for _, l := range i.Labels {
			at := map[string]time.Time{"severity": i.SeverityAt, "workflow": i.StateAt}[triage.Scope(l)]
			if !at.IsZero() {
				events = append(events, triage.ResourceEvent{At: at, Label: l, Added: true})
			}
		}
	}
	return events, w.try("label events")
}

func (w *world) MilestoneEvents(_ context.Context, ref triage.Ref) ([]gitlab.MilestoneEvent, error) {
	w.moves = append(w.moves, ref)
	var events []gitlab.MilestoneEvent
	for _, i := range w.issues {
		if i.Ref != ref {
			continue
		}
		for _, title := range append(slices.Clone(i.LeftMilestones), i.Milestone) {
			events = append(events, gitlab.MilestoneEvent{Title: title, Added: true})
		}
	}
	return events, w.try("milestone events")
}

// perPage is the number of issues on a page, more than are created at one moment.
const perPage = 60

// listed is an issue as a list of GitLab has it.
func listed(i planning.Issue) gitlab.ListedIssue {
	found := gitlab.ListedIssue{MilestoneTitle: i.Milestone, Issue: triage.Issue{
		Ref: i.Ref, ID: 1000*i.Project + i.IID, Path: i.Path, URL: i.URL, Type: "Issue", Title: i.Title, Labels: i.Labels, Weight: i.Weight, Confidential: i.Confidential,
		Closed: i.Closed, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, ClosedAt: i.ClosedAt, Author: triage.Person{Username: i.Author},
	}}
	for _, a := range i.Assignees {
		found.Assignees = append(found.Assignees, triage.Person{Username: a})
	}
	return found
}

func notFound(op string) error {
	return &gitlab.Error{Op: op, Status: http.StatusNotFound, Class: gitlab.NotFound, Err: errors.New("404 Not Found")}
}

// unwell is an answer of a GitLab that is in trouble for a moment.
func unwell() error {
	return &gitlab.Error{Op: "listing", Status: http.StatusBadGateway, Class: gitlab.Transient, Err: errors.New("502 Bad Gateway")}
}

// options are those of the world.
func options() gather.Options {
	return gather.Options{
		Team: planningtest.Team(), Group: "my-group", Home: "my-group/planning", Document: planningtest.Options(),
		Calendar: planning.Options{Holidays: []planning.Date{{Year: 2026, Month: time.December, Day: 25}, {Year: 2027, Month: time.January, Day: 1}}},
	}
}

// snapshot gathers a snapshot that there has to be.
func snapshot(t *testing.T, g *gather.Gatherer, k planning.Kind) planning.Snapshot {
	t.Helper()
	m := planning.Version{}
	if k.IsOfMilestone() {
		m = planningtest.Coming
	}
	s, err := g.Snapshot(t.Context(), k, m, planningtest.Now)
	if err != nil {
		t.Fatalf("gathering for %s: %v", k, err)
	}
	return s
}
