package sandbox

import (
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

var instanceRoutes = []route{
	{"GET", "/user", "user", func(s *Server, c *apiCall) apiAnswer { return ok(s.userREST(c.by.user)) }},
	{"GET", "/users", "users", listUsers},
	{"GET", "/users/{user}", "user", getUser},
	{"GET", "/version", "version", getVersion},
	{"GET", "/metadata", "metadata", getVersion},
	{"GET", "/personal_access_tokens/self", "token", getToken},
}

var projectRoutes = []route{
	{"GET", "/projects/{project}", "project", func(s *Server, c *apiCall) apiAnswer { return ok(s.projectREST(c.project)) }},
	{"GET", "/projects/{project}/members/all/{user}", "member", getMember},
	{"GET", "/projects/{project}/labels", "labels", listLabels},
	{"POST", "/projects/{project}/labels", "label", postLabel},
}

func (s *Server) userREST(u *user) object {
	return object{
		"id": u.id, "username": u.username, "name": u.name, "state": "active", "locked": false,
		"avatar_url": s.userHook(u)["avatar_url"], "web_url": s.url + "/" + u.username,
	}
}

func getUser(s *Server, c *apiCall) apiAnswer {
	u := s.userID(parseID(c.r.PathValue("user")))
	if u == nil {
		return notFound("User ")
	}
	o := s.userREST(u)
	o["bot"] = u.bot
	return ok(o)
}

// orUser is the user, or null.
func (s *Server) orUser(u *user) any {
	if u == nil {
		return nil
	}
	return s.userREST(u)
}

func listUsers(s *Server, c *apiCall) apiAnswer {
	name, err := c.params.text("username")
	if err != nil {
		return errorAnswer(err)
	}
	found := slices.DeleteFunc(slices.Clone(s.users), func(u *user) bool { return name != "" && !strings.EqualFold(u.username, name) })
	return offsetPage(s, c, found, s.userREST)
}

func getVersion(s *Server, _ *apiCall) apiAnswer {
	return ok(object{"version": Version, "revision": "5a9db0c", "enterprise": s.opt.Edition != CE})
}

func getToken(s *Server, c *apiCall) apiAnswer {
	scopes, limited := s.scopes[tokenOf(c.r)]
	if !limited {
		scopes = []string{"api"}
	}
	return ok(object{
		"id": c.by.id, "name": "sandbox", "revoked": false, "active": true, "scopes": scopes, "user_id": c.by.id,
		"expires_at": nil,
	})
}

func (s *Server) projectREST(p *project) object {
	return object{
		"id": p.id, "name": path.Base(p.path), "path": path.Base(p.path), "path_with_namespace": p.path, "web_url": s.url + "/" + p.path,
		"name_with_namespace": strings.ReplaceAll(p.path, "/", " / "), "default_branch": "main", "visibility": p.visibility,
		"archived": false, "service_desk_enabled": p.desk, "issues_enabled": true, "issues_access_level": "enabled",
		"namespace": p.namespaceREST(),
	}
}

func (p *project) namespaceREST() object {
	full := path.Dir(p.path)
	o := object{"id": nil, "name": path.Base(full), "path": path.Base(full), "full_path": full, "kind": "group"}
	if len(p.groups) > 0 {
		o["id"] = p.groups[0].id
	}
	return o
}

func getMember(s *Server, c *apiCall) apiAnswer {
	u := s.userID(parseID(c.r.PathValue("user")))
	if u == nil || u.level == 0 {
		return message(http.StatusNotFound, "404 Not found")
	}
	o := s.userREST(u)
	o["access_level"], o["expires_at"], o["membership_state"] = u.level, nil, "active"
	return ok(o)
}

func labelREST(l *label) object {
	return object{
		"id": l.id, "name": l.name, "color": l.color, "text_color": "#FFFFFF", "description": orNull(l.description),
		"description_html": "", "subscribed": false, "priority": nil, "is_project_label": true, "archived": l.archived,
	}
}

func listLabels(s *Server, c *apiCall) apiAnswer {
	search, err := c.params.text("search")
	if err != nil {
		return errorAnswer(err)
	}
	found := slices.DeleteFunc(slices.Clone(c.project.labels), func(l *label) bool {
		return !strings.Contains(strings.ToLower(l.name), strings.ToLower(search))
	})
	slices.SortFunc(found, func(a, b *label) int { return strings.Compare(a.name, b.name) })
	return offsetPage(s, c, found, labelREST)
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?$`)

func postLabel(s *Server, c *apiCall) apiAnswer {
	name, err := c.params.text("name")
	if err != nil {
		return errorAnswer(err)
	}
	color, err := c.params.text("color")
	if err != nil {
		return errorAnswer(err)
	}
	switch {
	case !c.by.canPlan():
		return message(http.StatusForbidden, "403 Forbidden")
	case strings.TrimSpace(name) == "":
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "name is missing"}}
	case !colorForm.MatchString(color):
		return errorAnswer(invalidError{"color", "must be a valid color code"})
	case c.project.label(name) != nil:
		return message(http.StatusConflict, "Label already exists")
	}
	description, err := c.params.text("description")
	if err != nil {
		return errorAnswer(err)
	}
	l := &label{id: s.nextID(), name: name, color: color, description: description, created: s.now()}
	c.project.labels = append(c.project.labels, l)
	return created(labelREST(l))
}
