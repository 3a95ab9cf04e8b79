package sandbox

import (
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

var instanceRoutes = []route{
	{"GET", "/user", "user", func(s *Server, c *call) answer { return ok(s.userREST(c.by.user)) }},
	{"GET", "/users", "users", listUsers},
	{"GET", "/version", "version", getVersion},
	{"GET", "/metadata", "metadata", getVersion},
	{"GET", "/personal_access_tokens/self", "token", getToken},
}

var projectRoutes = []route{
	{"GET", "/projects/{project}", "project", func(s *Server, c *call) answer { return ok(s.projectREST(c.project)) }},
	{"GET", "/projects/{project}/members/all/{user}", "member", getMember},
	{"GET", "/projects/{project}/labels", "labels", listLabels},
	{"POST", "/projects/{project}/labels", "label", postLabel},
	{"GET", "/projects/{project}/milestones", "milestones", listMilestones},
	{"GET", "/projects/{project}/hooks", "hooks", listHooks},
	{"POST", "/projects/{project}/hooks", "hook", postHook},
	{"GET", "/projects/{project}/hooks/{hook}", "hook", getHook},
	{"PUT", "/projects/{project}/hooks/{hook}", "hook", putHook},
	{"DELETE", "/projects/{project}/hooks/{hook}", "hook", deleteHook},
}

func (s *Server) userREST(u *user) object {
	return object{
		"id": u.id, "username": u.username, "name": u.name, "state": "active", "locked": false, "bot": u.bot,
		"avatar_url": s.userHook(u)["avatar_url"], "web_url": s.url + "/" + u.username,
	}
}

// orUser is the user, or null.
func (s *Server) orUser(u *user) any {
	if u == nil {
		return nil
	}
	return s.userREST(u)
}

func listUsers(s *Server, c *call) answer {
	name, err := c.params.text("username")
	if err != nil {
		return refuse(err)
	}
	found := slices.DeleteFunc(slices.Clone(s.users), func(u *user) bool { return name != "" && !strings.EqualFold(u.username, name) })
	return paged(s, c, found, s.userREST)
}

func getVersion(s *Server, _ *call) answer {
	return ok(object{"version": Version, "revision": "5a9db0c", "enterprise": s.opt.Edition != CE})
}

func getToken(_ *Server, c *call) answer {
	return ok(object{
		"id": c.by.id, "name": "sandbox", "revoked": false, "active": true, "scopes": []string{"api"}, "user_id": c.by.id,
		"expires_at": nil,
	})
}

func (s *Server) projectREST(p *project) object {
	return object{
		"id": p.id, "name": path.Base(p.path), "path": path.Base(p.path), "path_with_namespace": p.path, "web_url": s.url + "/" + p.path,
		"name_with_namespace": strings.ReplaceAll(p.path, "/", " / "), "default_branch": "main", "visibility": "internal",
		"archived": false, "issues_enabled": true, "issues_access_level": "enabled",
		"namespace": object{"id": 1, "name": path.Dir(p.path), "path": path.Dir(p.path), "full_path": path.Dir(p.path), "kind": "group"},
	}
}

func getMember(s *Server, c *call) answer {
	u := s.userID(number(c.r.PathValue("user")))
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
		"description_html": "", "subscribed": false, "priority": nil, "is_project_label": true, "archived": false,
	}
}

