package sandbox

import (
	"cmp"
	"net/http"
	"path"
	"slices"
	"strings"
)

var groupRoutes = []route{
	{"GET", "/groups/{group}", "group", func(s *Server, c *apiCall) apiAnswer { return ok(s.groupREST(c.group)) }},
	{"GET", "/groups/{group}/projects", "group projects", listGroupProjects},
	{"GET", "/groups/{group}/members/all/{user}", "group member", getMember},
	{"GET", "/groups/{group}/issues", "group issues", listGroupIssues},
	{"GET", "/groups/{group}/issues_statistics", "group statistics", countGroupIssues},
}

func (s *Server) groupREST(g *group) object {
	o := object{
		"id": g.id, "name": path.Base(g.path), "path": path.Base(g.path), "full_path": g.path, "full_name": strings.ReplaceAll(g.path, "/", " / "),
		"web_url": s.url + "/groups/" + g.path, "visibility": Public, "description": "", "parent_id": nil,
	}
	if above := s.groupNamed(path.Dir(g.path)); above != nil {
		o["parent_id"] = above.id
	}
	return o
}

// listGroupProjects lists the projects of a group, the newest first unless asked otherwise. Those of groups below it come only if they are
// asked for.
func listGroupProjects(s *Server, c *apiCall) apiAnswer {
	below, err := c.params.flag("include_subgroups")
	if err != nil {
		return errorAnswer(err)
	}
	visibility, err := c.params.text("visibility")
	if err != nil {
		return errorAnswer(err)
	}
	archived, err := c.params.flag("archived")
	if err != nil {
		return errorAnswer(err)
	}
	order, err := c.params.oneOf("order_by", "created_at", "id", "path", "name")
	if err != nil {
		return errorAnswer(err)
	}
	sorted, err := c.params.oneOf("sort", "desc", "asc")
	if err != nil {
		return errorAnswer(err)
	}
	found := slices.DeleteFunc(s.projectsOf(c.group, c.by.user), func(p *project) bool {
		return (below == nil || !*below) && p.groups[0] != c.group || visibility != "" && p.visibility != visibility ||
			archived != nil && *archived != p.archived
	})
	slices.SortFunc(found, func(a, b *project) int {
		n := cmp.Compare(a.id, b.id)
		if order == "path" || order == "name" {
			n = strings.Compare(path.Base(a.path), path.Base(b.path))
		}
		if sorted == "desc" {
			n = -n
		}
		return n
	})
	return offsetPage(s, c, found, func(p *project) object { return s.projectREST(p, c.by.user) })
}

// groupIssues are the issues of all projects of a group and of the groups below it.
func (s *Server) groupIssues(c *apiCall) []*issue {
	var all []*issue
	for _, p := range s.projectsOf(c.group, c.by.user) {
		all = append(all, p.issues...)
	}
	return all
}

// listGroupIssues lists the issues of a group. There is no keyset here: GitLab drops the wish and says nothing.
func listGroupIssues(s *Server, c *apiCall) apiAnswer {
	found, show, err := s.findIssues(c, s.groupIssues(c))
	if err != nil {
		return errorAnswer(err)
	}
	return offsetPage(s, c, found, show)
}

func countGroupIssues(s *Server, c *apiCall) apiAnswer { return s.countIssues(c, s.groupIssues(c)) }

func countProjectIssues(s *Server, c *apiCall) apiAnswer {
	return s.countIssues(c, slices.Clone(c.project.issues))
}

// countIssues is how many issues of a list are open and closed.
func (s *Server) countIssues(c *apiCall, all []*issue) apiAnswer {
	filter, err := s.issueFilter(c)
	if err != nil {
		return errorAnswer(err)
	}
	counts := map[string]int{}
	for _, i := range all {
		if filter(i) {
			counts["all"]++
			counts[i.state()]++
		}
	}
	return apiAnswer{status: http.StatusOK, body: object{"statistics": object{"counts": object{
		"all": counts["all"], "opened": counts["opened"], "closed": counts["closed"],
	}}}}
}
