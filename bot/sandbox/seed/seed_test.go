package seed_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/seed"
	"flowkeeper/rules/planning/planningtest"
)

// TestWorld wants every issue of the world in the sandbox, as it is there, and nothing sent.
func TestWorld(t *testing.T) {
	t.Parallel()
	gitlab := sandbox.New(sandbox.Options{URL: planningtest.GitLab})
	t.Cleanup(gitlab.Close)
	if err := seed.World(gitlab); err != nil {
		t.Fatal(err)
	}
	for _, want := range planningtest.World().Issues {
		got := gitlab.Issue(want.Ref)
		if got.URL != want.URL || got.Title != want.Title || got.Milestone != want.Milestone || got.Author != want.Author ||
			got.Confidential != want.Confidential || (got.State == "closed") != want.Closed {
			t.Errorf("%s is %q (%s, %s) in the sandbox, want %q", want.URL, got.Title, got.URL, got.Milestone, want.Title)
		}
		if !got.CreatedAt.Equal(want.CreatedAt) || !got.UpdatedAt.Equal(want.UpdatedAt) || !got.ClosedAt.Equal(want.ClosedAt) {
			t.Errorf("%s: its times are %s, %s, %s", want.URL, got.CreatedAt, got.UpdatedAt, got.ClosedAt)
		}
		if diff := cmp.Diff(want.Weight, got.Weight); diff != "" || !slices.Equal(want.Labels, got.Labels) || !slices.Equal(want.Assignees, got.Assignees) {
			t.Errorf("%s: weight %s, labels %v, assignees %v", want.URL, diff, got.Labels, got.Assignees)
		}
	}
	for _, p := range gitlab.Projects() {
		if !slices.ContainsFunc(p.Labels, func(l sandbox.Label) bool { return l.Name == "infradev" }) {
			t.Errorf("%s has not the labels of the group", p.Path)
		}
	}
	if sent, notices := gitlab.Deliveries(), gitlab.Notifications(); len(sent)+len(notices) > 0 {
		t.Errorf("%d webhooks and %d notifications", len(sent), len(notices))
	}
}

// TestHistory wants the events by which one knows since when a bug is severe, and which milestones an issue had.
func TestHistory(t *testing.T) {
	t.Parallel()
	gitlab := sandbox.New(sandbox.Options{})
	t.Cleanup(gitlab.Close)
	if err := seed.World(gitlab); err != nil {
		t.Fatal(err)
	}
	severe := func(name string) []sandbox.Event {
		return slices.DeleteFunc(gitlab.Issue(planningtest.Case(name).Ref).LabelEvents, func(e sandbox.Event) bool { return len(e.Label) < 8 || e.Label[:8] != "severity" })
	}
	if got := severe("past-1"); len(got) != 1 || !got[0].At.Equal(planningtest.Case("past-1").SeverityAt) {
		t.Errorf("the severity of past-1 came by %+v", got)
	}
	if got := severe("past-3-unknown"); len(got) != 0 {
		t.Errorf("the severity of past-3-unknown came by %+v, want no event", got)
	}
	moved := planningtest.Case("moved-to-backlog")
	var titles []string
	for _, e := range gitlab.Issue(moved.Ref).MilestoneEvents {
		titles = append(titles, e.Milestone)
	}
	if want := append(slices.Clone(moved.LeftMilestones), moved.Milestone); !slices.Equal(titles, want) {
		t.Errorf("the milestones of moved-to-backlog were %v, want %v", titles, want)
	}
}
