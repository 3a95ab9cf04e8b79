package sandbox

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"
)

// object is a JSON object as GitLab writes it; null values are nil.
type object = map[string]any

// timeFormat writes a time, nil if it is zero. Issue hooks and the API write milliseconds, note and emoji hooks whole seconds.
type timeFormat func(time.Time) any

func preciseTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// graphQLTime is in whole seconds, as all times of GraphQL.
func graphQLTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func secondsTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func (s *Server) userHook(u *user) object {
	return object{
		"id": u.id, "name": u.name, "username": u.username, "email": "[REDACTED]",
		"avatar_url": fmt.Sprintf("%s/uploads/-/system/user/avatar/%d/avatar.png", s.url, u.id),
	}
}

// visibilityLevels are how hooks say the visibility of a project.
var visibilityLevels = map[string]int{Private: 0, Internal: 10, Public: 20}

func (s *Server) projectHook(p *project) object {
	web := s.url + "/" + p.path
	host := strings.TrimPrefix(strings.TrimPrefix(s.url, "http://"), "https://")
	ssh := "git@" + host + ":" + p.path + ".git"
	return object{
		"id": p.id, "name": path.Base(p.path), "description": nil, "web_url": web, "avatar_url": nil,
		"git_ssh_url": ssh, "git_http_url": web + ".git", "namespace": path.Base(path.Dir(p.path)), "visibility_level": visibilityLevels[p.visibility],
		"path_with_namespace": p.path, "default_branch": "main", "ci_config_path": "",
		"homepage": web, "url": ssh, "ssh_url": ssh, "http_url": web + ".git",
	}
}

func (s *Server) repositoryHook(p *project) object {
	all := s.projectHook(p)
	return object{"name": all["name"], "url": all["url"], "description": nil, "homepage": all["homepage"]}
}

func labelHooks(p *project, labels []*label, f timeFormat) []any {
	list := make([]any, len(labels))
	for n, l := range labels {
		o := object{
			"id": l.id, "title": l.name, "color": l.color, "project_id": p.id, "created_at": f(l.created), "updated_at": f(l.created),
			"template": false, "description": orNull(l.description), "type": "ProjectLabel", "group_id": nil,
		}
		if l.groupID != 0 {
			o["project_id"], o["type"], o["group_id"] = nil, "GroupLabel", l.groupID
		}
		list[n] = o
	}
	return list
}

// issueURL is the address of an issue or a merge request.
func (s *Server) issueURL(i *issue) string {
	return fmt.Sprintf("%s/%s/-/%ss/%d", s.url, i.project.path, i.ref().Kind, i.iid)
}

// classOf is the Ruby class of an issue or a merge request, by which GitLab names it.
func classOf(i *issue) string {
	if i.request != nil {
		return "MergeRequest"
	}
	return "Issue"
}

// addNoteable adds what a note or a reaction is on. key is how it is called if it is an issue.
func (s *Server) addNoteable(body object, key string, i *issue) {
	if i.request != nil {
		body["merge_request"] = s.requestAttrs(i.request, secondsTime)
		return
	}
	body[key] = s.issueAttrs(i, secondsTime)
}

