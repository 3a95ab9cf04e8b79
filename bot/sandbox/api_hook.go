package sandbox

import (
	"net/http"
	"slices"
)

// groupHookRoutes need a licence and an Owner.
var groupHookRoutes = []route{
	{"GET", "/groups/{group}/hooks", "group hooks", listHooks},
	{"POST", "/groups/{group}/hooks", "group hook", postHook},
	{"GET", "/groups/{group}/hooks/{hook}", "group hook", getHook},
	{"PUT", "/groups/{group}/hooks/{hook}", "group hook", putHook},
	{"DELETE", "/groups/{group}/hooks/{hook}", "group hook", deleteHook},
	{"GET", "/groups/{group}/hooks/{hook}/events", "group hook events", listHookEvents},
}

var hookRoutes = []route{
	{"GET", "/projects/{project}/hooks", "hooks", listHooks},
	{"POST", "/projects/{project}/hooks", "hook", postHook},
	{"GET", "/projects/{project}/hooks/{hook}", "hook", getHook},
	{"PUT", "/projects/{project}/hooks/{hook}", "hook", putHook},
	{"DELETE", "/projects/{project}/hooks/{hook}", "hook", deleteHook},
	{"POST", "/projects/{project}/hooks/{hook}/test/{trigger}", "hook test", testHook},
	{"GET", "/projects/{project}/hooks/{hook}/events", "hook events", listHookEvents},
	{"POST", "/projects/{project}/hooks/{hook}/events/{event}/resend", "resend", resendEvent},
}

// hookREST is a hook without its secrets. That there are any is told from GitLab 19 on.
func (s *Server) hookREST(c *apiCall, h *hook) object {
	o := object{
		"id": h.ID, "url": h.URL, "name": nil, "description": nil, "created_at": preciseTime(h.created),
		"enable_ssl_verification": true, "alert_status": s.alertStatus(h), "disabled_until": preciseTime(h.DisabledUntil),
		"custom_headers": []any{}, "url_variables": []any{},
	}
	if c.project != nil {
		o["project_id"] = c.project.id
	} else {
		o["group_id"] = c.group.id
	}
	for _, e := range slices.Concat(HookEvents(), otherHookEvents()) {
		o[e+"_events"] = slices.Contains(h.Events, e)
	}
	if s.atLeast(19, 0) {
		o["token_present"], o["signing_token_present"] = h.Token != "", len(h.key) > 0
	}
	return o
}

// hooksOf is where the hooks of the request's project or group are kept, for somebody who may manage them.
func (s *Server) hooksOf(c *apiCall) (*[]*hook, *apiAnswer) {
	var no apiAnswer
	switch level := c.by.levelIn(c.place()); {
	case c.project != nil && level < Maintainer, c.group != nil && level < Owner:
		no = message(http.StatusForbidden, "403 Forbidden")
	case c.project != nil:
		return &c.project.hooks, nil
	case s.opt.Edition != Premium:
		no = message(http.StatusNotFound, "404 Not found")
	default:
		return &c.group.hooks, nil
	}
	return nil, &no
}

// allHooks are the hooks of a project and of the groups above it.
func (p *project) allHooks() []*hook {
	all := slices.Clone(p.hooks)
	for _, g := range p.groups {
		all = append(all, g.hooks...)
	}
	return all
}

func listHooks(s *Server, c *apiCall) apiAnswer {
	hooks, no := s.hooksOf(c)
	if no != nil {
		return *no
	}
	return offsetPage(s, c, *hooks, func(h *hook) object { return s.hookREST(c, h) })
}

// hookOf finds the hook of the path for somebody who may manage it.
func (s *Server) hookOf(c *apiCall) (*hook, *apiAnswer) {
	hooks, no := s.hooksOf(c)
	if no != nil {
		return nil, no
	}
	id := parseID(c.r.PathValue("hook"))
	at := slices.IndexFunc(*hooks, func(h *hook) bool { return h.ID == id })
	if at < 0 {
		a := message(http.StatusNotFound, "404 Not found")
		return nil, &a
	}
	return (*hooks)[at], nil
}

func getHook(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	return ok(s.hookREST(c, h))
}

// postHook creates a hook. It asks for pushes unless it is told not to.
func postHook(s *Server, c *apiCall) apiAnswer {
	hooks, no := s.hooksOf(c)
	if no != nil {
		return *no
	}
	h, err := s.hookFrom(c, Hook{Events: []string{"push"}})
	if err != nil {
		return errorAnswer(err)
	}
	h.ID, h.created = s.nextID(), s.now()
	*hooks = append(*hooks, h)
	s.notify()
	return created(s.hookREST(c, h))
}

// putHook changes a hook. Another address costs it its secrets.
func putHook(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	before := h.Hook
	if url, _ := c.params.text("url"); url != h.URL {
		before.Token, before.SigningToken = "", ""
	}
	changed, err := s.hookFrom(c, before)
	if err != nil {
		return errorAnswer(err)
	}
	h.Hook, h.key = changed.Hook, changed.key
	s.notify()
	return ok(s.hookREST(c, h))
}

func deleteHook(s *Server, c *apiCall) apiAnswer {
	h, no := s.hookOf(c)
	if no != nil {
		return *no
	}
	hooks, _ := s.hooksOf(c)
	*hooks = slices.DeleteFunc(*hooks, func(o *hook) bool { return o == h })
	return apiAnswer{status: http.StatusNoContent}
}

// missingParam is a parameter without which GitLab does nothing.
type missingParam struct{ name string }

func (e missingParam) Error() string { return e.name + " is missing" }

// hookFrom changes a hook's settings as the parameters say. A GitLab without signing tokens takes one without a word and forgets it.
func (s *Server) hookFrom(c *apiCall, h Hook) (*hook, error) {
	if !c.params.has("url") {
		return nil, missingParam{"url"}
	}
	fields := map[string]*string{"url": &h.URL, "token": &h.Token}
	if s.atLeast(19, 0) {
		fields["signing_token"] = &h.SigningToken
	}
	for name, into := range fields {
		v, err := c.params.optional(name)
		if err != nil {
			return nil, err
		}
		if v != nil {
			*into = *v
		}
	}
	events := slices.Clone(h.Events)
	for _, e := range slices.Concat(HookEvents(), otherHookEvents()) {
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
		return nil, invalidError{"url", "or signing token is invalid"}
	}
	made.Hook.Events = events // none stays none: only in AddHook it means all
	return made, nil
}
