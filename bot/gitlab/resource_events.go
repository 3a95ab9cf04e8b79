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

// ResourceEvents lists who changed the labels and the weight of the issue and when, oldest first. Labels that were deleted since are left out.
// A GitLab without weights has no events for them.
func (c *Client) ResourceEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	events, err := c.LabelEvents(ctx, ref)
	if err != nil || ref.Kind != triage.SubjectIssue {
		return events, err // a merge request has no weight
	}
	weights, err := c.weightEvents(ctx, ref)
	if err != nil {
		return nil, err
	}
	events = append(events, weights...)
	slices.SortStableFunc(events, func(a, b triage.ResourceEvent) int { return a.At.Compare(b.At) })
	return events, nil
}

// LabelEvents lists who changed the labels of the issue and when, oldest first. Labels that were deleted since are left out.
func (c *Client) LabelEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	k := call{
		name: "label-events", op: "loading the label events of " + named(ref), method: http.MethodGet,
		path: subjectPath(ref, "resource_label_events"),
	}
	var events []triage.ResourceEvent
	err := eachOf(ctx, c, k, page{}, func(e wireLabelEvent) error {
		if e.Label != nil && *e.Label != "" {
			events = append(events, triage.ResourceEvent{At: e.CreatedAt, Actor: e.User.person(), Label: string(*e.Label), Added: e.Action == "add"})
		}
		return nil
	})
	return events, err
}

// weightEvents lists the changes of the weight, none on a GitLab that has no such list.
func (c *Client) weightEvents(ctx context.Context, ref triage.Ref) ([]triage.ResourceEvent, error) {
	k := call{
		name: "weight-events", op: "loading the weight events of " + named(ref), method: http.MethodGet,
		path: subjectPath(ref, "resource_weight_events"),
	}
	var events []triage.ResourceEvent
	err := confirmNotFound(func() error {
		events = nil
		return eachOf(ctx, c, k, page{}, func(e wireWeightEvent) error {
			weight, err := weightOf(e.Weight)
			events = append(events, triage.ResourceEvent{At: e.CreatedAt, Actor: e.User.person(), Weight: weight})
			return err
		})
	})
	if isMissing(err) {
		return nil, nil
	}
	return events, err
}

// confirmNotFound makes a call for which "not found" is a valid answer, and repeats it after that answer: a GitLab server that lags behind the
// others, or a proxy, may give it once by mistake.
func confirmNotFound(call func() error) error {
	err := call()
	if isMissing(err) {
		return call()
	}
	return err
}

// isMissing reports whether GitLab itself, and no proxy, said that something does not exist or is not for this token. GitLab denies or hides what
// it has no licence for.
func isMissing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Class == NotFound || e.Status == http.StatusForbidden && e.Class == Permanent)
}
