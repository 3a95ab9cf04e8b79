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

// listIssues lists the issues of a project. Where GitLab knows no keyset, it drops the wish and says nothing.
func listIssues(s *Server, c *apiCall) apiAnswer {
	found, show, err := s.findIssues(c, slices.Clone(c.project.issues))
	if err != nil {
		return errorAnswer(err)
	}
	order, _ := c.params.text("order_by")
	sorted, _ := c.params.text("sort")
	key := issueTimes[cmp.Or(order, "created_at")]
	if kind, _ := c.params.text("pagination"); kind == "keyset" && key != nil {
		return s.keysetPage(c, found, key, sorted == "asc", show)
	}
	return offsetPage(s, c, found, show)
}

// findIssues filters and sorts issues as the request asks, the newest first if it asks for nothing, and says how they are shown.
func (s *Server) findIssues(c *apiCall, all []*issue) (found []*issue, show func(*issue) object, err error) {
	filter, err := s.issueFilter(c)
	if err != nil {
		return nil, nil, err
	}
	order, err := c.params.oneOf("order_by", "created_at", "updated_at", "due_date", "title", "weight", "milestone_due")
	if err != nil {
		return nil, nil, err
	}
	sorted, err := c.params.oneOf("sort", "desc", "asc")
	if err != nil {
		return nil, nil, err
	}
	details, err := c.params.flag("with_labels_details")
	if err != nil {
		return nil, nil, err
	}
	found = slices.DeleteFunc(all, func(i *issue) bool { return !filter(i) })
	slices.SortFunc(found, issueOrder(order, sorted == "desc"))
	if details != nil && *details {
		return found, s.issueWithLabels, nil
	}
	return found, s.issueREST, nil
}

// issueTimes are the times by which lists are sorted.
var issueTimes = map[string]func(*issue) time.Time{
	"created_at": func(i *issue) time.Time { return i.created },
	"updated_at": func(i *issue) time.Time { return i.updated },
}

// issueOrder compares two issues as a list sorts them. What has no value comes last, whatever the direction.
func issueOrder(by string, descending bool) func(a, b *issue) int {
	compare := func(a, b *issue) (n int, missing bool) {
		switch by {
		case "title":
			return strings.Compare(a.title, b.title), false
		case "due_date":
			return lastIfEmpty(a.due, b.due)
		case "milestone_due":
			return lastIfEmpty(milestoneDue(a), milestoneDue(b))
		case "weight":
			switch {
			case a.weight == nil || b.weight == nil:
				return cmp.Compare(boolNumber(a.weight == nil), boolNumber(b.weight == nil)), true
			default:
				return cmp.Compare(*a.weight, *b.weight), false
			}
		default:
			at := issueTimes[by]
			return at(a).Compare(at(b)), false
		}
	}
	return func(a, b *issue) int {
		n, missing := compare(a, b)
		if missing && n != 0 {
			return n
		}
		if n = cmp.Or(n, cmp.Compare(a.id, b.id)); descending {
			n = -n
		}
		return n
	}
}

// lastIfEmpty compares two days; missing says that one is not there, which then comes last.
func lastIfEmpty(a, b string) (n int, missing bool) {
	if a == "" || b == "" {
		return cmp.Compare(boolNumber(a == ""), boolNumber(b == "")), true
	}
	return strings.Compare(a, b), false
}

func boolNumber(b bool) int {
	if b {
		return 1
	}
	return 0
}

func milestoneDue(i *issue) string {
	if i.milestone == nil {
		return ""
	}
	return i.milestone.due
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
