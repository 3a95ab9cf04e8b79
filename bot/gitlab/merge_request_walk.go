package gitlab

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// EachUpdatedMergeRequest hands every merge request of the project, which is the target, to each as EachUpdatedIssue does with issues. A project
// whose merge requests are switched off, or hidden from the token, has none.
//
// They tell all that Issue tells of a merge request. Whether one goes to the default branch is left open: see MergeSettings.
func (c *Client) EachUpdatedMergeRequest(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	return c.mergeRequestWalk("the updated merge requests", project, since, each).byUpdate(ctx)
}

// EachCreatedMergeRequest hands every merge request of the project that was created at or after since to each, the oldest first, or only every open
// one; otherwise it is like EachUpdatedMergeRequest. One that is just being merged is not open.
func (c *Client) EachCreatedMergeRequest(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error {
	what := "the merge requests"
	if open {
		what = "the open merge requests"
	}
	return c.mergeRequestWalk(what, project, since, each).byCreation(ctx, open)
}

// mergeRequestWalk prepares a walk through the merge requests of a project.
func (c *Client) mergeRequestWalk(what string, project int64, since time.Time, each func(triage.Issue) error) *subjectWalk[wireMergeRequest] {
	return &subjectWalk[wireMergeRequest]{
		c: c, kind: triage.SubjectMergeRequest, project: project, mayLack: true, pages: maxPages, since: since,
		read: (*wireMergeRequest).mergeRequest,
		each: func(mergeRequest triage.Issue, _ *wireMergeRequest) error { return each(mergeRequest) },
		k:    call{name: "merge-requests", op: fmt.Sprintf("listing %s of project %d", what, project), path: projectPath(project, "merge_requests")},
	}
}
