package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

// requestTime is how merge request hooks write times: milliseconds as captures have them, or whole seconds as GitLab's documentation shows them.
func (s *Server) requestTime(t time.Time) any {
	if s.opt.PlainRequestTimes {
		return secondsTime(t)
	}
	return preciseTime(t)
}

// requestAttrs is what hooks say about a merge request: object_attributes without the action. Older versions have fewer keys.
func (s *Server) requestAttrs(m *mergeRequest, f timeFormat) object {
	assignees := userIDs(m.assignees)
	o := object{
		"id": m.id, "iid": m.iid, "author_id": m.author.id, "title": m.title, "description": orNull(m.description), "state": m.mergeState(),
		"state_id": m.stateID(), "draft": isDraft(m.title), "work_in_progress": isDraft(m.title),
		"source_branch": m.sourceBranch, "target_branch": m.targetBranch, "source_project_id": nil, "target_project_id": m.project.id,
		"source": nil, "target": s.projectHook(m.project), "last_commit": s.lastCommit(m),
		"assignee_id": nil, "assignee_ids": assignees, "reviewer_ids": reviewerIDs(m.reviewers), "labels": labelHooks(m.project, m.labels, f),
		"merge_status": cmp.Or(map[bool]string{true: "preparing"}[m.prepared.IsZero()], "checking"), "detailed_merge_status": "checking",
		"merge_commit_sha": orNull(m.mergeCommit), "merge_error": nil, "merge_params": object{"force_remove_source_branch": "1"},
		"merge_user_id": userID(m.mergedBy), "merge_when_pipeline_succeeds": false, "head_pipeline_id": nil, "milestone_id": milestoneID(m.milestone),
		"blocking_discussions_resolved": true, "first_contribution": false, "prepared_at": f(m.prepared),
		"time_estimate": 0, "time_change": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_time_change": nil, "human_total_time_spent": nil,
		"last_edited_at": f(m.editedAt), "last_edited_by_id": userID(m.editedBy), "created_at": f(m.created), "updated_at": f(m.updated),
		"updated_by_id": userID(m.updatedBy), "url": s.issueURL(m.issue),
	}
	if m.source != nil {
		o["source"], o["source_project_id"] = s.projectHook(m.source), m.source.id
	}
	if len(assignees) > 0 {
		o["assignee_id"] = assignees[0]
	}
	if s.atLeast(17, 0) {
		o["merged_at"], o["squash_commit_sha"], o["target_branch_protected"] = f(m.mergedAt), nil, m.toDefault()
		if s.opt.Edition == Premium {
			o["approval_rules"] = []any{}
		}
	}
	return o
}

func reviewerIDs(list []reviewer) []int64 {
	ids := make([]int64, len(list))
	for n, r := range list {
		ids[n] = r.id
	}
	return ids
}

// lastCommit is the head of the branch, nil if it has no commit.
func (s *Server) lastCommit(m *mergeRequest) any {
	if len(m.commits) == 0 {
		return nil
	}
	c := m.commits[len(m.commits)-1]
	title, _, _ := strings.Cut(c.message, "\n")
	return object{
		"id": c.id, "message": c.message, "title": title, "timestamp": c.at.Format(time.RFC3339), "url": fmt.Sprintf("%s/%s/-/commit/%s", s.url, m.project.path, c.id),
		"author": object{"name": c.author.name, "email": "[REDACTED]"},
	}
}

// reviewerHooks are the reviewers. What their reviews came to is said from 18.6 on.
func (s *Server) reviewerHooks(list []reviewer) []any {
	hooks := make([]any, len(list))
	for n, r := range list {
		o := s.userHook(r.user)
		if s.atLeast(18, 6) {
			o["state"], o["re_requested"] = r.state, r.reRequests
		}
		hooks[n] = o
	}
	return hooks
}

// requestSnapshot is the state of a merge request before or after a change.
func (s *Server) requestSnapshot(m *mergeRequest) object {
	o := s.requestAttrs(m, s.requestTime)
	o["assignees"], o["reviewers"] = s.userHooks(m.assignees), s.reviewerHooks(m.reviewers)
	return o
}

// requestReported are the attributes whose changes GitLab reports. Approvals are never among them.
var requestReported = []string{
	"assignees", "description", "draft", "labels", "last_edited_at", "last_edited_by_id", "merge_commit_sha", "merge_status", "merge_user_id",
	"milestone_id", "prepared_at", "reviewers", "state_id", "target_branch", "title", "updated_at", "updated_by_id",
}

// diffRequest is what hooks report of the difference between two shots. Of reviewers newer versions send a list of two lists.
func (s *Server) diffRequest(before, after object) object {
	diff := object{}
	for _, key := range requestReported {
		if reflect.DeepEqual(before[key], after[key]) {
			continue
		}
		diff[key] = object{"previous": before[key], "current": after[key]}
		if key == "reviewers" && s.atLeast(18, 6) {
			diff[key] = []any{before[key], after[key]}
		}
	}
	return diff
}

// sendRequest delivers a Merge Request Hook. more are further attributes.
func (s *Server) sendRequest(by actor, m *mergeRequest, action string, diff, more object) {
	body := s.requestBody(by, m, diff)
	attrs := body["object_attributes"].(object)
	attrs["action"] = action
	if s.atLeast(17, 0) {
		attrs["actioned_at"] = s.requestTime(s.now())
	}
	if s.atLeast(18, 6) {
		attrs["system"] = false
	}
	maps.Copy(attrs, more)
	s.send(m.issue, 0, OnMergeRequests, "Merge Request Hook", action, by.chain, body)
}

// requestBody is what a Merge Request Hook says besides its action. Nobody's keys are missing.
func (s *Server) requestBody(by actor, m *mergeRequest, diff object) object {
	attrs := s.requestAttrs(m, s.requestTime)
	body := object{
		"object_kind": "merge_request", "event_type": "merge_request", "user": s.userHook(by.user), "project": s.projectHook(m.project),
		"object_attributes": attrs, "labels": attrs["labels"], "changes": diff, "repository": s.repositoryHook(m.project),
	}
	if len(m.assignees) > 0 {
		body["assignees"] = s.userHooks(m.assignees)
	}
	if len(m.reviewers) > 0 {
		body["reviewers"] = s.reviewerHooks(m.reviewers)
	}
	return body
}
