package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// UpdateIssue turns the issue or merge request from before into after with one request that carries exactly the difference in labels, weight, milestone,
// assignees, due date and state; nothing else of an issue is ever written. Without a difference it sends nothing and returns before. A
// NewMilestone is looked up by its title first, and an assignee without an id by the username; what does not exist is left out. Moving an
// issue is another call.
//
// A status, which rules see as a label, is set by a call of its own. It comes last: where that call is never made, GitLab's record of labels tells how far
// the other one came, and an issue that somebody closed or opened meanwhile keeps the status it got by that. Only where the issue itself is to be closed
// or opened it comes first, for it may do that. When the status was set a third call tells: GraphQL knows whole seconds only.
//
// A GitLab without the licence keeps the first assignee only, so those who are new come first; OneAssignee says that it did.
//
// It returns the issue as GitLab answers, which need not be what was wanted: labels that the token may not create and weights without a
// licence are ignored silently. The caller compares. A GitLab that knows no weights at all answers with NoWeights.
//
// A failed call may have been carried out all the same. Repeating it is harmless.
func (c *Client) UpdateIssue(ctx context.Context, before, after triage.Issue) (triage.Issue, error) {
	if after.Ref != before.Ref {
		return triage.Issue{}, c.newError(updateCall(before), 0, Permanent, fmt.Errorf("the wanted state is one of %s", named(after.Ref)))
	}
	name := statusChange(before, after)
	if name == "" {
		return c.updateRest(ctx, before, after, nil)
	}
	if before.Closed != after.Closed {
		return c.updateStatusFirst(ctx, before, after, name)
	}
	issue, err := c.updateRest(ctx, before, after, nil)
	if err != nil || issue.Closed != after.Closed {
		return issue, err
	}
	status, err := c.updateStatus(ctx, before, name, before.Closed)
	if err != nil {
		return triage.Issue{}, err
	}
	now, err := c.subject(ctx, before.Ref, loadCall(before))
	if err != nil {
		return triage.Issue{}, err
	}
	if !issue.UpdatedAt.After(before.UpdatedAt) || triage.Difference(issue, now).Empty() {
		return withStatus(now, status, now.UpdatedAt), nil
	}
	return withStatus(issue, status, now.UpdatedAt), nil // somebody was faster with something else, of which a delivery tells
}

// updateStatusFirst sets the status before the rest.
func (c *Client) updateStatusFirst(ctx context.Context, before, after triage.Issue, name string) (triage.Issue, error) {
	status, err := c.updateStatus(ctx, before, name, false)
	if err != nil {
		return triage.Issue{}, err
	}
	issue, err := c.updateRest(ctx, before, after, &status)
	return withStatus(issue, status, issue.UpdatedAt), err
}

// withStatus is the issue with a status that it had at a time, unless closing or opening has set another one since.
func withStatus(issue triage.Issue, status ItemStatus, at time.Time) triage.Issue {
	if status.Closed == issue.Closed {
		issue.Status, issue.StatusName, issue.StatusAt = status.Category, status.Name, at
	}
	return issue
}

func updateCall(of triage.Issue) call {
	k := call{name: "update", op: "updating " + named(of.Ref), method: http.MethodPut, path: subjectPath(of.Ref)}
	if of.Kind == triage.SubjectMergeRequest {
		k.role = "Developer"
	}
	return k
}

func loadCall(of triage.Issue) call {
	return call{name: "issue", op: "loading " + named(of.Ref), method: http.MethodGet, path: subjectPath(of.Ref)}
}

// updateRest changes all but the status. Where one was set before, the issue is read if there is nothing else to change.
func (c *Client) updateRest(ctx context.Context, before, after triage.Issue, status *ItemStatus) (triage.Issue, error) {
	k := updateCall(before)
	change, err := difference(before, after)
	if err != nil {
		return triage.Issue{}, c.newError(k, 0, Permanent, err)
	}
	if status != nil && status.Closed == after.Closed {
		change.State = "" // the status has done that
	}
	if change.Milestone, err = c.milestoneChange(ctx, before, after); err != nil {
		return triage.Issue{}, err
	}
	if change.Assignees, err = c.assigneesChange(ctx, before, after); err != nil {
		return triage.Issue{}, err
	}
	switch {
	case change != (wireChange{}):
		k.send = change
	case status == nil:
		return before, nil
	default:
		k = loadCall(before)
	}
	issue, err := c.subject(ctx, before.Ref, k)
	issue.OneAssignee = change.Assignees != nil && len(*change.Assignees) > 1 && len(issue.Assignees) == 1
	if errors.Is(err, errUnknownParameters) && change == (wireChange{Weight: change.Weight}) {
		before.Weight, before.NoWeights = nil, true
		return before, nil
	}
	return issue, err
}

