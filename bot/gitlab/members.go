package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// wireMember is a member of a project. Older versions have no state of the membership.
type wireMember struct {
	ID         int64  `json:"id"`
	Level      int    `json:"access_level"`
	State      string `json:"state"`
	Membership string `json:"membership_state"`
}

// AccessLevel is the access level of a user in a project, directly or through a group: 30 for a Developer. It is 0 for a user who is no member,
// is blocked or has yet to be approved.
func (c *Client) AccessLevel(ctx context.Context, project, user int64) (int, error) {
	return c.AccessLevelIn(ctx, Place{ID: project, Path: strconv.FormatInt(project, 10)}, user)
}

// AccessLevelIn is AccessLevel for a project or a group.
func (c *Client) AccessLevelIn(ctx context.Context, place Place, user int64) (int, error) {
	k := call{
		name: "member", op: fmt.Sprintf("loading the access level of user %d in %s", user, place), method: http.MethodGet,
		path: place.sub("members", "all", strconv.FormatInt(user, 10)),
	}
	var w wireMember
	var a answer
	err := confirmNotFound(func() (err error) {
		a, err = c.do(ctx, k, &w)
		return err
	})
	switch {
	case isMissing(err):
		return 0, nil
	case err != nil:
		return 0, err
	case w.ID != user:
		return 0, c.newError(k, a.status, Transient, errors.New("the answer is not that member"))
	case w.State != "active", w.Membership != "" && w.Membership != "active":
		return 0, nil
	}
	return w.Level, nil
}
