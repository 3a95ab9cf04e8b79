package gitlab

import (
	"context"
	"errors"
	"net/http"

	"flowkeeper/rules/triage"
)

// Promote makes an epic of the issue, in its project's group, by GitLab's own quick action: its API has no other call that all versions know. GitLab
// closes the issue then. Whether it did tells only a look at the issue: versions differ in how they refuse. A closed issue must not be promoted, it
// may have been before.
func (c *Client) Promote(ctx context.Context, ref triage.Ref) error {
	_, err := c.do(ctx, call{
		name: "promote", op: "promoting issue " + ref.String(), method: http.MethodPost, path: issuePath(ref, "notes"), send: wireBody{Body: "/promote"}, note: true,
	}, nil)
	if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) {
		return nil // the quick action did not apply
	}
	return err
}
