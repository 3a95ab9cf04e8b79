package gitlab

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// IssueList says which issues are listed: those of a group and the groups below it, or those of a project.
type IssueList struct {
	Group   string // full path or id
	Project string // full path or id, if Group is ""

	Open      bool     // only open ones
	Labels    []string // only those that carry all of them
	Milestone string   // only those of the milestones with this title

	// Since leaves out what was created before. To go on after an error, it is when the last issue that was handed on was created, and that one
	// comes again.
	Since time.Time

	// Page is told after each page how many issues there are in all; 0 if GitLab did not count them. nil is not told.
	Page func(total int)
}

// String names the list: "the open issues of group my-group".
func (l IssueList) String() string {
	s := "the issues"
	if l.Open {
		s = "the open issues"
	}
	if l.Milestone != "" {
		s += " of milestone " + strconv.Quote(l.Milestone)
	}
	if l.Group != "" {
		return s + " of group " + l.Group
	}
	return s + " of project " + l.Project
}

// path is the list's address below /api/v4/.
func (l IssueList) path() string {
	if l.Group != "" {
		return "groups/" + url.PathEscape(l.Group) + "/issues"
	}
	return "projects/" + url.PathEscape(l.Project) + "/issues"
}

// ListedIssue is an issue of a list. What it lacks is its description.
type ListedIssue struct {
	triage.Issue
	MilestoneTitle string // "" is none
}

// maxListPages bounds a list of issues: some 50,000 of them.
const maxListPages = 500

// EachIssue hands every issue of the list to each, the one created first first. NotFound if the group or project does not exist or the token may
// not see it. The error of each ends the list and is returned as it is; whoever gets any error has got a part of the list.
//
// A group's list has no pages by key, only by row number. So each page begins at the time at which the one before ended: an issue that is closed, or
// otherwise leaves the list, while it is read does not hide another one. One that enters it with an earlier time of creation may be missed,
// such as one that is reopened.
func (c *Client) EachIssue(ctx context.Context, l IssueList, each func(ListedIssue) error) error {
	w := &subjectWalk[wireIssue]{
		c: c, k: call{name: "issues", op: "listing " + l.String(), path: l.path()}, kind: triage.SubjectIssue,
		query: page{Labels: l.Labels, Milestone: l.Milestone}, pages: maxListPages, since: l.Since, total: l.Page,
		read: (*wireIssue).issue,
		each: func(issue triage.Issue, w *wireIssue) error {
			issue.Description = ""
			return each(ListedIssue{issue, w.Milestone.title()})
		},
	}
	return w.byCreation(ctx, l.Open)
}

// IssuesByURL are those of the issues with these web addresses that the token can see, without their descriptions. It takes a call for each hundred
// of a project. An address that is none of an issue on this GitLab is a *BadReference.
func (c *Client) IssuesByURL(ctx context.Context, urls []string) ([]ListedIssue, error) {
	iids := map[string][]int64{} // by the project's path
	for _, u := range urls {
		at, err := c.issueAt(ctx, u)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(iids[at.path], at.IID) {
			iids[at.path] = append(iids[at.path], at.IID)
		}
	}
	var found []ListedIssue
	for _, project := range slices.Sorted(maps.Keys(iids)) {
		for some := range slices.Chunk(iids[project], perPage) {
			list, err := c.issuesByIID(ctx, project, some)
			if ClassOf(err) == NotFound {
				break // nothing of it can be seen
			}
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		}
	}
	return found, nil
}

// issuesByIID are those of a project's issues with these numbers that the token can see.
func (c *Client) issuesByIID(ctx context.Context, project string, iids []int64) ([]ListedIssue, error) {
	k := call{
		name: "issues", op: "loading issues of project " + project, method: http.MethodGet, path: "projects/" + url.PathEscape(project) + "/issues",
	}
	var found []ListedIssue
	err := eachOf(ctx, c, k, page{Scope: "all", IIDs: iids}, func(w wireIssue) error {
		if w.ID == 0 || w.Project == 0 || !slices.Contains(iids, w.IID) {
			return errors.New("an entry is not one of the issues that were asked for")
		}
		issue, err := w.issue()
		issue.Description = ""
		found = append(found, ListedIssue{issue, w.Milestone.title()})
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
