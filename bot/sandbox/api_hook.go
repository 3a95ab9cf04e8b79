package sandbox

import (
	"net/http"
	"slices"
)

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

func (s *Server) hookREST(p *project, h *hook) object {
	o := object{
		"id": h.ID, "url": h.URL, "name": nil, "description": nil, "project_id": p.id, "created_at": preciseTime(h.created),
		"enable_ssl_verification": true, "push_events": false, "alert_status": s.alertStatus(h), "disabled_until": preciseTime(h.DisabledUntil),
		"token_present": h.Token != "", "signing_token_present": len(h.key) > 0, "custom_headers": []any{}, "url_variables": []any{},
	}
	for _, e := range HookEvents() {
		o[e+"_events"] = slices.Contains(h.Events, e)
	}
	return o
}

func listHooks(s *Server, c *apiCall) apiAnswer {
	if c.by.level < Maintainer {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	return offsetPage(s, c, c.project.hooks, func(h *hook) object { return s.hookREST(c.project, h) })
}

// hookOf finds the hook of the path for somebody who may see it.
func hookOf(c *apiCall) (*hook, *apiAnswer) {
	if c.by.level < Maintainer {
		a := message(http.StatusForbidden, "403 Forbidden")
		return nil, &a
	}
	id := parseID(c.r.PathValue("hook"))
	at := slices.IndexFunc(c.project.hooks, func(h *hook) bool { return h.ID == id })
	if at < 0 {
		a := message(http.StatusNotFound, "404 Not found")
		return nil, &a
	}
	return c.project.hooks[at], nil
}

func getHook(s *Server, c *apiCall) apiAnswer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	return ok(s.hookREST(c.project, h))
}

func postHook(s *Server, c *apiCall) apiAnswer {
	if c.by.level < Maintainer {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	if !c.params.has("url") {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "url is missing"}}
	}
	h, err := hookFrom(c, Hook{})
	if err != nil {
		return errorAnswer(err)
	}
	h.ID, h.created = s.nextID(), s.now()
	c.project.hooks = append(c.project.hooks, h)
	return created(s.hookREST(c.project, h))
}

func putHook(s *Server, c *apiCall) apiAnswer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	changed, err := hookFrom(c, h.Hook)
	if err != nil {
		return errorAnswer(err)
	}
	h.Hook, h.key = changed.Hook, changed.key
	return ok(s.hookREST(c.project, h))
}

func deleteHook(_ *Server, c *apiCall) apiAnswer {
	h, no := hookOf(c)
	if no != nil {
		return *no
	}
	c.project.hooks = slices.DeleteFunc(c.project.hooks, func(o *hook) bool { return o == h })
	return apiAnswer{status: http.StatusNoContent}
}

// hookFrom changes a hook's settings as the parameters say.
func hookFrom(c *apiCall, h Hook) (*hook, error) {
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
		return nil, invalidError{"url", "or signing token is invalid"}
	}
	made.Hook.Events = events // none stays none: only in AddHook it means all
	return made, nil
}
