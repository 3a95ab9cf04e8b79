package sandbox

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listIssues filters, sorts and cuts the issues of a project.
func listIssues(s *Server, c *apiCall) apiAnswer {
	filter, err := s.issueFilter(c)
	if err != nil {
		return errorAnswer(err)
	}
	found := slices.DeleteFunc(slices.Clone(c.project.issues), func(i *issue) bool { return !filter(i) })
	order, _ := c.params.text("order_by")
	sorted, _ := c.params.text("sort")
	key := func(i *issue) time.Time { return i.created }
	switch order {
	case "", "created_at":
	case "updated_at":
		key = func(i *issue) time.Time { return i.updated }
	default:
		return errorAnswer(badParam{"order_by"})
	}
	slices.SortFunc(found, func(a, b *issue) int {
		n := cmp.Or(key(a).Compare(key(b)), cmp.Compare(a.id, b.id))
		if sorted != "asc" {
			n = -n
		}
		return n
	})
	details, err := c.params.flag("with_labels_details")
	if err != nil {
		return errorAnswer(err)
	}
	show := s.issueREST
	if details != nil && *details {
		show = s.issueWithLabels
	}
	if kind, _ := c.params.text("pagination"); kind == "keyset" {
		return s.keysetPage(c, found, key, sorted == "asc", show)
	}
	return offsetPage(s, c, found, show)
}

func (s *Server) issueWithLabels(i *issue) object {
	o := s.issueREST(i)
	labels := slices.Clone(i.labels)
	slices.SortFunc(labels, func(a, b *label) int { return strings.Compare(a.name, b.name) })
	o["labels"] = showAll(labels, labelREST)
	return o
}

// keysetPage gives the rows behind the cursor. The place is a time and an id, so that rows that move do not shift the pages.
func (s *Server) keysetPage(c *apiCall, list []*issue, key func(*issue) time.Time, ascending bool, show func(*issue) object) apiAnswer {
	size, _, err := s.pageOf(c)
	if err != nil {
		return errorAnswer(err)
	}
	if cursor, _ := c.params.text("cursor"); cursor != "" {
		at, id, ok := readCursor(cursor)
		if !ok {
			return errorAnswer(badParam{"cursor"})
		}
		list = slices.DeleteFunc(list, func(i *issue) bool {
			n := cmp.Or(key(i).Compare(at), cmp.Compare(i.id, id))
			return n == 0 || ascending != (n > 0)
		})
	}
	h := http.Header{}
	if len(list) > size {
		list = list[:size]
		last := list[size-1]
		h.Set("Link", s.linkTo(c, map[string]string{"cursor": writeCursor(key(last), last.id)}, "next"))
	}
	return apiAnswer{status: http.StatusOK, header: h, body: showAll(list, show)}
}

func writeCursor(at time.Time, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", at.UnixMilli(), id))
}

func readCursor(cursor string) (time.Time, int64, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, found := strings.Cut(string(text), " ")
	at, bad := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(at).UTC(), parseID(id), err == nil && bad == nil && found
}

// issueFilter reads the conditions of a list.
func (s *Server) issueFilter(c *apiCall) (func(*issue) bool, error) {
	p := c.params
	state, err := p.text("state")
	if err != nil {
		return nil, err
	}
	if state != "" && state != "all" && state != "opened" && state != "closed" {
		return nil, badParam{"state"}
	}
	after, err := p.time("updated_after")
	if err != nil {
		return nil, err
	}
	before, err := p.time("updated_before")
	if err != nil {
		return nil, err
	}
	labels, err := p.list("labels")
	if err != nil {
		return nil, err
	}
	iids, err := p.list("iids")
	if err != nil {
		return nil, err
	}
	opened, err := openedFilter(c)
	if err != nil {
		return nil, err
	}
	return func(i *issue) bool {
		return i.visible(c.by.user) && opened(i) &&
			(state == "" || state == "all" || i.state() == state) &&
			(after.IsZero() || !i.updated.Before(after)) && (before.IsZero() || !i.updated.After(before)) &&
			(len(iids) == 0 || slices.Contains(iids, strconv.FormatInt(i.iid, 10))) &&
			hasAllLabels(i, labels)
	}, nil
}

// openedFilter reads the conditions on who opened an issue and when.
func openedFilter(c *apiCall) (func(*issue) bool, error) {
	scope, err := c.params.text("scope")
	if err != nil {
		return nil, err
	}
	if scope != "" && scope != "all" && scope != "created_by_me" && scope != "assigned_to_me" {
		return nil, badParam{"scope"}
	}
	author, err := c.params.number("author_id")
	if err != nil {
		return nil, err
	}
	after, err := c.params.time("created_after")
	if err != nil {
		return nil, err
	}
	before, err := c.params.time("created_before")
	if err != nil {
		return nil, err
	}
	return func(i *issue) bool {
		return (author == nil || i.author.id == *author) &&
			(scope != "created_by_me" || i.author == c.by.user) &&
			(scope != "assigned_to_me" || slices.Contains(i.assignees, c.by.user)) &&
			(after.IsZero() || !i.created.Before(after)) && (before.IsZero() || !i.created.After(before))
	}, nil
}

// hasAllLabels reports whether the issue has all the labels; None and Any are GitLab's words for no label and some label.
func hasAllLabels(i *issue, names []string) bool {
	titles := labelTitles(i.labels)
	for _, name := range names {
		switch strings.ToLower(name) {
		case "none":
			if len(titles) > 0 {
				return false
			}
		case "any":
			if len(titles) == 0 {
				return false
			}
		default:
			if !slices.Contains(titles, name) {
				return false
			}
		}
	}
	return true
}
