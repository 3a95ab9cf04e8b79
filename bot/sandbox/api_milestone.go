package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var milestoneRoutes = []route{
	{"GET", "/projects/{project}/milestones", "milestones", listMilestones},
	{"POST", "/projects/{project}/milestones", "milestone", postMilestone},
	{"GET", "/projects/{project}/milestones/{milestone}", "milestone", getMilestone},
	{"PUT", "/projects/{project}/milestones/{milestone}", "milestone", putMilestone},
	{"GET", "/groups/{group}/milestones", "group milestones", listMilestones},
	{"POST", "/groups/{group}/milestones", "group milestone", postMilestone},
	{"GET", "/groups/{group}/milestones/{milestone}", "group milestone", getMilestone},
	{"PUT", "/groups/{group}/milestones/{milestone}", "group milestone", putMilestone},
}

func (s *Server) milestoneREST(m *milestone) object {
	o := object{
		"id": m.id, "iid": m.iid, "title": m.title, "description": m.description, "state": "active", "due_date": orNull(m.due),
		"start_date": orNull(m.start), "expired": m.due != "" && m.due < s.today(), "created_at": preciseTime(m.created), "updated_at": preciseTime(m.updated),
		"web_url": fmt.Sprintf("%s/%s/-/milestones/%d", s.url, m.path, m.iid),
	}
	if m.closed {
		o["state"] = "closed"
	}
	if m.groupID != 0 {
		o["group_id"] = m.groupID
	} else {
		o["project_id"] = m.projectID
	}
	return o
}

// today is the day of the server's clock.
func (s *Server) today() string { return s.now().Format("2006-01-02") }

// milestonesOf is where the milestones of the request's project or group are kept, and what those of groups above it are.
func (s *Server) milestonesOf(c *apiCall) (own *[]*milestone, above []*milestone) {
	var groups []*group
	if c.project != nil {
		own, groups = &c.project.milestones, c.project.groups
	} else {
		own, groups = &c.group.milestones, s.groupsAt(c.group.path)[1:]
	}
	for _, g := range groups {
		above = append(above, g.milestones...)
	}
	return own, above
}

// listMilestones lists milestones of a project or a group. iids is ignored where those of the groups above are wanted, too.
func listMilestones(s *Server, c *apiCall) apiAnswer {
	p := c.params
	title, err := p.text("title")
	if err != nil {
		return errorAnswer(err)
	}
	search, err := p.text("search")
	if err != nil {
		return errorAnswer(err)
	}
	state, err := p.oneOf("state", "all", "active", "closed")
	if err != nil {
		return errorAnswer(err)
	}
	after, err := p.time("updated_after")
	if err != nil {
		return errorAnswer(err)
	}
	before, err := p.time("updated_before")
	if err != nil {
		return errorAnswer(err)
	}
	iids, err := p.list("iids")
	if err != nil {
		return errorAnswer(err)
	}
	ancestors, err := p.flag("include_ancestors")
	if old, bad := p.flag("include_parent_milestones"); ancestors == nil && bad == nil {
		ancestors = old
	}
	if err != nil {
		return errorAnswer(err)
	}
	own, above := s.milestonesOf(c)
	found := slices.Clone(*own)
	if ancestors != nil && *ancestors {
		found, iids = append(found, above...), nil
	}
	found = slices.DeleteFunc(found, func(m *milestone) bool {
		return title != "" && m.title != title ||
			!strings.Contains(strings.ToLower(m.title+" "+m.description), strings.ToLower(search)) ||
			state != "all" && (state == "closed") != m.closed ||
			!after.IsZero() && m.updated.Before(after) || !before.IsZero() && m.updated.After(before) ||
			len(iids) > 0 && !slices.Contains(iids, strconv.FormatInt(m.iid, 10))
	})
	return offsetPage(s, c, found, s.milestoneREST)
}

// findMilestone finds the milestone of the path among those of the project or the group itself.
func (s *Server) findMilestone(c *apiCall) *milestone {
	own, _ := s.milestonesOf(c)
	id := parseID(c.r.PathValue("milestone"))
	n := slices.IndexFunc(*own, func(m *milestone) bool { return m.id == id })
	if n < 0 {
		return nil
	}
	return (*own)[n]
}

func getMilestone(s *Server, c *apiCall) apiAnswer {
	m := s.findMilestone(c)
	if m == nil {
		return notFound("Milestone ")
	}
	return ok(s.milestoneREST(m))
}

// milestoneFromParams changes the options by what the request says.
func milestoneFromParams(p params, o *MilestoneOptions, description *string) error {
	for name, to := range map[string]*string{"title": &o.Title, "start_date": &o.Start, "due_date": &o.Due, "description": description} {
		v, err := p.optional(name)
		if err != nil {
			return err
		}
		if v != nil {
			*to = *v
		}
	}
	event, err := p.oneOf("state_event", "", "close", "activate")
	if err != nil {
		return err
	}
	if event != "" {
		o.Closed = event == "close"
	}
	return o.check()
}

func postMilestone(s *Server, c *apiCall) apiAnswer {
	if c.by.levelIn(c.place()) < Planner {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	if !c.params.has("title") {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "title is missing"}}
	}
	m := milestone{}
	if c.project != nil {
		m.projectID, m.path = c.project.id, c.project.path
	} else {
		m.groupID, m.path = c.group.id, "groups/"+c.group.path
	}
	var o MilestoneOptions
	if err := milestoneFromParams(c.params, &o, &m.description); err != nil {
		return errorAnswer(err)
	}
	own, _ := s.milestonesOf(c)
	made, err := s.addMilestone(own, m, o)
	if err != nil {
		return errorAnswer(err)
	}
	return created(s.milestoneREST(made))
}

// putMilestone changes a milestone. Nothing tells of it: no hook, no note on an issue.
func putMilestone(s *Server, c *apiCall) apiAnswer {
	m := s.findMilestone(c)
	switch {
	case m == nil:
		return notFound("Milestone ")
	case c.by.levelIn(c.place()) < Planner:
		return message(http.StatusForbidden, "403 Forbidden")
	}
	o := MilestoneOptions{Title: m.title, Start: m.start, Due: m.due, Closed: m.closed}
	if err := milestoneFromParams(c.params, &o, &m.description); err != nil {
		return errorAnswer(err)
	}
	m.title, m.start, m.due, m.closed, m.updated = o.Title, o.Start, o.Due, o.Closed, s.now()
	s.notify()
	return ok(s.milestoneREST(m))
}