func listLabels(s *Server, c *call) answer {
	search, err := c.params.text("search")
	if err != nil {
		return refuse(err)
	}
	found := slices.DeleteFunc(slices.Clone(c.project.labels), func(l *label) bool {
		return !strings.Contains(strings.ToLower(l.name), strings.ToLower(search))
	})
	slices.SortFunc(found, func(a, b *label) int { return strings.Compare(a.name, b.name) })
	return paged(s, c, found, labelREST)
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?$`)

func postLabel(s *Server, c *call) answer {
	name, err := c.params.text("name")
	if err != nil {
		return refuse(err)
	}
	color, err := c.params.text("color")
	if err != nil {
		return refuse(err)
	}
	switch {
	case !c.by.plans():
		return message(http.StatusForbidden, "403 Forbidden")
	case strings.TrimSpace(name) == "":
		return answer{status: http.StatusBadRequest, body: object{"error": "name is missing"}}
	case !colorForm.MatchString(color):
		return refuse(invalid{"color", "must be a valid color code"})
	case c.project.label(name) != nil:
		return message(http.StatusConflict, "Label already exists")
	}
	description, err := c.params.text("description")
	if err != nil {
		return refuse(err)
	}
	l := &label{id: s.nextID(), name: name, color: color, description: description, created: s.now()}
	c.project.addLabel(l)
	return created(labelREST(l))
}

func listMilestones(s *Server, c *call) answer {
	title, err := c.params.text("title")
	if err != nil {
		return refuse(err)
	}
	found := slices.DeleteFunc(slices.Clone(c.project.milestones), func(m *milestone) bool { return title != "" && m.title != title })
	return paged(s, c, found, func(m *milestone) object { return milestoneREST(c.project, m) })
}

func milestoneREST(p *project, m *milestone) object {
	return object{
		"id": m.id, "iid": m.iid, "project_id": p.id, "title": m.title, "description": "", "state": "active", "due_date": nil,
		"start_date": nil, "expired": false, "created_at": preciseTime(m.created), "updated_at": preciseTime(m.created),
	}
}

func (s *Server) hookREST(p *project, h *hook) object {
	o := object{
		"id": h.ID, "url": h.URL, "name": nil, "description": nil, "project_id": p.id, "created_at": preciseTime(h.created),
		"enable_ssl_verification": true, "push_events": false, "alert_status": "executable", "disabled_until": nil,
		"token_present": h.Token != "", "signing_token_present": len(h.key) > 0, "custom_headers": []any{}, "url_variables": []any{},
	}
	for _, e := range HookEvents() {
		o[e+"_events"] = slices.Contains(h.Events, e)
	}
	return o
}

func listHooks(s *Server, c *call) answer {
	if c.by.level < Maintainer {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	return paged(s, c, c.project.hooks, func(h *hook) object { return s.hookREST(c.project, h) })
}

// hookOf finds the hook of the path for somebody who may see it.
func hookOf(c *call) (*hook, *answer) {
	if c.by.level < Maintainer {
		a := message(http.StatusForbidden, "403 Forbidden")
		return nil, &a
	}
	id := number(c.r.PathValue("hook"))
	at := slices.IndexFunc(c.project.hooks, func(h *hook) bool { return h.ID == id })
	if at < 0 {
		a := message(http.StatusNotFound, "404 Not found")
		return nil, &a
	}
	return c.project.hooks[at], nil
}

func getHook(s *Server, c *call) answer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	return ok(s.hookREST(c.project, h))
}

func postHook(s *Server, c *call) answer {
	if c.by.level < Maintainer {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	if !c.params.has("url") {
		return answer{status: http.StatusBadRequest, body: object{"error": "url is missing"}}
	}
	h, err := hookFrom(c, Hook{})
	if err != nil {
		return refuse(err)
	}
	h.ID, h.created = s.nextID(), s.now()
	c.project.hooks = append(c.project.hooks, h)
	return created(s.hookREST(c.project, h))
}

func putHook(s *Server, c *call) answer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	changed, err := hookFrom(c, h.Hook)
	if err != nil {
		return refuse(err)
	}
	h.Hook, h.key = changed.Hook, changed.key
	return ok(s.hookREST(c.project, h))
}

func deleteHook(_ *Server, c *call) answer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	c.project.hooks = slices.DeleteFunc(c.project.hooks, func(o *hook) bool { return o == h })
	return answer{status: http.StatusNoContent}
}

// hookFrom changes a hook's settings as the parameters say.
func hookFrom(c *call, h Hook) (*hook, error) {
	for name, into := range map[string]*string{"url": &h.URL, "token": &h.Token, "signing_token": &h.SigningToken} {
		v, err := c.params.optional(name)
		if err != nil {
			return nil, err
		}
		if v != nil {
			*into = *v
		}
	}
	events := slices.Clone(h.Events)
	for _, e := range HookEvents() {
		on, err := c.params.flag(e + "_events")
		if err != nil {
			return nil, err
		}
		if on == nil {
			continue
		}
		events = slices.DeleteFunc(events, func(o string) bool { return o == e })
		if *on {
			events = append(events, e)
		}
	}
	h.Events = events
	made, err := newHook(h)
	if err != nil {
		return nil, invalid{"url", "or signing token is invalid"}
	}
	made.Hook.Events = events // none stays none: only in AddHook it means all
	return made, nil
}
