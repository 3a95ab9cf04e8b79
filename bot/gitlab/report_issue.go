package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// ReportIssue is an issue on which a report stands: its description is known, and when it is due.
type ReportIssue struct {
	triage.Issue
	Due planning.Date // zero is none
}

// wireReportIssue is the part of an issue that only reports look at.
type wireReportIssue struct {
	wireIssue
	Due planning.Date `json:"due_date"`
}

func (w *wireReportIssue) report() (ReportIssue, error) {
	issue, err := w.issue()
	return ReportIssue{Issue: issue, Due: w.Due}, err
}

// ReportIssue loads an issue. NotFound if it is not there or not visible.
func (c *Client) ReportIssue(ctx context.Context, ref triage.Ref) (ReportIssue, error) {
	return c.reportIssue(ctx, ref, call{name: "issue", op: "loading issue " + ref.String(), method: http.MethodGet, path: issuePath(ref)})
}

// wireDescription is the body that replaces the description of an issue.
type wireDescription struct {
	Description string `json:"description"`
}

// EditDescription replaces the description of the issue and returns the issue as GitLab answers. GitLab executes quick actions in it with the
// rights of the token, and has no way to say which text is to be replaced: the caller reads before, and compares after. A failed call may have
// been carried out all the same. Repeating it is harmless.
func (c *Client) EditDescription(ctx context.Context, ref triage.Ref, description string) (ReportIssue, error) {
	return c.reportIssue(ctx, ref, call{
		name: "describe", op: "editing the description of issue " + ref.String(), method: http.MethodPut, path: issuePath(ref),
		send: wireDescription{description},
	})
}

// reportIssue makes a call that is answered with the issue.
func (c *Client) reportIssue(ctx context.Context, ref triage.Ref, k call) (ReportIssue, error) {
	var w wireReportIssue
	a, err := c.do(ctx, k, &w)
	if err != nil {
		return ReportIssue{}, err
	}
	if w.ID == 0 || w.Project != ref.Project || w.IID != ref.IID {
		return ReportIssue{}, c.newError(k, a.status, Transient, errors.New("the answer is not that issue"))
	}
	issue, err := w.report()
	if err != nil {
		return ReportIssue{}, c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	return issue, nil
}

// ReportIssues are the issues of the project that the author opened at or after since and whose description holds the marker, letter for
// letter: the oldest first. Issues of which people took the labels are found as well.
func (c *Client) ReportIssues(ctx context.Context, project, author int64, marker string, since time.Time) ([]ReportIssue, error) {
	k := call{
		name: "issues", op: fmt.Sprintf("looking for the reports of user %d in project %d", author, project), method: http.MethodGet,
		path: projectPath(project, "issues"),
	}
	if marker == "" || author == 0 {
		return nil, c.newError(k, 0, Permanent, errors.New("without an author and a marker any issue would do: give both"))
	}
	var found []ReportIssue
	oldest := page{Sort: "asc", OrderBy: "created_at", Scope: "all", Author: author, CreatedAfter: formatTime(since)}
	err := eachOf(ctx, c, k, oldest, func(w wireReportIssue) error {
		if w.Author.person().ID != author || w.Project != project || !strings.Contains(w.Description, marker) {
			return nil
		}
		issue, err := w.report()
		found = append(found, issue)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// WasReopened reports whether somebody opened the issue again after it had been closed.
func (c *Client) WasReopened(ctx context.Context, ref triage.Ref) (bool, error) {
	events, err := c.StateEvents(ctx, ref)
	return slices.ContainsFunc(events, func(e StateEvent) bool { return e.Reopened }), err
}