// milestoneChange is the id of the milestone to be set, 0 for none; nil leaves it as it is.
func (c *Client) milestoneChange(ctx context.Context, before, after triage.Issue) (*int64, error) {
	switch after.Milestone {
	case before.Milestone:
		return nil, nil
	case triage.NewMilestone:
		id, err := c.milestoneID(ctx, before.Project, after.MilestoneTitle)
		if err != nil || id == 0 {
			return nil, err
		}
		return &id, nil
	}
	return &after.Milestone, nil
}

// assigneesChange is the list of those to be assigned, of 0 for nobody; nil leaves them as they are. Those who are new come first.
func (c *Client) assigneesChange(ctx context.Context, before, after triage.Issue) (*[]int64, error) {
	has := func(list []triage.Person, p triage.Person) bool { return slices.ContainsFunc(list, p.Is) }
	var fresh, stay []int64
	for _, p := range after.Assignees {
		list := &fresh
		if has(before.Assignees, p) {
			list = &stay
		}
		id := p.ID
		if id == 0 {
			var err error
			if id, err = c.UserID(ctx, p.Username); err != nil {
				return nil, err
			}
		}
		if id != 0 {
			*list = append(*list, id)
		}
	}
	leaves := slices.ContainsFunc(before.Assignees, func(p triage.Person) bool { return !has(after.Assignees, p) })
	if len(fresh) == 0 && !leaves {
		return nil, nil
	}
	ids := slices.Concat(fresh, stay)
	if len(ids) == 0 {
		ids = []int64{0}
	}
	return &ids, nil
}

// wireChange is the body of an update. Lists of labels are comma-separated names. Weight points to nil for "no weight", Milestone to 0 for
// "no milestone", the due date to "" for none.
type wireChange struct {
	Add       string   `json:"add_labels,omitempty"`
	Remove    string   `json:"remove_labels,omitempty"`
	Weight    **int    `json:"weight,omitempty"`
	Milestone *int64   `json:"milestone_id,omitempty"`
	Assignees *[]int64 `json:"assignee_ids,omitempty"`
	DueDate   *string  `json:"due_date,omitempty"`
	State     string   `json:"state_event,omitempty"`
}

// difference is the change of labels, weight, due date and state from before to after. Added labels keep their order, because of one scope the last one wins. Siblings that
// give way are named like all others: without a licence GitLab leaves them, and at the same time as another write it may keep both.
func difference(before, after triage.Issue) (wireChange, error) {
	var change wireChange
	var err error
	if change.Add, err = labelList(triage.WithoutStatus(after.Labels), before); err != nil {
		return wireChange{}, fmt.Errorf("adding labels: %w", err)
	}
	if change.Remove, err = labelList(triage.WithoutStatus(before.Labels), after); err != nil {
		return wireChange{}, fmt.Errorf("removing labels: %w", err)
	}
	if !triage.SameWeight(before.Weight, after.Weight) {
		change.Weight = &after.Weight
	}
	if before.DueDate != after.DueDate {
		change.DueDate = &after.DueDate
	}
	if before.Closed != after.Closed && after.MoveTo == "" {
		change.State = "reopen"
		if after.Closed {
			change.State = "close"
		}
	}
	return change, nil
}

// labelList joins the labels that the other issue does not carry.
func labelList(labels []string, other triage.Issue) (string, error) {
	var missing []string
	for _, l := range labels {
		if other.Has(l) || slices.Contains(missing, l) {
			continue
		}
		if strings.TrimSpace(l) == "" {
			return "", errors.New("a label has no name: give it one in the configuration")
		}
		if strings.Contains(l, ",") {
			return "", fmt.Errorf("the label %q holds a comma, which separates labels in GitLab's API: rename it", l)
		}
		missing = append(missing, l)
	}
	return strings.Join(missing, ","), nil
}
