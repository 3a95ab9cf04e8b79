package gitlab_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

func TestMilestoneEvents(t *testing.T) {
	t.Parallel()
	s := server{Answer: at("/resource_milestone_events", always(http.StatusOK, "application/json", `[
		{"user":{"id":3,"username":"ann"},"created_at":"2026-10-05T12:00:00.000Z","action":"add","milestone":{"id":70,"iid":1,"title":"19.5"}},
		{"user":null,"created_at":"2026-10-05T12:01:00.000Z","action":"add","milestone":null},
		{"user":null,"created_at":"2026-10-05T12:02:00.000Z","action":"remove","milestone":{"id":71,"iid":2,"title":"19.6"}}]`))}
	got, err := s.client(t).MilestoneEvents(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	want := []gitlab.MilestoneEvent{
		{At: noon, Actor: triage.Person{ID: 3, Username: "ann"}, Milestone: 70, Title: "19.5", Added: true},
		{At: noon.Add(2 * time.Minute), Milestone: 71, Title: "19.6"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("milestone events (-want +got):\n%s", diff)
	}
}

func TestStateEvents(t *testing.T) {
	t.Parallel()
	s := server{Answer: at("/resource_state_events", always(http.StatusOK, "application/json", `[
		{"user":{"id":3,"username":"ann"},"created_at":"2026-10-05T12:00:00.000Z","state":"closed"},
		{"user":{"id":3,"username":"ann"},"created_at":"2026-10-05T12:01:00.000Z","state":"locked"},
		{"user":null,"created_at":"2026-10-05T12:02:00.000Z","state":"reopened"}]`))}
	got, err := s.client(t).StateEvents(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	want := []gitlab.StateEvent{
		{At: noon, Actor: triage.Person{ID: 3, Username: "ann"}},
		{At: noon.Add(2 * time.Minute), Reopened: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("state events (-want +got):\n%s", diff)
	}
}
