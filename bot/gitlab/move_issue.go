package gitlab

import (
	"context"
	"fmt"
	"net/http"

	"flowkeeper/rules/triage"
)

// wireMove is the body that moves an issue.
type wireMove struct {
	Project int64 `json:"to_project_id"`
}

// MoveIssue moves an issue to another project and returns the issue that it has become there. GitLab closes the old one. An issue can be moved
// once: after a failure without an answer read it first, and not at once, because GitLab may take minutes to copy many comments.
func (c *Client) MoveIssue(ctx context.Context, ref triage.Ref, to Place) (triage.Issue, error) {
	k := call{
		name: "move", op: fmt.Sprintf("moving issue %s to %s", ref, to), method: http.MethodPost, path: issuePath(ref, "move"), send: wireMove{to.ID},
	}
	issue, _, err := c.oneIssue(ctx, k, func(w *wireIssue) bool { return w.Project == to.ID })
	return issue, err
}
