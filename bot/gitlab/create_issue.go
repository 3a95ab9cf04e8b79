package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// NewIssue is an issue to be opened. GitLab executes quick actions in the description with the rights of the token: what people wrote
// must be escaped before.
type NewIssue struct {
	Title        string // at most 255 characters
	Description  string // Markdown
	Labels       []string
	Weight       *int // nil is none; ignored by a GitLab without weights
	Confidential bool

	Assignees []string      // usernames; unknown ones are left out, and a GitLab without the licence keeps the first
	Due       planning.Date // zero is none
	Milestone string        // title; "" is none. One that the project has not, or that is closed, is left out
}

// wireNewIssue is the body that opens an issue. Labels are comma-separated names.
type wireNewIssue struct {
	Title        string `json:"title"`
	Description  string `json:"description,omitempty"`
	Labels       string `json:"labels,omitempty"`
	Weight       *int   `json:"weight,omitempty"`
	Confidential bool   `json:"confidential,omitempty"`

	Assignees []int64       `json:"assignee_ids,omitempty"`
	Due       planning.Date `json:"due_date,omitzero"`
	Milestone int64         `json:"milestone_id,omitempty"`
}

// CreateIssue opens an issue in the project and returns it as GitLab answers. After a failure it may exist all the same: look for it with
// FindIssueByMarker before trying again.
func (c *Client) CreateIssue(ctx context.Context, project int64, n NewIssue) (triage.Issue, error) {
	k := call{
		name: "open", op: "opening an issue in project " + strconv.FormatInt(project, 10), method: http.MethodPost,
		path: projectPath(project, "issues"),
	}
	if strings.TrimSpace(n.Title) == "" {
		return triage.Issue{}, c.newError(k, 0, Permanent, errors.New("it has no title: give it one"))
	}
	labels, err := labelList(n.Labels, triage.Issue{})
	if err != nil {
		return triage.Issue{}, c.newError(k, 0, Permanent, fmt.Errorf("adding labels: %w", err))
	}
	w := wireNewIssue{Title: n.Title, Description: n.Description, Labels: labels, Weight: n.Weight, Confidential: n.Confidential, Due: n.Due}
	if w.Assignees, err = c.userIDs(ctx, n.Assignees); err != nil {
		return triage.Issue{}, err
	}
	if w.Milestone, err = c.milestoneID(ctx, project, n.Milestone); err != nil {
		return triage.Issue{}, err
	}
	k.send = w
	issue, _, err := c.oneIssue(ctx, k, func(w *wireIssue) bool { return w.Project == project })
	return issue, err
}

// userIDs are the ids of users, in their order. Those that GitLab does not know are left out.
func (c *Client) userIDs(ctx context.Context, usernames []string) ([]int64, error) {
	var ids []int64
	for _, name := range usernames {
		id, err := c.UserID(ctx, name)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// FindIssueByMarker looks for an issue of the project that the author opened at or after since and whose description holds the marker,
// letter for letter: the oldest such. ok is false if there is none.
//
// GitLab's own search lags behind and drops punctuation, so the author's issues are read and compared here.
func (c *Client) FindIssueByMarker(ctx context.Context, project, author int64, marker string, since time.Time) (issue triage.Issue, ok bool, err error) {
	k := call{
		name: "issues", op: fmt.Sprintf("looking for an issue of user %d in project %d", author, project), method: http.MethodGet,
		path: projectPath(project, "issues"),
	}
	if marker == "" || author == 0 {
		return triage.Issue{}, false, c.newError(k, 0, Permanent, errors.New("without an author and a marker any issue would do: give both"))
	}
	oldest := page{Sort: "asc", OrderBy: "created_at", Scope: "all", Author: author, CreatedAfter: formatTime(since)}
	err = eachOf(ctx, c, k, oldest, func(w wireIssue) error {
		if w.Author.person().ID != author || w.Project != project || !strings.Contains(w.Description, marker) {
			return nil
		}
		if issue, err = w.issue(); err != nil {
			return err
		}
		ok = true
		return errEnough
	})
	if err != nil {
		return triage.Issue{}, false, err
	}
	return issue, ok, nil
}
