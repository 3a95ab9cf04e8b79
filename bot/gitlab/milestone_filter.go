package gitlab

import (
	"context"
	"net/http"

	"flowkeeper/rules/triage"
)

// MilestoneFilter is one of GitLab's words for some milestones.
type MilestoneFilter string

// The words whose meaning is GitLab's.
const (
	Upcoming MilestoneFilter = "Upcoming"
	Started  MilestoneFilter = "Started"
)

// MilestoneIs reports whether GitLab lists the issue under one of its words for milestones. Which milestones these are depends on GitLab's
// version and settings.
func (c *Client) MilestoneIs(ctx context.Context, ref triage.Ref, which MilestoneFilter) (bool, error) {
	k := call{
		name: "issues", op: "asking whether the milestone of issue " + ref.String() + " is " + string(which), method: http.MethodGet,
		path: projectPath(ref.Project, "issues"),
	}
	if ref.Kind != triage.SubjectIssue {
		return false, c.newError(k, 0, Permanent, errOnlyIssues)
	}
	found := false
	err := eachOf(ctx, c, k, page{Scope: "all", IIDs: []int64{ref.IID}, MilestoneIs: string(which)}, func(w wireIssue) error {
		found = found || w.IID == ref.IID && w.Project == ref.Project
		return nil
	})
	return found, err
}
