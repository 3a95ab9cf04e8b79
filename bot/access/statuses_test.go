package access_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/access"
	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// board is a GitLab whose groups have these statuses.
type board struct {
	sets  map[string]gitlab.StatusSet
	err   error
	asked int
}

func (b *board) ProjectAt(_ context.Context, path string) (p gitlab.Project, err error) {
	if path == "no/where" {
		return p, &gitlab.Error{Class: gitlab.NotFound, Err: errors.New("x")}
	}
	p.Path = path
	return p, b.err
}

func (b *board) Statuses(_ context.Context, namespace string) (gitlab.StatusSet, error) {
	b.asked++
	return b.sets[namespace], b.err
}

func team(t *testing.T, store triage.Store) *triage.Team {
	t.Helper()
	w, err := triage.NewWorkflow(triage.WorkflowTable{Path: []triage.State{{Name: "todo", Is: triage.Intake, Status: "To do"}, {Name: "done", Is: triage.Done}}})
	if err != nil {
		t.Fatal(err)
	}
	return triage.NewTeam(triage.TeamConfig{Workflow: w, Store: store})
}

func TestMissingStatuses(t *testing.T) {
	t.Parallel()
	both := []gitlab.Status{{Name: "To Do"}, {Name: "Done"}}
	b := &board{sets: map[string]gitlab.StatusSet{
		"good": {"Issue": both, "Task": both}, "free": {}, "half": {"Issue": both, "Task": both[1:]},
	}}
	projects := []string{"good/1", "good/2", "no/where", "free/1", "half/1", "old/1"}
	want := []string{
		"GitLab has no licence for statuses of issues in free, so states are kept in labels there",
		`half has no status "To do" for items of type Task`,
		"GitLab does not tell the statuses of issues in old (GraphQL is switched off, GitLab is older than 18.2 or the Community Edition, or the bot does not see the group), so none can be set there",
	}
	for _, store := range []triage.Store{triage.StoreStatus, triage.StoreBoth} {
		got, err := access.MissingStatuses(t.Context(), b, projects, team(t, store))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", store, err, diff)
		}
	}
	if b.asked != 8 {
		t.Errorf("%d questions for four groups, asked twice", b.asked)
	}
	if got, err := access.MissingStatuses(t.Context(), b, projects, team(t, triage.StoreLabel)); len(got) > 0 || err != nil || b.asked != 8 {
		t.Errorf("a team with labels misses %q, %v", got, err)
	}
	b.err = &gitlab.Error{Class: gitlab.Unavailable, Err: errors.New("away")}
	if got, err := access.MissingStatuses(t.Context(), b, projects, team(t, triage.StoreStatus)); len(got) > 0 || !errors.Is(err, b.err) {
		t.Errorf("a GitLab that is away misses %q, %v", got, err)
	}
}
