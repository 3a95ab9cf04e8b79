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

var issueRoutes = []route{
	{"GET", "/projects/{project}/issues", "issues", listIssues},
	{"POST", "/projects/{project}/issues", "issue", postIssue},
	{"GET", "/projects/{project}/issues/{iid}", "issue", func(s *Server, c *call) answer { return ok(s.issueREST(c.issue)) }},
	{"PUT", "/projects/{project}/issues/{iid}", "issue", putIssue},
	{"GET", "/projects/{project}/issues/{iid}/resource_label_events", "label events", listLabelEvents},
	{"GET", "/projects/{project}/issues/{iid}/resource_weight_events", "weight events", listWeightEvents},
	{"GET", "/projects/{project}/issues/{iid}/resource_state_events", "state events", listStateEvents},
	{"GET", "/projects/{project}/issues/{iid}/links", "links", listLinks},
	{"POST", "/projects/{project}/issues/{iid}/links", "link", postLink},
}

func (s *Server) issueREST(i *issue) object {
	titles := labelTitles(i.labels)
	slices.Sort(titles)
	assignees := shown(i.assignees, s.userREST)
	up, down := 0, 0
	for _, a := range i.awards {
		switch a.name {
		case "thumbsup":
			up++
		case "thumbsdown":
			down++
		}
	}
	api := fmt.Sprintf("%s/api/v4/projects/%d", s.url, i.project.id)
	o := object{
		"id": i.id, "iid": i.iid, "project_id": i.project.id, "title": i.title, "description": i.description, "state": i.state(),
		"created_at": preciseTime(i.created), "updated_at": preciseTime(i.updated), "closed_at": preciseTime(i.closedAt),
		"closed_by": s.orUser(i.closedBy), "labels": titles, "milestone": nil, "assignees": assignees, "assignee": nil,
		"author": s.userREST(i.author), "type": strings.ToUpper(strings.ReplaceAll(i.kind, " ", "_")),
		"issue_type": strings.ToLower(strings.ReplaceAll(i.kind, " ", "_")), "confidential": i.confidential, "discussion_locked": nil,
		"user_notes_count": len(slices.DeleteFunc(slices.Clone(i.notes), func(n *note) bool { return n.system })),
		"upvotes":          up, "downvotes": down, "due_date": nil, "moved_to_id": nil, "web_url": s.issueURL(i), "severity": "UNKNOWN",
		"has_tasks": false, "task_status": "", "task_completion_status": object{"count": 0, "completed_count": 0},
		"time_stats":            object{"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil},
		"references":            object{"short": fmt.Sprintf("#%d", i.iid), "relative": fmt.Sprintf("#%d", i.iid), "full": fmt.Sprintf("%s#%d", i.project.path, i.iid)},
		"_links":                object{"self": fmt.Sprintf("%s/issues/%d", api, i.iid), "notes": fmt.Sprintf("%s/issues/%d/notes", api, i.iid), "project": api},
		"subscribed":            false,
		"imported":              false,
		"service_desk_reply_to": nil,
	}
	if len(assignees) > 0 {
		o["assignee"] = assignees[0]
	}
	if i.milestone != nil {
		o["milestone"] = milestoneREST(i.project, i.milestone)
	}
	if i.locked != nil {
		o["discussion_locked"] = *i.locked
	}
	if s.opt.Edition != CE {
		o["weight"], o["health_status"] = weightValue(i.weight), nil
	}
	return o
}

// issueParams are the parameters that PUT knows; without any of them there is nothing to do.
func (s *Server) issueParams() []string {
	known := []string{
		"title", "description", "labels", "add_labels", "remove_labels", "state_event", "assignee_ids", "assignee_id", "milestone_id",
		"confidential", "discussion_locked", "issue_type", "due_date",
	}
	if s.opt.Edition != CE {
		known = append(known, "weight")
	}
	return known
}

func postIssue(s *Server, c *call) answer {
	if !c.params.has("title") {
		return answer{status: http.StatusBadRequest, body: object{"error": "title is missing"}}
	}
	ch, err := s.changeFrom(c)
	if err != nil {
		return refuse(err)
	}
	ch.state = ""
	if ch.labels != nil { // there is nothing to replace yet
		ch.add, ch.labels = append(*ch.labels, ch.add...), nil
	}
	i, err := s.open(c.by, c.project, ch)
	if err != nil {
		return refuse(err)
	}
	return created(s.issueREST(i))
}

func putIssue(s *Server, c *call) answer {
	known := s.issueParams()
	if !slices.ContainsFunc(known, c.params.has) {
		return answer{status: http.StatusBadRequest, body: object{
			"error": strings.Join(known, ", ") + " are missing, at least one parameter must be provided",
		}}
	}
	ch, err := s.changeFrom(c)
	if err != nil {
		return refuse(err)
	}
	if err := s.update(c.by, c.issue, ch); err != nil {
		return refuse(err)
	}
	return ok(s.issueREST(c.issue))
}

// changeFrom reads the parameters of an issue.
func (s *Server) changeFrom(c *call) (ch change, err error) {
	p := c.params
	read := func(e error) {
		if err == nil {
			err = e
		}
	}
	var e error
	ch.title, e = p.optional("title")
	read(e)
	ch.description, e = p.optional("description")
	read(e)
	ch.confidential, e = p.flag("confidential")
	read(e)
	ch.locked, e = p.flag("discussion_locked")
	read(e)
	ch.add, e = p.list("add_labels")
	read(e)
	ch.remove, e = p.list("remove_labels")
	read(e)
	labels, e := p.list("labels")
	read(e)
	if labels != nil {
		ch.labels = &labels
	}
	ch.state, e = p.text("state_event")
	read(e)
	if ch.state != "" && ch.state != "close" && ch.state != "reopen" {
		read(badParam{"state_event"})
	}
	kind, e := p.text("issue_type")
	read(e)
	if kind != "" {
		name := strings.ToUpper(kind[:1]) + strings.ReplaceAll(kind[1:], "_", " ")
		ch.kind = &name
	}
	ch.weight, e = weightFrom(p)
	read(e)
	read(s.assigneesFrom(c, &ch))
	read(milestoneFrom(c, &ch))
	return ch, err
}

func weightFrom(p params) (*weightTo, error) {
	if !p.has("weight") {
		return nil, nil
	}
	n, err := p.number("weight")
	if err != nil || n == nil {
		return &weightTo{}, err
	}
	if *n > 1<<31-1 {
		return nil, badParam{"weight"}
	}
	weight := int(*n)
	return &weightTo{&weight}, nil
}

// assigneesFrom reads assignee_ids, or the old assignee_id. 0 and nothing unassign; unknown people are left out.
func (s *Server) assigneesFrom(c *call, ch *change) error {
	name := "assignee_ids"
	if !c.params.has(name) {
		name = "assignee_id"
	}
	if !c.params.has(name) {
		return nil
	}
	ids, err := c.params.list(name)
	if err != nil {
		return err
	}
	users := []*user{}
	for _, id := range ids {
		if u := s.userID(number(id)); u != nil && !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	ch.assignees = &users
	return nil
}

func milestoneFrom(c *call, ch *change) error {
	if !c.params.has("milestone_id") {
		return nil
	}
	id, err := c.params.number("milestone_id")
	if err != nil {
		return err
	}
	ch.milestone = &milestoneTo{}
	if id == nil || *id == 0 {
		return nil
	}
	m := c.project.milestone(*id)
	if m == nil { // GitLab ignores an id that is not of the project
		ch.milestone = nil
		return nil
	}
	ch.milestone.value = m
	return nil
}

// listIssues filters, sorts and cuts the issues of a project.
func listIssues(s *Server, c *call) answer {
	filter, err := s.issueFilter(c)
	if err != nil {
		return refuse(err)
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
		return refuse(badParam{"order_by"})
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
		return refuse(err)
	}
	show := s.issueREST
	if details != nil && *details {
		show = s.issueWithLabels
	}
	if kind, _ := c.params.text("pagination"); kind == "keyset" {
		return s.keyset(c, found, key, sorted == "asc", show)
	}
	return paged(s, c, found, show)
}

func (s *Server) issueWithLabels(i *issue) object {
	o := s.issueREST(i)
	labels := slices.Clone(i.labels)
	slices.SortFunc(labels, func(a, b *label) int { return strings.Compare(a.name, b.name) })
	o["labels"] = shown(labels, labelREST)
	return o
}

// keyset gives the rows behind the cursor. The place is a time and an id, so that rows that move do not shift the pages.
func (s *Server) keyset(c *call, list []*issue, key func(*issue) time.Time, ascending bool, show func(*issue) object) answer {
	size, _, err := s.pageOf(c)
	if err != nil {
		return refuse(err)
	}
	if cursor, _ := c.params.text("cursor"); cursor != "" {
		at, id, ok := readCursor(cursor)
		if !ok {
			return refuse(badParam{"cursor"})
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
	return answer{status: http.StatusOK, header: h, body: shown(list, show)}
}

func writeCursor(at time.Time, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", at.UnixMilli(), id))
}

func readCursor(cursor string) (time.Time, int64, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, found := strings.Cut(string(text), " ")
	at, bad := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(at).UTC(), number(id), err == nil && bad == nil && found
}

// issueFilter reads the conditions of a list.
func (s *Server) issueFilter(c *call) (func(*issue) bool, error) {
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
	return func(i *issue) bool {
		return i.visible(c.by.user) &&
			(state == "" || state == "all" || i.state() == state) &&
			(after.IsZero() || !i.updated.Before(after)) && (before.IsZero() || !i.updated.After(before)) &&
			(len(iids) == 0 || slices.Contains(iids, strconv.FormatInt(i.iid, 10))) &&
			carries(i, labels)
	}, nil
}

// carries reports whether the issue has all the labels; None and Any are GitLab's words for no label and some label.
func carries(i *issue, names []string) bool {
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
