package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// wireReaction is what is sent to react.
type wireReaction struct {
	Name string `json:"name"`
}

// AddReaction puts a reaction on a comment of the issue; name is GitLab's ("white_check_mark"). That it is there already is success, so a
// failed call may be repeated. NotFound if the comment or the issue is not there, or the token may not react to it.
func (c *Client) AddReaction(ctx context.Context, ref triage.Ref, note int64, name string) error {
	id := strconv.FormatInt(note, 10)
	k := call{
		name: "react", op: "reacting to comment " + id + " of " + named(ref), method: http.MethodPost,
		path: subjectPath(ref, "notes", id, "award_emoji"), send: wireReaction{name},
	}
	var made struct {
		ID int64 `json:"id"`
	}
	a, err := c.do(ctx, k, &made)
	if err == nil && made.ID == 0 {
		return c.newError(k, a.status, Transient, errors.New("the answer is not a reaction"))
	}
	switch {
	case err == nil || !saysJSON(a.header):
		return err
	case a.status == http.StatusConflict:
		return nil
	case a.status != http.StatusNotFound:
		return err
	}
	// GitLab answers 404 to every refusal of a reaction; only its words tell them apart.
	why := gitlabMessage(a)
	switch {
	case strings.Contains(why, "already been taken"):
		return nil
	case strings.HasPrefix(why, "404 Award Emoji ") && why != "404 Award Emoji Not Found":
		return c.newError(k, a.status, Permanent, errors.New(statusText(c.redacted(a))))
	}
	return err
}