// issueAttrs is what hooks say about an issue: object_attributes without the action.
func (s *Server) issueAttrs(i *issue, f timeFormat) object {
	ids := userIDs(i.assignees)
	o := object{
		"id": i.id, "iid": i.iid, "project_id": i.project.id, "author_id": i.author.id, "title": i.title, "description": i.description,
		"state": i.state(), "state_id": 1, "confidential": i.confidential, "discussion_locked": nil,
		"created_at": f(i.created), "updated_at": f(i.updated), "closed_at": f(i.closedAt), "last_edited_at": f(i.editedAt),
		"last_edited_by_id": userID(i.editedBy), "updated_by_id": userID(i.updatedBy), "due_date": orNull(i.due), "start_date": nil,
		"milestone_id": milestoneID(i.milestone), "moved_to_id": movedTo(i), "duplicated_to_id": duplicateOf(i), "relative_position": 513 * i.iid,
		"time_estimate": 0, "total_time_spent": 0, "time_change": 0, "human_total_time_spent": nil, "human_time_change": nil,
		"human_time_estimate": nil, "url": s.issueURL(i), "type": i.kind, "severity": "unknown", "assignee_ids": ids, "assignee_id": nil,
		"labels": labelHooks(i.project, i.labels, f), "customer_relations_contacts": []any{},
	}
	if i.closed {
		o["state_id"] = 2
	}
	if i.locked != nil {
		o["discussion_locked"] = *i.locked
	}
	if len(ids) > 0 {
		o["assignee_id"] = ids[0]
	}
	if s.opt.Edition != CE {
		o["weight"], o["health_status"] = weightValue(i.weight), orNull(i.health)
	}
	if t := s.statusOf(i); t != nil {
		o["status"] = statusHook(t)
	}
	return o
}

func duplicateOf(i *issue) any {
	if i.duplicateOf == nil {
		return nil
	}
	return i.duplicateOf.id
}

// snapshot is the state of an issue before or after a change: its attributes and its assignees.
func (s *Server) snapshot(i *issue) object {
	o := s.issueAttrs(i, preciseTime)
	o["assignees"] = s.userHooks(i.assignees)
	return o
}

func (s *Server) userHooks(users []*user) []any {
	list := make([]any, len(users))
	for n, u := range users {
		list[n] = s.userHook(u)
	}
	return list
}

// reported are the attributes whose changes GitLab reports.
var reported = []string{
	"title", "description", "state_id", "confidential", "discussion_locked", "updated_at", "closed_at", "last_edited_at",
	"last_edited_by_id", "updated_by_id", "milestone_id", "due_date", "type", "weight", "labels", "assignees", "status",
}

// diffSnapshots is what hooks report of the difference between two shots.
func diffSnapshots(before, after object) object {
	diff := object{}
	for _, key := range reported {
		if !reflect.DeepEqual(before[key], after[key]) {
			diff[key] = object{"previous": before[key], "current": after[key]}
		}
	}
	return diff
}

// initialChanges is what a new issue reports: every set attribute was null before. Labels and assignees are not among them.
func initialChanges(attrs object) object {
	diff := object{}
	for _, key := range []string{
		"author_id", "confidential", "created_at", "description", "due_date", "id", "iid", "milestone_id", "project_id", "relative_position",
		"state_id", "time_estimate", "title", "updated_at", "weight",
	} {
		if attrs[key] != nil {
			diff[key] = object{"previous": nil, "current": attrs[key]}
		}
	}
	return diff
}

// sendIssue delivers an Issue Hook.
func (s *Server) sendIssue(by actor, i *issue, action string, diff object) {
	event, flag, body := s.issueBody(by, i, action, diff)
	s.send(i, 0, flag, event, action, by.chain, body)
}

// issueBody is what an Issue Hook says, its name, and the flag of the hooks that ask for it.
func (s *Server) issueBody(by actor, i *issue, action string, diff object) (event, flag string, body object) {
	kind, event, flag := "issue", "Issue Hook", "issues"
	if i.kind != "Issue" && i.kind != "Ticket" && !by.legacy {
		kind = "work_item"
	}
	eventType := kind
	if i.confidential {
		eventType, event, flag = "confidential_"+kind, "Confidential Issue Hook", "confidential_issues"
	}
	attrs := s.issueAttrs(i, preciseTime)
	attrs["action"] = action
	body = object{
		"object_kind": kind, "event_type": eventType, "user": s.userHook(by.user), "project": s.projectHook(i.project),
		"object_attributes": attrs, "labels": attrs["labels"], "changes": diff, "repository": s.repositoryHook(i.project),
	}
	if len(i.assignees) > 0 {
		body["assignees"] = s.userHooks(i.assignees)
	}
	return event, flag, body
}

