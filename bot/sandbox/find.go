package sandbox

import (
	"fmt"
	"net/url"
)

// FindIssues are the issues that somebody sees in a project or a group, given by its path or id, as the API lists them for these parameters
// ("labels", "not[labels][]", "milestone", …), all on one page. "" is all projects.
func (s *Server) FindIssues(username, place string, query url.Values) ([]Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	if u == nil {
		return nil, fmt.Errorf("finding issues as %s: %w", username, s.noSuchUser(username))
	}
	c := &apiCall{params: params{}, by: actor{user: u}}
	c.params.addForm(query)
	var all []*issue
	for _, p := range s.projects {
		if p.visible(u) && p.within(place) {
			all = append(all, p.issues...)
		}
	}
	found, _, err := s.findIssues(c, all)
	if err != nil {
		return nil, fmt.Errorf("finding issues as %s: %w", username, err)
	}
	list := make([]Issue, len(found))
	for n, i := range found {
		list[n] = s.viewOf(i, u)
	}
	return list, nil
}
