package gitlab_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/seed"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// inWorld connects to a GitLab that has the world of the reports.
func inWorld(t *testing.T, edition sandbox.Edition) (*sandbox.Server, *gitlab.Client) {
	t.Helper()
	lab := sandbox.New(sandbox.Options{Token: token, Edition: edition, Now: func() time.Time { return planningtest.Now }})
	t.Cleanup(lab.Close)
	web := httptest.NewServer(lab)
	t.Cleanup(web.Close)
	lab.SetURL(web.URL)
	must(t, seed.World(lab))
	return lab, newClient(t, gitlab.Options{URL: web.URL})
}

// openRefs are the open issues of the world for which the condition holds, in order.
func openRefs(holds func(planning.Issue) bool) []string {
	refs := []string{}
	for _, i := range planningtest.For(planning.KindTriage, planning.Version{}).Issues {
		if holds(i) {
			refs = append(refs, i.Ref.String())
		}
	}
	slices.Sort(refs)
	return refs
}

// TestSandboxGroupIssues reads the open issues of a group, all of them and each once, in as many calls as there are full pages.
func TestSandboxGroupIssues(t *testing.T) {
	t.Parallel()
	lab, c := inWorld(t, sandbox.Premium)
	const team = "group::source code"
	for name, tt := range map[string]struct {
		list gitlab.IssueList
		want []string
	}{
		"all open": {gitlab.IssueList{Group: "my-group", Open: true}, openRefs(func(planning.Issue) bool { return true })},
		"labelled": {gitlab.IssueList{Group: "my-group", Open: true, Labels: []string{team, "type::bug"}}, openRefs(func(i planning.Issue) bool {
			return slices.Contains(i.Labels, team) && slices.Contains(i.Labels, "type::bug")
		})},
		"of a milestone": {gitlab.IssueList{Group: "my-group", Open: true, Milestone: "19.8"}, openRefs(func(i planning.Issue) bool { return i.Milestone == "19.8" })},
		"of a project":   {gitlab.IssueList{Project: "my-group/gitaly", Open: true}, openRefs(func(i planning.Issue) bool { return i.Project == planningtest.Gitaly.ID })},
	} {
		var got []string
		err := c.EachIssue(t.Context(), tt.list, func(i gitlab.ListedIssue) error {
			got = append(got, i.Ref.String())
			if i.MilestoneTitle != lab.Issue(i.Ref).Milestone || i.Description != "" {
				t.Errorf("%s: milestone %q, description %q", i.Ref, i.MilestoneTitle, i.Description)
			}
			return nil
		})
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestSandboxRowsMove closes an issue of the first page while the list is read: with pages by row number the first issue of the second page would
// be missed.
func TestSandboxRowsMove(t *testing.T) {
	t.Parallel()
	lab, c := inWorld(t, sandbox.Premium)
	want := openRefs(func(planning.Issue) bool { return true })
	seen := map[string]int{}
	err := c.EachIssue(t.Context(), gitlab.IssueList{Group: "my-group", Open: true}, func(i gitlab.ListedIssue) error {
		if len(seen) == 0 {
			must(t, lab.Edit("emma", i.Ref, sandbox.Change{Close: true}))
		}
		seen[i.Ref.String()]++
		return nil
	})
	must(t, err)
	for _, ref := range want {
		if seen[ref] != 1 {
			t.Errorf("%s was listed %d times", ref, seen[ref])
		}
	}
}

// TestSandboxMilestones: a group's milestones have their dates in the group and in each of its projects, and issues can be given one.
func TestSandboxMilestones(t *testing.T) {
	t.Parallel()
	lab, c := inWorld(t, sandbox.Premium)
	for place, list := range map[string]func() ([]planning.MilestoneDates, error){
		"group":   func() ([]planning.MilestoneDates, error) { return c.GroupMilestoneDates(t.Context(), "my-group") },
		"project": func() ([]planning.MilestoneDates, error) { return c.MilestoneDates(t.Context(), "my-group/planning") },
	} {
		got, err := list()
		if diff := cmp.Diff(planningtest.Milestones(), got); err != nil || diff != "" {
			t.Errorf("of the %s: %v (-want +got):\n%s", place, err, diff)
		}
	}
	made, err := c.CreateIssue(t.Context(), planningtest.Planning.ID, gitlab.NewIssue{Title: "Planning", Milestone: "19.8"})
	must(t, err)
	if got := lab.Issue(made.Ref).Milestone; got != "19.8" {
		t.Errorf("the issue has milestone %q", got)
	}
	moved := planningtest.Case("moved-to-backlog")
	events, err := c.MilestoneEvents(t.Context(), moved.Ref)
	must(t, err)
	var titles []string
	for _, e := range events {
		titles = append(titles, fmt.Sprint(e.Title, " ", e.Added))
	}
	if diff := cmp.Diff([]string{moved.LeftMilestones[0] + " true", "Backlog true"}, titles); diff != "" {
		t.Errorf("milestone events (-want +got):\n%s", diff)
	}
}

// TestSandboxProjects: what a group's projects say of themselves.
func TestSandboxProjects(t *testing.T) {
	t.Parallel()
	for edition, premium := range map[sandbox.Edition]bool{sandbox.Premium: true, sandbox.Free: false} {
		lab, c := inWorld(t, edition)
		must(t, lab.SetVisibility(planningtest.App.ID, sandbox.Public))
		group, err := c.GroupAt(t.Context(), "my-group")
		must(t, err)
		projects, err := c.GroupProjects(t.Context(), group)
		must(t, err)
		if len(projects) != 3 || projects[0].ID != planningtest.App.ID {
			t.Fatalf("the projects are %+v", projects)
		}
		for n, p := range projects {
			if p.Public != (n == 0) || p.Premium != premium || len(p.Groups) != 1 || p.Groups[0] != "my-group" {
				t.Errorf("the project is %+v", p)
			}
		}
	}
}

// TestSandboxIssuesByURL reads some issues at once, with a title of which nobody knows what it does.
func TestSandboxIssuesByURL(t *testing.T) {
	t.Parallel()
	_, c := inWorld(t, sandbox.Premium)
	hostile := planningtest.Case("hostile-html")
	page := strings.Replace(hostile.URL, planningtest.GitLab, strings.TrimPrefix(c.String(), "GitLab at "), 1)
	got, err := c.IssuesByURL(t.Context(), []string{page, page + "0000"})
	if err != nil || len(got) != 1 || got[0].Ref != (triage.Ref{Project: hostile.Project, IID: hostile.IID}) || got[0].Title != hostile.Title {
		t.Errorf("%v: got %+v", err, got)
	}
}