// sendNote delivers a Note Hook. Its user is always the author, also when somebody else edited the note.
func (s *Server) sendNote(i *issue, n *note, action string) {
	event, flag, body := s.noteBody(i, n, n.author, action)
	s.send(i, n.id, flag, event, action, "", body)
}

// noteBody is what a Note Hook says, its name, and the flag of the hooks that ask for it.
func (s *Server) noteBody(i *issue, n *note, by *user, action string) (event, flag string, body object) {
	event, eventType, flag := "Note Hook", "note", "note"
	if i.confidential || n.internal {
		event, eventType, flag = "Confidential Note Hook", "confidential_note", "confidential_note"
	}
	attrs := s.noteAttrs(i, n)
	attrs["action"] = action
	body = object{
		"object_kind": "note", "event_type": eventType, "user": s.userHook(by), "project_id": i.project.id,
		"project": s.projectHook(i.project), "object_attributes": attrs, "repository": s.repositoryHook(i.project),
	}
	s.addNoteable(body, "issue", i)
	return event, flag, body
}

func (s *Server) noteAttrs(i *issue, n *note) object {
	o := object{
		"attachment": nil, "author_id": n.author.id, "change_position": nil, "commit_id": nil, "created_at": secondsTime(n.created),
		"discussion_id": n.discussion, "id": n.id, "internal": n.internal, "line_code": nil, "note": n.text, "description": n.text,
		"noteable_id": i.id, "noteable_type": classOf(i), "original_position": nil, "position": nil, "project_id": i.project.id,
		"resolved_at": nil, "resolved_by_id": nil, "resolved_by_push": nil, "st_diff": nil, "system": false, "type": nil,
		"updated_at": secondsTime(n.updated), "updated_by_id": userID(n.updatedBy), "url": fmt.Sprintf("%s#note_%d", s.issueURL(i), n.id),
	}
	if n.thread {
		o["type"] = "DiscussionNote"
	}
	return o
}

// sendEmoji delivers an Emoji Hook; a confidential issue does not change its kind.
func (s *Server) sendEmoji(i *issue, n *note, a *award, action string) {
	var id int64
	if n != nil {
		id = n.id
	}
	s.send(i, id, "emoji", "Emoji Hook", action, "", s.emojiBody(i, n, a, action))
}

// emojiBody is what an Emoji Hook says. GitLab names the issue by its Ruby class, which for a reaction on the issue itself is work_item.
func (s *Server) emojiBody(i *issue, n *note, a *award, action string) object {
	attrs := object{
		"id": a.id, "user_id": a.user.id, "name": a.name, "awardable_type": classOf(i), "awardable_id": i.id,
		"created_at": secondsTime(a.at), "updated_at": secondsTime(a.at), "awarded_on_url": s.issueURL(i),
	}
	body := object{
		"object_kind": "emoji", "event_type": action, "user": s.userHook(a.user), "project_id": i.project.id,
		"project": s.projectHook(i.project), "object_attributes": attrs,
	}
	if n == nil {
		s.addNoteable(body, "work_item", i)
		return body
	}
	attrs["awardable_type"], attrs["awardable_id"] = "Note", n.id
	attrs["awarded_on_url"] = fmt.Sprintf("%s#note_%d", s.issueURL(i), n.id)
	body["note"] = s.noteAttrs(i, n)
	s.addNoteable(body, "issue", i)
	return body
}

// encode writes JSON. Everything encoded here is built of plain values, for which that cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"error":"500 Internal Server Error"}`)
	}
	return b
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func weightValue(w *int) any {
	if w == nil {
		return nil
	}
	return *w
}

func userID(u *user) any {
	if u == nil {
		return nil
	}
	return u.id
}

func milestoneID(m *milestone) any {
	if m == nil {
		return nil
	}
	return m.id
}

func userIDs(users []*user) []int64 {
	ids := make([]int64, len(users))
	for n, u := range users {
		ids[n] = u.id
	}
	return ids
}

func labelTitles(labels []*label) []string {
	titles := make([]string, len(labels))
	for n, l := range labels {
		titles[n] = l.name
	}
	return slices.Clip(titles)
}
