package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Award is a reaction. Name is GitLab's: "thumbsup".
type Award struct {
	User triage.Person
	Name string
	At   time.Time
}

// Comment is what a person wrote on an issue.
type Comment struct {
	ID        int64
	Author    triage.Person
	Body      string // Markdown, as GitLab keeps it
	Internal  bool
	CreatedAt time.Time
	UpdatedAt time.Time // of its text, or of the last reaction to it
}

// wireLink is a linked issue with what the link says of it.
type wireLink struct {
	ID      int64     `json:"issue_link_id"`
	Kind    string    `json:"link_type"`
	Project int64     `json:"project_id"`
	IID     int64     `json:"iid"`
	Created time.Time `json:"created_at"`
}

// Links lists the issue's links to other issues, the oldest link first; those to issues that the token may not see are left out. A
// GitLab without links has none.
func (c *Client) Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error) {
	k := call{name: "links", op: "loading the links of issue " + ref.String(), method: http.MethodGet, path: issuePath(ref, "links")}
	var links []triage.Link
	err := twice(func() error {
		links = nil
		seen := map[int64]bool{}
		return eachOf(ctx, c, k, page{}, func(w wireLink) error {
			if seen[w.ID] {
				return errEnough // GitLab sends the whole list whichever page is asked for
			}
			seen[w.ID] = true
			if w.Kind == "" {
				w.Kind = triage.RelatesTo // all there was before links had kinds
			}
			links = append(links, triage.Link{Kind: w.Kind, Ref: triage.Ref{Project: w.Project, IID: w.IID}, Created: w.Created})
			return nil
		})
	})
	if !absent(err) {
		return links, err
	}
	// It is the list that is missing, unless the issue is, too.
	_, err = c.Issue(ctx, ref)
	return nil, err
}

// wireAward is a reaction as GitLab sends one.
type wireAward struct {
	Name string      `json:"name"`
	User *wirePerson `json:"user"`
	At   time.Time   `json:"created_at"`
}

// Awards lists the reactions to a comment of the issue, or to the issue itself if note is 0. Gone if either is not there.
func (c *Client) Awards(ctx context.Context, ref triage.Ref, note int64) ([]Award, error) {
	k := call{name: "awards", op: "loading the reactions to issue " + ref.String(), method: http.MethodGet, path: issuePath(ref, "award_emoji")}
	if note != 0 {
		id := strconv.FormatInt(note, 10)
		k.op = "loading the reactions to comment " + id + " of issue " + ref.String()
		k.path = issuePath(ref, "notes", id, "award_emoji")
	}
	var awards []Award
	err := eachOf(ctx, c, k, page{}, func(w wireAward) error {
		awards = append(awards, Award{User: w.User.person(), Name: w.Name, At: w.At})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return awards, nil
}

// Comments lists what people wrote on the issue at or after since, the newest first; all of it if since is zero. Of more than 5,000
// comments it gives the newest.
func (c *Client) Comments(ctx context.Context, ref triage.Ref, since time.Time) ([]Comment, error) {
	k := call{name: "notes", op: "loading the comments of issue " + ref.String(), method: http.MethodGet, path: issuePath(ref, "notes")}
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

// Activity is an entry of an issue's timeline.
type Activity struct {
	Kind  ActivityKind
	Actor int64 // the id of a user
	At    time.Time
}

// ActivityKind says what an Activity is.
type ActivityKind int

// The kinds of activities.
const (
	Commented ActivityKind = iota // a person, or the bot, wrote a comment
	Changed                       // GitLab noted a change of the issue
	Mention                       // GitLab noted that the issue was mentioned elsewhere
)

// Activities lists what happened on the issue at or after since and GitLab notes in its timeline, the newest first: not the changes of labels,
// weight, milestone and state, of which it keeps lists of their own.
func (c *Client) Activities(ctx context.Context, ref triage.Ref, since time.Time) ([]Activity, error) {
	k := call{name: "notes", op: "loading the timeline of issue " + ref.String(), method: http.MethodGet, path: issuePath(ref, "notes")}
	var all []Activity
	err := eachOf(ctx, c, k, page{Sort: "desc", OrderBy: "created_at"}, func(n wireNote) error {
		if n.CreatedAt.Before(since) {
			return errEnough
		}
		a := Activity{Actor: n.Author.person().ID, At: n.CreatedAt}
		switch {
		case n.System && strings.HasPrefix(n.Body, "mentioned in "):
			a.Kind = Mention
		case n.System:
			a.Kind = Changed
		}
		all = append(all, a)
		return nil
	})
	if err != nil && !errors.Is(err, errTooLong) {
		return nil, err
	}
	return all, nil
}

// wireMember is a member of a project. Older versions do not tell the state of a membership apart.
type wireMember struct {
	ID         int64  `json:"id"`
	Level      int    `json:"access_level"`
	State      string `json:"state"`
	Membership string `json:"membership_state"`
}

// Level is the access level that a user has in a project, directly or through a group: 30 for a Developer. It is 0 for who is no
// member, is blocked or was not let in yet.
func (c *Client) Level(ctx context.Context, project, user int64) (int, error) {
	id, member := strconv.FormatInt(project, 10), strconv.FormatInt(user, 10)
	k := call{
		name: "member", op: "loading the access level of user " + member + " in project " + id, method: http.MethodGet,
		path: "projects/" + id + "/members/all/" + member,
	}
	var w wireMember
	var a answer
	err := twice(func() (err error) {
		a, err = c.do(ctx, k, &w)
		return err
	})
	switch {
	case absent(err):
		return 0, nil
	case err != nil:
		return 0, err
	case w.ID != user:
		return 0, c.fail(k, a.status, Retry, errors.New("the answer is not that member"))
	case w.State != "active", w.Membership != "" && w.Membership != "active":
		return 0, nil
	}
	return w.Level, nil
}
