package gitlab

import (
	"context"
	"net/http"
	"time"

	"flowkeeper/rules/triage"
)

// StateEvent is an issue that was closed, or opened again.
type StateEvent struct {
	At       time.Time
	Actor    triage.Person
	Reopened bool
}

// wireStateEvent is an entry of the state events. A merge closes an issue, too.
type wireStateEvent struct {
	User      *wirePerson `json:"user"`
	CreatedAt time.Time   `json:"created_at"`
	State     string      `json:"state"`
}

// StateEvents lists when the issue was closed and opened again, the oldest first.
func (c *Client) StateEvents(ctx context.Context, ref triage.Ref) ([]StateEvent, error) {
	k := call{
		name: "state-events", op: "loading the state events of " + named(ref), method: http.MethodGet,
		path: subjectPath(ref, "resource_state_events"),
	}
	var events []StateEvent
	err := eachOf(ctx, c, k, page{}, func(e wireStateEvent) error {
		if e.State == "closed" || e.State == "reopened" {
			events = append(events, StateEvent{At: e.CreatedAt, Actor: e.User.person(), Reopened: e.State == "reopened"})
		}
		return nil
	})
	return events, err
}
