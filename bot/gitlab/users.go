package gitlab

import (
	"context"
	"net/http"
	"strconv"

	"flowkeeper/rules/triage"
)

// userQuery asks for the user with a name.
type userQuery struct {
	Username string `url:"username"`
}

// UserID is the id of a user, 0 if GitLab knows none of that name. What was found is remembered for ten minutes.
func (c *Client) UserID(ctx context.Context, username string) (int64, error) {
	key := triage.UsernameKey(username)
	if id := c.users.cachedID(key, c.now()); id != 0 || username == "" {
		return id, nil
	}
	k := call{name: "users", op: "looking up user " + strconv.Quote(username), method: http.MethodGet, path: "users", send: userQuery{username}}
	var found []wirePerson
	if _, err := c.do(ctx, k, &found); err != nil {
		return 0, err
	}
	for _, u := range found {
		if triage.SameUsername(u.Username, username) && u.ID != 0 {
			c.users.remember(key, u.ID, c.now())
			return u.ID, nil
		}
	}
	return 0, nil
}
