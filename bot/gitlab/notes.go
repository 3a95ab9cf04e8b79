package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// Note is a comment on an issue.
type Note struct {
	ID        int64
	Author    triage.Person
	Body      string // Markdown, as GitLab keeps it: without the quick actions it executed
	Internal  bool
	CreatedAt time.Time
}

// wireNote is a comment as GitLab sends one. Old versions call internal ones confidential.
type wireNote struct {
	ID           int64       `json:"id"`
	Body         string      `json:"body"`
	System       bool        `json:"system"`
	Internal     bool        `json:"internal"`
	Confidential bool        `json:"confidential"`
	Author       *wirePerson `json:"author"`
	CreatedAt    time.Time   `json:"created_at"`
	UpdatedAt    time.Time   `json:"updated_at"`
}

// wireBody is what is sent to write a comment.
type wireBody struct {
	Body     string `json:"body"`
	Internal bool   `json:"internal,omitempty"`
}

// OwnNotes lists the comments on the issue that own accepts, the oldest first.
func (c *Client) OwnNotes(ctx context.Context, ref triage.Ref, own func(Note) bool) ([]Note, error) {
	k := call{name: "notes", op: "loading the comments of " + named(ref), method: http.MethodGet, path: subjectPath(ref, "notes")}
	var list []Note
	err := eachOf(ctx, c, k, page{Sort: "asc", OrderBy: "created_at", Filter: "only_comments"}, func(w wireNote) error {
		n := Note{ID: w.ID, Author: w.Author.person(), Body: w.Body, Internal: w.Internal || w.Confidential, CreatedAt: w.CreatedAt}
		if !w.System && own(n) {
			list = append(list, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// CreateNote writes a comment, in Markdown, and returns its id. Only members see internal ones. Without the role to write those,
// GitLab silently makes them public: the caller checks the bot's role before. After a failure the comment may exist nevertheless: look for it with
// OwnNotes before trying again.
func (c *Client) CreateNote(ctx context.Context, ref triage.Ref, internal bool, body string) (int64, error) {
	k := call{
		name: "create-note", op: "commenting on " + named(ref), method: http.MethodPost,
		path: subjectPath(ref, "notes"), send: wireBody{Body: body, Internal: internal}, note: true,
	}
	n, err := c.doNote(ctx, k)
	if err == nil && internal && !n.Internal && !n.Confidential {
		return 0, errors.Join(c.newError(k, 0, Permanent, errPublic), c.DeleteNote(ctx, ref, n.ID))
	}
	return n.ID, err
}

// EditNote replaces the text of a comment. NotFound if somebody deleted it.
func (c *Client) EditNote(ctx context.Context, ref triage.Ref, id int64, body string) error {
	_, err := c.writeNote(ctx, call{
		name: "edit-note", op: "editing comment " + strconv.FormatInt(id, 10) + " of " + named(ref), method: http.MethodPut,
		path: subjectPath(ref, "notes", strconv.FormatInt(id, 10)), send: wireBody{Body: body},
	})
	return err
}

// writeNote makes a call that writes a comment, and returns the comment's id.
func (c *Client) writeNote(ctx context.Context, k call) (int64, error) {
	n, err := c.doNote(ctx, k)
	return n.ID, err
}

// doNote makes a call that writes a comment, and returns the comment.
func (c *Client) doNote(ctx context.Context, k call) (wireNote, error) {
	var n wireNote
	a, err := c.do(ctx, k, &n)
	if a.status == http.StatusAccepted {
		return wireNote{}, c.newError(k, a.status, Permanent, errors.New("GitLab took the whole text for quick actions and kept no comment"))
	}
	if err != nil {
		return wireNote{}, err
	}
	if n.ID == 0 {
		return wireNote{}, c.newError(k, a.status, Transient, errors.New("the answer is not a comment"))
	}
	return n, nil
}

// DeleteNote removes a comment. One that does not exist is no error.
func (c *Client) DeleteNote(ctx context.Context, ref triage.Ref, id int64) error {
	_, err := c.do(ctx, call{
		name: "delete-note", op: "deleting comment " + strconv.FormatInt(id, 10) + " of " + named(ref), method: http.MethodDelete,
		path: subjectPath(ref, "notes", strconv.FormatInt(id, 10)),
	}, nil)
	if ClassOf(err) == NotFound {
		return nil
	}
	return err
}
