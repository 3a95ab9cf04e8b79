package gitlab

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"flowkeeper/rules/triage"
)

// wireDiscussion is a thread of comments as GitLab sends one; a comment nobody replied to is one, too.
type wireDiscussion struct {
	ID    string     `json:"id"`
	Notes []wireNote `json:"notes"`
}

// holds reports whether the comment is part of the thread.
func (d wireDiscussion) holds(note int64) bool {
	return slices.ContainsFunc(d.Notes, func(n wireNote) bool { return n.ID == note })
}

// internal reports whether the thread is for members only. Its first comment decides that for all.
func (d wireDiscussion) internal() bool {
	return len(d.Notes) > 0 && (d.Notes[0].Internal || d.Notes[0].Confidential)
}

// discussionForm is what the ids of threads look like. They come out of payloads and become part of an address.
var discussionForm = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// Reply answers a comment of the issue in its thread, in Markdown, and returns the id of the new comment. discussion is the thread's
// id; "" is unknown, it is then looked up by the comment's. A plain comment becomes a thread.
//
// Replies in an internal thread are internal, all others are not: whoever wants an internal one gets an error, and no comment is
// written, if the thread is not. NotFound if the comment or the issue is not there. After any other failure the reply may exist all the
// same: look for it with OwnNotes before trying again.
func (c *Client) Reply(ctx context.Context, ref triage.Ref, discussion string, note int64, internal bool, body string) (int64, error) {
	k := call{
		name: "reply", op: "replying to comment " + strconv.FormatInt(note, 10) + " of " + named(ref), method: http.MethodPost,
		send: wireBody{Body: body, Internal: internal}, note: true,
	}
	known := discussionForm.MatchString(discussion)
	if !known || internal {
		thread, err := c.discussionOf(ctx, ref, discussion, note)
		if err != nil {
			return 0, err
		}
		if internal && !thread.internal() {
			return 0, c.newError(k, 0, Permanent, errors.New("the comment is not internal, so everybody could read the reply"))
		}
		discussion = thread.ID
	}
	k.path = subjectPath(ref, "discussions", discussion, "notes")
	return c.writeNote(ctx, k)
}

// discussionOf loads the thread with the id, or the one that holds the comment if that cannot be an id.
func (c *Client) discussionOf(ctx context.Context, ref triage.Ref, discussion string, note int64) (wireDiscussion, error) {
	k := call{
		name: "discussion", op: "loading the thread of comment " + strconv.FormatInt(note, 10) + " of " + named(ref),
		method: http.MethodGet, path: subjectPath(ref, "discussions"),
	}
	var found wireDiscussion
	if discussionForm.MatchString(discussion) {
		k.path = subjectPath(ref, "discussions", discussion)
		a, err := c.do(ctx, k, &found)
		if err == nil && found.ID != discussion {
			err = c.newError(k, a.status, Transient, errors.New("the answer is not that thread"))
		}
		return found, err
	}
	err := eachOf(ctx, c, k, page{}, func(d wireDiscussion) error {
		if !d.holds(note) {
			return nil
		}
		found = d
		return errEnough
	})
	switch {
	case err != nil:
		return wireDiscussion{}, err
	case !discussionForm.MatchString(found.ID):
		return wireDiscussion{}, c.newError(k, 0, NotFound, errors.New("it is not there any more, or the token may not see it"))
	}
	return found, nil
}
