package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

var requestRoutes = []route{
	{"GET", "/projects/{project}/merge_requests", "merge requests", listRequests},
	{"GET", "/groups/{group}/merge_requests", "group merge requests", listGroupRequests},
	{"POST", "/projects/{project}/merge_requests", "merge request", postRequest},
	{"GET", "/projects/{project}/merge_requests/{mr}", "merge request", func(s *Server, c *apiCall) apiAnswer { return ok(s.requestREST(c.request)) }},
	{"PUT", "/projects/{project}/merge_requests/{mr}", "merge request", putRequest},
	{"PUT", "/projects/{project}/merge_requests/{mr}/merge", "merge", putMerge},
	{"GET", "/projects/{project}/merge_requests/{mr}/closes_issues", "closes issues", listClosedIssues},
	{"GET", "/projects/{project}/merge_requests/{mr}/related_issues", "related issues", listRelatedIssues},
	{"GET", "/projects/{project}/merge_requests/{mr}/approvals", "approvals", func(s *Server, c *apiCall) apiAnswer { return ok(s.approvalsREST(c)) }},
	{"POST", "/projects/{project}/merge_requests/{mr}/approve", "approve", postApprove},
	{"POST", "/projects/{project}/merge_requests/{mr}/unapprove", "unapprove", postUnapprove},
	{"GET", "/projects/{project}/merge_requests/{mr}/reviewers", "reviewers", listReviewers},
	{"GET", "/projects/{project}/merge_requests/{mr}/commits", "commits", listCommits},
	{"GET", "/projects/{project}/merge_requests/{mr}/resource_label_events", "label events", listLabelEvents},
	{"GET", "/projects/{project}/merge_requests/{mr}/resource_state_events", "state events", listStateEvents},
	{"GET", "/projects/{project}/merge_requests/{mr}/resource_milestone_events", "milestone events", listMilestoneEvents},
	{"GET", "/projects/{project}/issues/{iid}/closed_by", "closed by", listClosedBy},
	{"GET", "/projects/{project}/issues/{iid}/related_merge_requests", "related merge requests", listRelatedRequests},
}

// requestNoteRoutes are those of notes, discussions and reactions, which merge requests have as issues do.
func requestNoteRoutes() []route {
	routes := slices.Clone(noteRoutes)
	for n := range routes {
		routes[n].path = strings.Replace(routes[n].path, "/issues/{iid}", "/merge_requests/{mr}", 1)
	}
	return routes
}

