package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// resourceEvent is what the lists of events have in common.
func (s *Server) resourceEvent(i *issue, id int64, u *user, at any) object {
	return object{"id": id, "user": s.userREST(u), "created_at": at, "resource_type": classOf(i), "resource_id": i.id}
}

func listLabelEvents(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, c.issue.labelEvents, func(e labelEvent) object {
		o := s.resourceEvent(c.issue, e.id, e.user, preciseTime(e.at))
		o["label"], o["action"] = labelREST(e.label), "remove"
		if e.added {
			o["action"] = "add"
		}
		return o
	})
}

func listWeightEvents(s *Server, c *apiCall) apiAnswer {
	if s.opt.Edition == CE {
		return apiAnswer{status: http.StatusNotFound, body: object{"error": "404 Not Found"}}
	}
	return offsetPage(s, c, c.issue.weightEvents, func(e weightEvent) object {
		o := s.resourceEvent(c.issue, e.id, e.user, preciseTime(e.at))
		o["issue_id"], o["weight"] = c.issue.id, weightValue(e.weight)
		return o
	})
}

func listStateEvents(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, c.issue.stateEvents, func(e stateEvent) object {
		o := s.resourceEvent(c.issue, e.id, e.user, preciseTime(e.at))
		o["state"] = e.state
		return o
	})
}

func listMilestoneEvents(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, c.issue.milestoneEvents, func(e milestoneEvent) object {
		o := s.resourceEvent(c.issue, e.id, e.user, preciseTime(e.at))
		o["milestone"], o["action"], o["state"] = s.milestoneREST(e.milestone), "remove", c.issue.state()
		if e.added {
			o["action"] = "add"
		}
		return o
	})
}

// listLinks gives all links at once: this list has no pages.
func listLinks(s *Server, c *apiCall) apiAnswer {
	seen := slices.DeleteFunc(slices.Clone(c.issue.links), func(l *link) bool {
		other, _ := l.from(c.issue)
		return !other.visible(c.by.user)
	})
	return ok(showAll(seen, func(l *link) object {
		other, kind := l.from(c.issue)
		o := s.issueREST(other)
		o["issue_link_id"], o["link_type"] = l.id, kind
		o["link_created_at"], o["link_updated_at"] = preciseTime(l.at), preciseTime(l.at)
		return o
	}))
}

func postLink(s *Server, c *apiCall) apiAnswer {
	path, err := c.params.text("target_project_id")
	if err != nil {
		return errorAnswer(err)
	}
	iid, err := c.params.number("target_issue_iid")
	if err != nil {
		return errorAnswer(err)
	}
	kind, err := c.params.text("link_type")
	if err != nil {
		return errorAnswer(err)
	}
	if path == "" || iid == nil {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "target_project_id, target_issue_iid are missing"}}
	}
	p := s.projectNamed(path)
	if p == nil {
		return notFound("Project ")
	}
	target := p.issue(*iid)
	switch {
	case target == nil || !target.visible(c.by.user):
		return message(http.StatusNotFound, "404 Not found")
	case !c.by.canPlan():
		return message(http.StatusForbidden, "403 Forbidden")
	case kind == "":
		kind = "relates_to"
	case kind != "relates_to" && kind != "blocks" && kind != "is_blocked_by":
		return errorAnswer(badParam{"link_type"})
	}
	if kind != "relates_to" && s.opt.Edition == CE {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "link_type does not have a valid value"}}
	}
	if kind != "relates_to" && s.opt.Edition != Premium {
		return message(http.StatusForbidden, "Blocked issues not available for current license")
	}
	if target == c.issue {
		return message(http.StatusUnprocessableEntity, fmt.Sprintf("#%d cannot be added: cannot be related to itself", target.iid))
	}
	if slices.ContainsFunc(c.issue.links, func(l *link) bool { return l.source == target || l.target == target }) {
		return message(http.StatusConflict, "Issue(s) already assigned")
	}
	l := s.link(c.by, c.issue, target, kind)
	return created(object{"source_issue": s.issueREST(c.issue), "target_issue": s.issueREST(target), "link_type": l.kind, "id": l.id})
}

// link links two issues. It leaves a system note on both and sends no hook.
func (s *Server) link(by actor, source, target *issue, kind string) *link {
	l := &link{id: s.nextID(), source: source, target: target, kind: kind, at: s.now()}
	if kind == "is_blocked_by" {
		l.source, l.target, l.kind = target, source, "blocks"
	}
	for _, end := range []*issue{source, target} {
		other, _ := l.from(end)
		end.links = append(end.links, l)
		end.updated = s.nextChangeTime(end)
		s.systemNote(by, end, fmt.Sprintf("marked this issue as related to %s#%d", other.project.path, other.iid), end.updated)
	}
	s.notify()
	return l
}
