package sandbox

import (
	"net/http"
	"path"
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
	{"GET", "/projects/{project}", "project", getProject},
	{"GET", "/projects/{project}/members/all/{user}", "member", getMember},
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
	return ok(object{"version": s.opt.Version, "revision": "5a9db0c", "enterprise": s.opt.Edition != CE})
}

func getToken(s *Server, c *apiCall) apiAnswer {
	scopes, limited := s.scopes[tokenOf(c.r)]
	if !limited {
		scopes = []string{"api"}
	}
	return ok(object{
		"id": c.by.id, "name": "sandbox", "revoked": false, "active": true, "scopes": scopes, "user_id": c.by.id,
		"expires_at": orNull(s.expiries[tokenOf(c.r)]),
	})
}

// getProject tells the user's roles besides, but for those through groups with which the project was shared.
func getProject(s *Server, c *apiCall) apiAnswer {
	o, access := s.projectREST(c.project, c.by.user), object{"project_access": nil, "group_access": nil}
	if level := c.by.levelIn(c.project.path); level > 0 {
		access["group_access"] = object{"access_level": level, "notification_level": 3}
	}
	o["permissions"] = access
	return ok(o)
}

// projectREST is a project as the user sees it: what it was forked from is told only if they may see that, too.
func (s *Server) projectREST(p *project, to *user) object {
	o := object{
		"id": p.id, "name": path.Base(p.path), "path": path.Base(p.path), "path_with_namespace": p.path, "web_url": s.url + "/" + p.path,
		"name_with_namespace": strings.ReplaceAll(p.path, "/", " / "), "default_branch": "main", "visibility": p.visibility,
		"archived": p.archived, "service_desk_enabled": p.desk, "issues_enabled": !p.noIssues, "issues_access_level": "enabled",
		"namespace": p.namespaceREST(), "autoclose_referenced_issues": !p.noAutoClose, "merge_requests_enabled": !p.noRequests, "merge_requests_access_level": "enabled",
	}
	if p.forkOf != nil && p.forkOf.visible(to) {
		o["forked_from_project"] = object{"id": p.forkOf.id, "path_with_namespace": p.forkOf.path}
	}
	if p.noIssues {
		o["issues_access_level"] = "disabled"
	}
	if p.noRequests {
		o["merge_requests_access_level"] = "disabled"
	}
	if s.opt.Edition == Premium { // keys that come with the licence, whatever their values
		o["approvals_before_merge"], o["issues_template"] = 0, nil
	}
	return o
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
	if u == nil || u.levelIn(c.place()) == 0 {
		return message(http.StatusNotFound, "404 Not found")
	}
	o := s.userREST(u)
	o["access_level"], o["expires_at"], o["membership_state"] = u.levelIn(c.place()), nil, "active"
	return ok(o)
}
