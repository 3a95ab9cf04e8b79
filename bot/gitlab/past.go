package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// wireLabelEvent is an entry of the label events. The label is null once it was deleted, the user once the account was.
type wireLabelEvent struct {
	User      *wirePerson `json:"user"`
	CreatedAt time.Time   `json:"created_at"`
	Action    string      `json:"action"` // "add" or "remove"
	Label     *wireLabel  `json:"label"`
}

// wireWeightEvent is an entry of the weight events.
type wireWeightEvent struct {
	User      *wirePerson     `json:"user"`
	CreatedAt time.Time       `json:"created_at"`
	Weight    json.RawMessage `json:"weight"`
}

// Past lists who changed labels and the weight of the issue and when, the oldest first. Labels that were deleted since are left out.
// A GitLab without weights has no entries for them.
func (c *Client) Past(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	past, err := c.labelEvents(ctx, ref)
	if err != nil {
		return nil, err
	}
	weights, err := c.weightEvents(ctx, ref)
	if err != nil {
		return nil, err
	}
	past = append(past, weights...)
	slices.SortStableFunc(past, func(a, b triage.ResourceEvent) int { return a.At.Compare(b.At) })
	return past, nil
}

// labelEvents lists the changes of labels, in the order GitLab recorded them.
func (c *Client) labelEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	k := call{
		name: "label-events", op: "loading the label events of issue " + ref.String(), method: http.MethodGet,
		path: issuePath(ref, "resource_label_events"),
	}
	var past []triage.ResourceEvent
	err := eachOf(ctx, c, k, page{}, func(e wireLabelEvent) error {
		if e.Label != nil && *e.Label != "" {
			past = append(past, triage.ResourceEvent{At: e.CreatedAt, Actor: e.User.person(), Label: string(*e.Label), Added: e.Action == "add"})
		}
		return nil
	})
	return past, err
}

// weightEvents lists the changes of the weight, none on a GitLab that has no such list.
func (c *Client) weightEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	k := call{
		name: "weight-events", op: "loading the weight events of issue " + ref.String(), method: http.MethodGet,
		path: issuePath(ref, "resource_weight_events"),
	}
	var past []triage.ResourceEvent
	err := twice(func() error {
		past = nil
		return eachOf(ctx, c, k, page{}, func(e wireWeightEvent) error {
			weight, err := weightOf(e.Weight)
			past = append(past, triage.ResourceEvent{At: e.CreatedAt, Actor: e.User.person(), Weight: weight})
			return err
		})
	})
	if absent(err) {
		return nil, nil
	}
	return past, err
}

// twice makes a call in which "not found" is a good answer, and makes it again after that answer: a server of GitLab's that lags behind the
// others, or a proxy between, gives it once.
func twice(call func() error) error {
	err := call()
	if absent(err) {
		return call()
	}
	return err
}

// absent reports whether GitLab itself, and no proxy, said that there is no such thing, or none for this token: what it has no licence
// for, it denies or hides.
func absent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Class == Gone || e.Status == http.StatusForbidden && e.Class == GiveUp)
}
