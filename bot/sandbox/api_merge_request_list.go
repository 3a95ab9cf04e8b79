package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listRequests lists the merge requests of a project, the newest first unless asked otherwise.
func listRequests(s *Server, c *apiCall) apiAnswer {
	return s.pageOfRequests(c, slices.Clone(c.project.requests))
}

// listGroupRequests lists the merge requests of all projects of a group and of the groups below it.
func listGroupRequests(s *Server, c *apiCall) apiAnswer {
	var all []*mergeRequest
	for _, p := range s.projectsOf(c.group, c.by.user) {
		all = append(all, p.requests...)
	}
	return s.pageOfRequests(c, all)
}

func (s *Server) pageOfRequests(c *apiCall, all []*mergeRequest) apiAnswer {
	filter, err := s.requestFilter(c)
	if err != nil {
		return errorAnswer(err)
	}
	order, err := c.params.oneOf("order_by", "created_at", "updated_at", "title", "merged_at")
	if err != nil {
		return errorAnswer(err)
	}
	sorted, err := c.params.oneOf("sort", "desc", "asc")
	if err != nil {
		return errorAnswer(err)
	}
	found := slices.DeleteFunc(all, func(m *mergeRequest) bool { return !filter(m.issue) })
	slices.SortFunc(found, func(a, b *mergeRequest) int {
		n := cmp.Or(compareRequests(a, b, order), cmp.Compare(a.id, b.id))
		if sorted == "desc" {
			n = -n
		}
		return n
	})
	return offsetPage(s, c, found, s.requestREST)
}

func compareRequests(a, b *mergeRequest, order string) int {
	switch order {
	case "updated_at":
		return a.updated.Compare(b.updated)
	case "title":
		return strings.Compare(a.title, b.title)
	case "merged_at":
		return a.mergedAt.Compare(b.mergedAt)
	}
	return a.created.Compare(b.created)
}

// requestFilter reads the conditions of a list of merge requests: most are those of issues.
func (s *Server) requestFilter(c *apiCall) (condition, error) {
	f := &filterReader{s: s, p: c.params, user: c.by.user}
	f.state("all", "opened", "closed", "locked", "merged")
	f.scope()
	f.times()
	f.labels()
	f.milestone()
	f.people("", f.want)
	f.people("not", func(c condition) { f.all = append(f.all, func(i *issue) bool { return !c(i) }) })
	f.search()
	f.draft()
	f.reviewers()
	f.branches()
	return func(i *issue) bool {
		return !slices.ContainsFunc(f.all, func(holds condition) bool { return !holds(i) })
	}, f.err
}

// draft reads whether drafts are asked for: by draft from 19.0 on, by wip before and still.
func (f *filterReader) draft() {
	wanted := f.oneOf("wip", "", "yes", "no")
	if draft, err := f.p.flag("draft"); err != nil {
		f.fail(err)
	} else if draft != nil && f.s.atLeast(19, 0) {
		wanted = map[bool]string{true: "yes", false: "no"}[*draft]
	}
	if wanted != "" {
		f.want(func(i *issue) bool { return isDraft(i.title) == (wanted == "yes") })
	}
}

func (f *filterReader) reviewers() {
	f.exclusive("reviewer_id", "reviewer_username")
	switch id := f.text("reviewer_id"); {
	case strings.EqualFold(id, "none"):
		f.want(func(i *issue) bool { return len(i.request.reviewers) == 0 })
	case strings.EqualFold(id, "any"):
		f.want(func(i *issue) bool { return len(i.request.reviewers) > 0 })
	case id != "":
		f.want(func(i *issue) bool {
			return i.request.reviewedBy(func(u *user) bool { return strconv.FormatInt(u.id, 10) == id })
		})
	}
	if name := f.text("reviewer_username"); name != "" {
		f.want(func(i *issue) bool {
			return i.request.reviewedBy(func(u *user) bool { return strings.EqualFold(u.username, name) })
		})
	}
}

func (m *mergeRequest) reviewedBy(is func(*user) bool) bool {
	return slices.ContainsFunc(m.reviewers, func(r reviewer) bool { return is(r.user) })
}

func (f *filterReader) branches() {
	for name, of := range map[string]func(*mergeRequest) string{
		"source_branch": func(m *mergeRequest) string { return m.sourceBranch },
		"target_branch": func(m *mergeRequest) string { return m.targetBranch },
	} {
		if branch := f.text(name); branch != "" {
			f.want(func(i *issue) bool { return of(i.request) == branch })
		}
	}
	for name, before := range map[string]bool{"merged_after": false, "merged_before": true} {
		at, err := f.p.time(name)
		f.fail(err)
		if !at.IsZero() {
			f.want(func(i *issue) bool { return isOnSide(i.request.mergedAt, at, before) })
		}
	}
}

// isOnSide reports whether something happened, and before a time or from it on.
func isOnSide(happened, at time.Time, before bool) bool {
	if happened.IsZero() {
		return false
	}
	return happened.Equal(at) || happened.Before(at) == before
}
