package gitlab

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/rules/triage"
)

// EachUpdatedIssue hands every issue of the project that was updated at or after since to each, the one whose update is oldest first; all of
// them if since is zero. An issue that changes meanwhile may come again, with its later state. The error of each ends the list and is
// returned as it is.
//
// After 50 pages it gives up with the class Permanent and status 0. What it handed on until then is complete up to the time of the last issue's
// update: go on from there.
func (c *Client) EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	return c.issueWalk("the updated issues", project, since, each).byUpdate(ctx)
}

// EachCreatedIssue hands every issue of the project that was created at or after since to each, the oldest first, or only every open one; otherwise
// it is like EachUpdatedIssue.
func (c *Client) EachCreatedIssue(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error {
	if open {
		return c.EachOpenIssue(ctx, project, since, each)
	}
	return c.issueWalk("the issues", project, since, each).byCreation(ctx, false)
}

// EachOpenIssue hands every open issue of the project that was created at or after since to each, the oldest first; otherwise it is like
// EachUpdatedIssue.
func (c *Client) EachOpenIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	return c.issueWalk("the open issues", project, since, each).byCreation(ctx, true)
}

// issueWalk prepares a walk through the issues of a project.
func (c *Client) issueWalk(what string, project int64, since time.Time, each func(triage.Issue) error) *subjectWalk[wireIssue] {
	return &subjectWalk[wireIssue]{
		c: c, kind: triage.SubjectIssue, project: project, pages: maxPages, since: since,
		read: (*wireIssue).issue,
		each: func(issue triage.Issue, _ *wireIssue) error { return each(issue) },
		k:    call{name: "issues", op: fmt.Sprintf("listing %s of project %d", what, project), path: projectPath(project, "issues")},
	}
}
