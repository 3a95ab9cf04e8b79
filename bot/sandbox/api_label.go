package sandbox

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var labelRoutes = []route{
	{"GET", "/projects/{project}/labels", "labels", listLabels},
	{"POST", "/projects/{project}/labels", "label", postLabel},
	{"GET", "/groups/{group}/labels", "group labels", listLabels},
	{"POST", "/groups/{group}/labels", "group label", postLabel},
}

func labelREST(l *label) object {
	return object{
		"id": l.id, "name": l.name, "color": l.color, "text_color": "#FFFFFF", "description": orNull(l.description),
		"description_html": "", "subscribed": false, "priority": nil, "is_project_label": l.groupID == 0, "archived": l.archived,
	}
}

// groupLabels are the labels of groups.
func groupLabels(groups []*group) []*label {
	var labels []*label
	for _, g := range groups {
		labels = append(labels, g.labels...)
	}
	return labels
}

// labelsOf is where the labels of the request's project or group are kept, and what those of groups above it are.
func (s *Server) labelsOf(c *apiCall) (own *[]*label, above []*label) {
	if c.project != nil {
		return &c.project.labels, groupLabels(c.project.groups)
	}
	return &c.group.labels, groupLabels(s.groupsAt(c.group.path)[1:])
}

// listLabels lists labels, with those of the groups above unless the request says otherwise, archived ones among them.
func listLabels(s *Server, c *apiCall) apiAnswer {
	search, err := c.params.text("search")
	if err != nil {
		return errorAnswer(err)
	}
	ancestors, err := c.params.flag("include_ancestor_groups")
	if err != nil {
		return errorAnswer(err)
	}
	archived, err := c.params.flag("archived")
	if err != nil {
		return errorAnswer(err)
	}
	own, above := s.labelsOf(c)
	found := slices.Clone(*own)
	if ancestors == nil || *ancestors {
		found = append(found, above...)
	}
	found = slices.DeleteFunc(found, func(l *label) bool {
		return !strings.Contains(strings.ToLower(l.name), strings.ToLower(search)) || archived != nil && *archived != l.archived
	})
	slices.SortStableFunc(found, func(a, b *label) int { return strings.Compare(a.name, b.name) })
	return offsetPage(s, c, found, labelREST)
}

// colorForm is "#rrggbb", "#rgb", or one of the names that CSS has.
var colorForm = regexp.MustCompile(`^(#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?|[a-z]{3,20})$`)

// postLabel creates a label. A name that the place or a group above it has is taken.
func postLabel(s *Server, c *apiCall) apiAnswer {
	name, err := c.params.text("name")
	if err != nil {
		return errorAnswer(err)
	}
	color, err := c.params.text("color")
	if err != nil {
		return errorAnswer(err)
	}
	description, err := c.params.text("description")
	if err != nil {
		return errorAnswer(err)
	}
	own, above := s.labelsOf(c)
	switch name = strings.TrimSpace(name); {
	case c.by.levelIn(c.place()) < Planner:
		return message(http.StatusForbidden, "403 Forbidden")
	case name == "":
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "name is missing"}}
	case !colorForm.MatchString(color):
		return errorAnswer(invalidError{"color", "must be a valid color code"})
	case strings.Contains(name, ","):
		return errorAnswer(invalidError{"title", "is invalid"})
	case slices.ContainsFunc(slices.Concat(*own, above), func(l *label) bool { return l.name == name }):
		return message(http.StatusConflict, "Label already exists")
	}
	l := &label{id: s.nextID(), name: name, color: color, description: description, created: s.now()}
	if c.project == nil {
		l.groupID = c.group.id
	}
	*own = append(*own, l)
	s.notify()
	return created(labelREST(l))
}
