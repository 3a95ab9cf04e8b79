package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// replica is a copy of the projects as they were, which answers the next reads: GitLab reads from copies of its database that may lag behind
// it, for some seconds, or longer under load.
type replica struct {
	projects []*project
	left     int // reads that it still answers
}

// LagReads lets the next reads of the API show everything as it is now, whatever changes meanwhile: what is new is not found. Writes work on the
// present state, as GitLab's do.
func (s *Server) LagReads(reads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &replica{left: reads}
	copies := map[*issue]*issue{}
	for _, p := range s.projects {
		c := p.clone()
		r.projects = append(r.projects, c)
		for n, i := range p.issues {
			copies[i] = c.issues[n]
		}
	}
	for _, i := range copies {
		for n, l := range i.links {
			i.links[n] = &link{id: l.id, source: copies[l.source], target: copies[l.target], kind: l.kind, at: l.at}
		}
	}
	for _, p := range r.projects {
		for _, m := range p.requests {
			for n := range m.closing {
				m.closing[n].issue = copies[m.closing[n].issue]
			}
		}
	}
	s.replica = r
}

// isReading reports whether a request only reads.
func (s *Server) isReading(r *http.Request, rt route, p params) bool {
	return r.Method == http.MethodGet || rt.method == queryMethod && !strings.HasPrefix(s.graphQLLine(p), mutationMethod)
}

// useReplica lets a read see the lagging copy, which is there; the caller ends it. The caller holds the lock.
func (s *Server) useReplica(reading bool) (end func()) {
	if !reading {
		return func() {}
	}
	present := s.projects
	s.projects = s.replica.projects
	if s.replica.left--; s.replica.left <= 0 {
		s.replica = nil
	}
	return func() { s.projects = present }
}

// clone is the project with its issues, and all that changes in them. Its links still lead to the originals.
func (p *project) clone() *project {
	c := *p
	c.issues, c.requests = nil, nil
	for _, i := range p.issues {
		c.issues = append(c.issues, i.clone(&c))
	}
	for _, m := range p.requests {
		request := *m
		request.issue = m.clone(&c)
		request.issue.request = &request
		request.commits, request.reviewers = slices.Clone(m.commits), slices.Clone(m.reviewers)
		request.approvedBy, request.closing = slices.Clone(m.approvedBy), slices.Clone(m.closing)
		c.requests = append(c.requests, &request)
	}
	return &c
}

// clone is the issue, and all that changes in it, in the copy of its project.
func (i *issue) clone(p *project) *issue {
	issue := *i
	issue.project = p
	issue.labels, issue.assignees = slices.Clone(i.labels), slices.Clone(i.assignees)
	issue.awards, issue.links = slices.Clone(i.awards), slices.Clone(i.links)
	issue.labelEvents, issue.weightEvents, issue.stateEvents = slices.Clone(i.labelEvents), slices.Clone(i.weightEvents), slices.Clone(i.stateEvents)
	issue.milestoneEvents = slices.Clone(i.milestoneEvents)
	issue.notes = nil
	for _, n := range i.notes {
		note := *n
		note.awards = slices.Clone(n.awards)
		issue.notes = append(issue.notes, &note)
	}
	return &issue
}
