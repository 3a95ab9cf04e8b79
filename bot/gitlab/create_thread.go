package gitlab

import (
	"context"
	"errors"
	"net/http"

	"flowkeeper/rules/triage"
)

// CreateThread writes a comment that begins a thread, in Markdown, and returns the comment's id. Everybody who sees the issue or merge request sees it: GitLab
// does not take internal ones this way. After a failure it may exist nevertheless, as after CreateNote.
func (c *Client) CreateThread(ctx context.Context, ref triage.Ref, body string) (int64, error) {
	k := call{
		name: "create-thread", op: "beginning a thread on " + named(ref), method: http.MethodPost,
		path: subjectPath(ref, "discussions"), send: wireBody{Body: body}, note: true,
	}
	var made wireDiscussion
	a, err := c.do(ctx, k, &made)
	switch {
	case a.status == http.StatusAccepted:
		return 0, c.newError(k, a.status, Permanent, errors.New("GitLab took the whole text for quick actions and kept no comment"))
	case err != nil:
		return 0, err
	case len(made.Notes) == 0 || made.Notes[0].ID == 0:
		return 0, c.newError(k, a.status, Transient, errors.New("the answer is not a thread"))
	}
	return made.Notes[0].ID, nil
}
