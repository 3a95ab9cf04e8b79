package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

var issueRoutes = []route{
	{"GET", "/projects/{project}/issues", "issues", listIssues},
	{"GET", "/projects/{project}/issues_statistics", "statistics", countProjectIssues},
	{"POST", "/projects/{project}/issues", "issue", postIssue},
	{"GET", "/projects/{project}/issues/{iid}", "issue", func(s *Server, c *apiCall) apiAnswer { return ok(s.issueREST(c.issue)) }},
	{"PUT", "/projects/{project}/issues/{iid}", "issue", putIssue},
	{"POST", "/projects/{project}/issues/{iid}/move", "move", postMove},
	{"POST", "/projects/{project}/issues/{iid}/clone", "clone", postClone},
	{"GET", "/projects/{project}/issues/{iid}/resource_label_events", "label events", listLabelEvents},
	{"GET", "/projects/{project}/issues/{iid}/resource_weight_events", "weight events", listWeightEvents},
	{"GET", "/projects/{project}/issues/{iid}/resource_state_events", "state events", listStateEvents},
	{"GET", "/projects/{project}/issues/{iid}/resource_milestone_events", "milestone events", listMilestoneEvents},
	{"GET", "/projects/{project}/issues/{iid}/links", "links", listLinks},
	{"POST", "/projects/{project}/issues/{iid}/links", "link", postLink},
}

func (s *Server) issueREST(i *issue) object {
	titles := labelTitles(i.labels)
	slices.Sort(titles)
	assignees := showAll(i.assignees, s.userREST)
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
		"upvotes":          up, "downvotes": down, "due_date": orNull(i.due), "moved_to_id": movedTo(i), "web_url": s.issueURL(i), "severity": "UNKNOWN",
		"time_stats":            object{"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil},
		"references":            object{"short": fmt.Sprintf("#%d", i.iid), "relative": fmt.Sprintf("#%d", i.iid), "full": fmt.Sprintf("%s#%d", i.project.path, i.iid)},
		"_links":                object{"self": fmt.Sprintf("%s/issues/%d", api, i.iid), "notes": fmt.Sprintf("%s/issues/%d/notes", api, i.iid), "project": api},
		"subscribed":            false,
		"imported":              false,
		"service_desk_reply_to": orNull(i.replyTo),
	}
	if len(assignees) > 0 {
		o["assignee"] = assignees[0]
	}
	if i.milestone != nil {
		o["milestone"] = s.milestoneREST(i.milestone)
	}
	addTasks(o, i.description)
	if i.locked != nil {
		o["discussion_locked"] = *i.locked
	}
	if of := i.duplicateOf; of != nil {
		o["_links"].(object)["closed_as_duplicate_of"] = fmt.Sprintf("%s/api/v4/projects/%d/issues/%d", s.url, of.project.id, of.iid)
	}
	if s.opt.Edition != CE {
		o["weight"], o["health_status"], o["iteration"] = weightValue(i.weight), orNull(i.health), i.iteration.rest()
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

func postIssue(s *Server, c *apiCall) apiAnswer {
	if !c.params.has("title") {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "title is missing"}}
	}
	ch, err := s.changeFrom(c)
	if err != nil {
		return errorAnswer(err)
	}
	ch.state = ""
	if ch.labels != nil { // there is nothing to replace yet
		ch.add, ch.labels = append(*ch.labels, ch.add...), nil
	}
	i, err := s.open(c.by, c.project, ch)
	if err != nil {
		return errorAnswer(err)
	}
	return created(s.issueREST(i))
}

func putIssue(s *Server, c *apiCall) apiAnswer {
	known := s.issueParams()
	if !slices.ContainsFunc(known, c.params.has) {
		return apiAnswer{status: http.StatusBadRequest, body: object{
			"error": strings.Join(known, ", ") + " are missing, at least one parameter must be provided",
		}}
	}
	ch, err := s.changeFrom(c)
	if err != nil {
		return errorAnswer(err)
	}
	if err := s.update(c.by, c.issue, ch); err != nil {
		return errorAnswer(err)
	}
	return ok(s.issueREST(c.issue))
}

// changeFrom reads the parameters of an issue.
func (s *Server) changeFrom(c *apiCall) (ch change, err error) {
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
	ch.due, e = p.optional("due_date")
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
func (s *Server) assigneesFrom(c *apiCall, ch *change) error {
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
	users := s.usersByID(ids)
	ch.assignees = &users
	return nil
}

// usersByID finds people, and leaves unknown ones out.
func (s *Server) usersByID(ids []string) []*user {
	users := []*user{}
	for _, id := range ids {
		if u := s.userID(parseID(id)); u != nil && !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	return users
}

func milestoneFrom(c *apiCall, ch *change) error {
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