// requestREST is a merge request as lists and single reads show it.
func (s *Server) requestREST(m *mergeRequest) object {
	titles := labelTitles(m.labels)
	slices.Sort(titles)
	draft := isDraft(m.title)
	o := object{
		"id": m.id, "iid": m.iid, "project_id": m.project.id, "title": m.title, "description": m.description, "state": m.mergeState(),
		"created_at": preciseTime(m.created), "updated_at": preciseTime(m.updated), "merged_at": preciseTime(m.mergedAt), "closed_at": nil,
		"merged_by": s.orUser(m.mergedBy), "merge_user": s.orUser(m.mergedBy), "closed_by": nil, "prepared_at": preciseTime(m.prepared),
		"source_branch": m.sourceBranch, "target_branch": m.targetBranch, "source_project_id": nil, "target_project_id": m.project.id,
		"draft": draft, "work_in_progress": draft, "labels": titles, "milestone": nil, "author": s.userREST(m.author), "assignee": nil,
		"assignees": showAll(m.assignees, s.userREST), "reviewers": showAll(usersOf(m.reviewers), s.userREST), "sha": orNull(m.head()),
		"merge_commit_sha": orNull(m.mergeCommit), "squash_commit_sha": nil, "merge_status": "can_be_merged", "detailed_merge_status": s.mergeStatus(m),
		"user_notes_count": len(slices.DeleteFunc(slices.Clone(m.notes), func(n *note) bool { return n.system })),
		"upvotes":          0, "downvotes": 0, "discussion_locked": nil, "has_conflicts": false, "blocking_discussions_resolved": true, "web_url": s.issueURL(m.issue),
		"references": object{"short": fmt.Sprintf("!%d", m.iid), "relative": fmt.Sprintf("!%d", m.iid), "full": fmt.Sprintf("%s!%d", m.project.path, m.iid)},
		"time_stats": object{"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil},
	}
	if m.source != nil {
		o["source_project_id"] = m.source.id
	}
	if m.closed && m.mergedAt.IsZero() {
		o["closed_at"], o["closed_by"] = preciseTime(m.closedAt), s.orUser(m.closedBy)
	}
	if len(m.assignees) > 0 {
		o["assignee"] = s.userREST(m.assignees[0])
	}
	if m.milestone != nil {
		o["milestone"] = s.milestoneREST(m.milestone)
	}
	return o
}

// mergeStatus says why it cannot be merged, in GitLab's words.
func (s *Server) mergeStatus(m *mergeRequest) string {
	switch {
	case m.prepared.IsZero():
		return "preparing"
	case !m.isOpen():
		return "not_open"
	case isDraft(m.title):
		return "draft_status"
	case !m.isApproved():
		return "not_approved"
	}
	return "mergeable"
}

func usersOf(list []reviewer) []*user {
	users := make([]*user, len(list))
	for n, r := range list {
		users[n] = r.user
	}
	return users
}

func postRequest(s *Server, c *apiCall) apiAnswer {
	for _, name := range []string{"source_branch", "target_branch", "title"} {
		if !c.params.has(name) {
			return errorAnswer(missingParam{name})
		}
	}
	ch, err := s.requestChange(c)
	if err != nil {
		return errorAnswer(err)
	}
	ch.state = ""
	if ch.labels != nil { // there is nothing to replace yet
		ch.add, ch.labels = append(*ch.labels, ch.add...), nil
	}
	source, err := c.params.text("source_branch")
	if err != nil {
		return errorAnswer(err)
	}
	to := c.project
	if id, _ := c.params.text("target_project_id"); id != "" {
		if to = s.projectNamed(id); to == nil || !to.visible(c.by.user) {
			return notFound("Project ")
		}
	}
	m := s.newRequest(to, c.project, source, *ch.target)
	ch.target = nil
	if err := s.openRequest(c.by, m, ch); err != nil {
		return errorAnswer(err)
	}
	return created(s.requestREST(m))
}

// requestParams are the parameters that PUT knows; without any of them there is nothing to do.
var requestParams = []string{
	"title", "description", "labels", "add_labels", "remove_labels", "state_event", "assignee_ids", "assignee_id", "reviewer_ids", "milestone_id",
	"discussion_locked", "target_branch",
}

func putRequest(s *Server, c *apiCall) apiAnswer {
	if !slices.ContainsFunc(requestParams, c.params.has) {
		return apiAnswer{status: http.StatusBadRequest, body: object{
			"error": strings.Join(requestParams, ", ") + " are missing, at least one parameter must be provided",
		}}
	}
	ch, err := s.requestChange(c)
	if err != nil {
		return errorAnswer(err)
	}
	if err := s.updateRequest(c.by, c.request, ch); err != nil {
		return errorAnswer(err)
	}
	return ok(s.requestREST(c.request))
}

// requestChange reads the parameters of a merge request: those of an issue, and some of its own.
func (s *Server) requestChange(c *apiCall) (change, error) {
	ch, err := s.changeFrom(c)
	if err != nil {
		return ch, err
	}
	if ch.target, err = c.params.optional("target_branch"); err != nil {
		return ch, err
	}
	if c.params.has("reviewer_ids") {
		ids, err := c.params.list("reviewer_ids")
		if err != nil {
			return ch, err
		}
		users := s.usersByID(ids)
		ch.reviewers = &users
	}
	return ch, nil
}

func putMerge(s *Server, c *apiCall) apiAnswer {
	if sha, _ := c.params.text("sha"); sha != "" && sha != c.request.head() {
		return message(http.StatusConflict, "SHA does not match HEAD of source branch: "+c.request.head())
	}
	if err := s.merge(c.by, c.request); err != nil {
		if _, no := err.(forbiddenError); no { //nolint:errorlint // it comes as it is
			return message(http.StatusUnauthorized, "401 Unauthorized")
		}
		return errorAnswer(err)
	}
	return ok(s.requestREST(c.request))
}

// listClosedIssues lists what GitLab would close: nothing of a project whose auto-close is off, and nothing that the user does not see.
func listClosedIssues(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, c.request.closesByItself(c.by.user), s.issueREST)
}

