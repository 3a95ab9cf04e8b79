package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

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
}

// wireNewIssue is the body that opens an issue. Labels are comma-separated names.
type wireNewIssue struct {
	Title        string `json:"title"`
	Description  string `json:"description,omitempty"`
	Labels       string `json:"labels,omitempty"`
	Weight       *int   `json:"weight,omitempty"`
	Confidential bool   `json:"confidential,omitempty"`
}

// CreateIssue opens an issue in the project and returns it as GitLab answers. After a failure it may exist all the same: look for it with
// FindMarked before trying again.
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
	k.send = wireNewIssue{Title: n.Title, Description: n.Description, Labels: labels, Weight: n.Weight, Confidential: n.Confidential}
	issue, _, err := c.oneIssue(ctx, k, func(w *wireIssue) bool { return w.Project == project })
	return issue, err
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
