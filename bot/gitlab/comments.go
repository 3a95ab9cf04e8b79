package gitlab

import (
	"context"
	"errors"
	"net/http"
	"time"

	"flowkeeper/rules/triage"
)

// Comment is what a person wrote on an issue.
type Comment struct {
	ID        int64
	Author    triage.Person
	Body      string // Markdown, as GitLab keeps it
	Internal  bool
	CreatedAt time.Time
	UpdatedAt time.Time // of its text, or of the last reaction to it
}

// Comments lists the comments on the issue since that time, newest first; all of them if since is zero. Of more than 5,000
// comments it gives the newest.
func (c *Client) Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]Comment, error) {
	k := call{name: "notes", op: "loading the comments of " + named(ref), method: http.MethodGet, path: subjectPath(ref, "notes")}
	var comments []Comment
	newest := page{Sort: "desc", OrderBy: "created_at", Filter: "only_comments"}
	err := eachOf(ctx, c, k, newest, func(n wireNote) error {
		if n.CreatedAt.Before(since) {
			return errEnough
		}
		if !n.System {
			comments = append(comments, Comment{
				ID: n.ID, Author: n.Author.person(), Body: n.Body, Internal: n.Internal || n.Confidential, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
			})
		}
		return nil
	})
	if err != nil && !errors.Is(err, errTooLong) {
		return nil, err
	}
	return comments, nil
}