// listRelatedIssues lists the issues to which the texts and the comments refer, whatever they say of them.
func listRelatedIssues(s *Server, c *apiCall) apiAnswer {
	if !s.atLeast(17, 1) {
		return apiAnswer{status: http.StatusNotFound, body: object{"error": "404 Not Found"}}
	}
	texts := []string{c.request.texts()}
	for _, n := range notesOf(c) {
		texts = append(texts, n.text)
	}
	return offsetPage(s, c, s.referencedIssues(c.project, strings.Join(texts, "\n\n"), c.by.user), s.issueREST)
}

// listClosedBy lists the merge requests that close an issue. Those of other projects are missing.
func listClosedBy(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, closingRequests([]*project{c.project}, c.issue), s.requestREST)
}

// listRelatedRequests lists the merge requests, of all projects, that mention an issue or that it mentions.
func listRelatedRequests(s *Server, c *apiCall) apiAnswer {
	var found []*mergeRequest
	for _, p := range s.projects {
		for _, m := range p.requests {
			if p.visible(c.by.user) && !m.prepared.IsZero() && slices.Contains(s.referencedIssues(p, m.texts(), m.author), c.issue) {
				found = append(found, m)
			}
		}
	}
	return offsetPage(s, c, found, s.requestREST)
}

func (s *Server) approvalsREST(c *apiCall) object {
	m := c.request
	return object{
		"id": m.id, "iid": m.iid, "project_id": m.project.id, "title": m.title, "state": m.mergeState(), "approved": m.isApproved() && (m.project.approvals > 0 || len(m.approvedBy) > 0),
		"approvals_required": m.project.approvals, "approvals_left": max(m.project.approvals-len(m.approvedBy), 0), "user_has_approved": slices.Contains(m.approvedBy, c.by.user),
		"user_can_approve": s.mayApprove(c.by.user, m) && !slices.Contains(m.approvedBy, c.by.user),
		"approved_by":      showAll(m.approvedBy, func(u *user) object { return object{"user": s.userREST(u)} }),
	}
}

func postApprove(s *Server, c *apiCall) apiAnswer { return s.answerReview(c, s.approve) }

func postUnapprove(s *Server, c *apiCall) apiAnswer { return s.answerReview(c, s.unapprove) }

// answerReview carries out a review. Who may not is told 401.
func (s *Server) answerReview(c *apiCall, do func(actor, *mergeRequest) error) apiAnswer {
	if sha, _ := c.params.text("sha"); sha != "" && sha != c.request.head() {
		return message(http.StatusConflict, "SHA does not match HEAD of source branch: "+c.request.head())
	}
	if do(c.by, c.request) != nil {
		return message(http.StatusUnauthorized, "401 Unauthorized")
	}
	return created(s.approvalsREST(c))
}

// listReviewers lists the reviewers with what their reviews came to, all at once.
func listReviewers(s *Server, c *apiCall) apiAnswer {
	return ok(showAll(c.request.reviewers, func(r reviewer) object {
		return object{"user": s.userREST(r.user), "state": r.state, "created_at": preciseTime(c.request.created)}
	}))
}

// listCommits lists the commits, the newest first.
func listCommits(s *Server, c *apiCall) apiAnswer {
	list := slices.Clone(c.request.commits)
	slices.Reverse(list)
	return offsetPage(s, c, list, func(m commit) object {
		title, _, _ := strings.Cut(m.message, "\n")
		return object{"id": m.id, "short_id": m.id[:8], "title": title, "message": m.message, "author_name": m.author.name, "created_at": preciseTime(m.at)}
	})
}
