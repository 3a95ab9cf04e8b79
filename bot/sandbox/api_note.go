package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

var noteRoutes = []route{
	{"GET", "/projects/{project}/issues/{iid}/notes", "notes", listNotes},
	{"POST", "/projects/{project}/issues/{iid}/notes", "note", postNote},
	{"GET", "/projects/{project}/issues/{iid}/notes/{note}", "note", func(s *Server, c *apiCall) apiAnswer { return ok(s.noteREST(c.issue, c.note)) }},
	{"PUT", "/projects/{project}/issues/{iid}/notes/{note}", "note", putNote},
	{"DELETE", "/projects/{project}/issues/{iid}/notes/{note}", "note", removeNote},
	{"GET", "/projects/{project}/issues/{iid}/discussions", "discussions", listDiscussions},
	{"POST", "/projects/{project}/issues/{iid}/discussions", "discussion", postDiscussion},
	{"GET", "/projects/{project}/issues/{iid}/discussions/{discussion}", "discussion", getDiscussion},
	{"POST", "/projects/{project}/issues/{iid}/discussions/{discussion}/notes", "reply", postReply},
	{"GET", "/projects/{project}/issues/{iid}/award_emoji", "awards", listAwards},
	{"POST", "/projects/{project}/issues/{iid}/award_emoji", "award", postAward},
	{"DELETE", "/projects/{project}/issues/{iid}/award_emoji/{award}", "award", removeAward},
	{"GET", "/projects/{project}/issues/{iid}/notes/{note}/award_emoji", "awards", listAwards},
	{"POST", "/projects/{project}/issues/{iid}/notes/{note}/award_emoji", "award", postAward},
	{"DELETE", "/projects/{project}/issues/{iid}/notes/{note}/award_emoji/{award}", "award", removeAward},
}

func (s *Server) noteREST(i *issue, n *note) object {
	o := object{
		"id": n.id, "type": nil, "body": n.text, "author": s.userREST(n.author), "created_at": preciseTime(n.created),
		"updated_at": preciseTime(n.updated), "system": n.system, "noteable_id": i.id, "noteable_type": classOf(i), "noteable_iid": i.iid,
		"project_id": i.project.id, "resolvable": n.thread, "confidential": n.internal, "internal": n.internal, "imported": false,
		"imported_from": "none", "attachment": nil, "commands_changes": object{},
	}
	if n.thread {
		o["type"], o["resolved"], o["resolved_by"], o["resolved_at"] = "DiscussionNote", false, nil, nil
	}
	return o
}

// notesOf are the notes that the caller may see, oldest first.
func notesOf(c *apiCall) []*note {
	return slices.DeleteFunc(slices.Clone(c.issue.notes), func(n *note) bool { return !n.visible(c.by.user) })
}

func listNotes(s *Server, c *apiCall) apiAnswer {
	list := notesOf(c)
	order, _ := c.params.text("order_by")
	sorted, _ := c.params.text("sort")
	activity, _ := c.params.text("activity_filter")
	key := func(n *note) time.Time { return n.created }
	switch order {
	case "", "created_at":
	case "updated_at":
		key = func(n *note) time.Time { return n.updated }
	default:
		return errorAnswer(badParam{"order_by"})
	}
	switch activity {
	case "", "all_notes":
	case "only_comments":
		list = slices.DeleteFunc(list, func(n *note) bool { return n.system })
	case "only_activity":
		list = slices.DeleteFunc(list, func(n *note) bool { return !n.system })
	default:
		return errorAnswer(badParam{"activity_filter"})
	}
	slices.SortFunc(list, func(a, b *note) int {
		by := cmp.Or(key(a).Compare(key(b)), cmp.Compare(a.id, b.id))
		if sorted != "asc" { // GitLab gives the newest first unless told
			by = -by
		}
		return by
	})
	return offsetPage(s, c, list, func(n *note) object { return s.noteREST(c.issue, n) })
}

func postNote(s *Server, c *apiCall) apiAnswer { return s.writeNote(c, nil, false) }

// writeNote writes a note and answers like GitLab: 202 without a note if there was nothing but quick actions.
func (s *Server) writeNote(c *apiCall, parent *note, asDiscussion bool) apiAnswer {
	if !c.params.has("body") {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "body is missing"}}
	}
	body, err := c.params.text("body")
	if err != nil {
		return errorAnswer(err)
	}
	internal, err := c.params.flag("internal")
	if err == nil && internal == nil {
		internal, err = c.params.flag("confidential")
	}
	if err != nil {
		return errorAnswer(err)
	}
	hidden := internal != nil && *internal && c.by.canPlan() // who may not hide a note is not told: it is public
	n, r, err := s.comment(c.by, c.issue, body, hidden, parent)
	switch {
	case errors.Is(err, errNothingLeft):
		return noNoteAnswer(r)
	case err != nil && n == nil:
		return errorAnswer(err)
	case asDiscussion:
		n.thread = true
		return created(s.discussionREST(c, []*note{n}))
	}
	o := s.noteREST(c.issue, n)
	o["commands_changes"] = r.changes
	return created(o)
}

// noNoteAnswer answers a note of which nothing was left: 400 if no command could be applied.
func noNoteAnswer(r quickActionResult) apiAnswer {
	if len(r.failed) == r.found {
		return message(http.StatusBadRequest, "400 Bad request - "+strings.Join(r.failed, " "))
	}
	return apiAnswer{status: http.StatusAccepted, body: object{"commands_changes": r.changes, "summary": r.summary}}
}

func putNote(s *Server, c *apiCall) apiAnswer {
	if !c.params.has("body") {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "body is missing"}}
	}
	body, err := c.params.text("body")
	if err != nil {
		return errorAnswer(err)
	}
	r, err := s.editNote(c.by, c.issue, c.note, body)
	switch {
	case errors.Is(err, errNothingLeft):
		return noNoteAnswer(r)
	case err != nil:
		return errorAnswer(err)
	}
	return ok(s.noteREST(c.issue, c.note))
}

func removeNote(s *Server, c *apiCall) apiAnswer {
	if err := s.deleteNote(c.by, c.issue, c.note); err != nil {
		return errorAnswer(err)
	}
	return apiAnswer{status: http.StatusNoContent}
}

func (s *Server) discussionREST(c *apiCall, notes []*note) object {
	return object{
		"id": notes[0].discussion, "individual_note": !notes[0].thread,
		"notes": showAll(notes, func(n *note) object { return s.noteREST(c.issue, n) }),
	}
}

// threadsOf groups the notes that the caller may see by their discussion.
func threadsOf(c *apiCall) [][]*note {
	var threads [][]*note
	place := map[string]int{}
	for _, n := range notesOf(c) {
		at, known := place[n.discussion]
		if !known {
			at = len(threads)
			place[n.discussion] = at
			threads = append(threads, nil)
		}
		threads[at] = append(threads[at], n)
	}
	return threads
}

func listDiscussions(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, threadsOf(c), func(notes []*note) object { return s.discussionREST(c, notes) })
}

// findThread finds the discussion of the path, nil if there is none.
func findThread(c *apiCall) []*note {
	for _, notes := range threadsOf(c) {
		if notes[0].discussion == c.r.PathValue("discussion") {
			return notes
		}
	}
	return nil
}

func getDiscussion(s *Server, c *apiCall) apiAnswer {
	notes := findThread(c)
	if notes == nil {
		return notFound("Discussion ")
	}
	return ok(s.discussionREST(c, notes))
}

func postDiscussion(s *Server, c *apiCall) apiAnswer { return s.writeNote(c, nil, true) }

// postReply answers in a discussion; a plain note becomes the first of a thread.
func postReply(s *Server, c *apiCall) apiAnswer {
	notes := findThread(c)
	if notes == nil {
		return notFound("Discussion ")
	}
	if notes[0].system {
		return message(http.StatusBadRequest, "400 Bad request - Discussion can not be replied to")
	}
	return s.writeNote(c, notes[0], false)
}

func (s *Server) awardREST(c *apiCall, a *award) object {
	o := object{
		"id": a.id, "name": a.name, "user": s.userREST(a.user), "created_at": preciseTime(a.at), "updated_at": preciseTime(a.at),
		"awardable_id": c.issue.id, "awardable_type": classOf(c.issue), "url": nil,
	}
	if c.note != nil {
		o["awardable_id"], o["awardable_type"] = c.note.id, "Note"
	}
	return o
}

func listAwards(s *Server, c *apiCall) apiAnswer {
	return offsetPage(s, c, *awardsOf(c.issue, c.note), func(a *award) object { return s.awardREST(c, a) })
}

func postAward(s *Server, c *apiCall) apiAnswer {
	name, err := c.params.text("name")
	if err != nil {
		return errorAnswer(err)
	}
	if name == "" {
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": "name is missing"}}
	}
	a, err := s.react(c.by, c.issue, c.note, name)
	if err != nil {
		return notFound("Award Emoji " + err.Error() + " ")
	}
	return created(s.awardREST(c, a))
}

func removeAward(s *Server, c *apiCall) apiAnswer {
	id := parseID(c.r.PathValue("award"))
	for _, a := range *awardsOf(c.issue, c.note) {
		if a.id != id {
			continue
		}
		if a.user != c.by.user {
			return message(http.StatusForbidden, "403 Forbidden")
		}
		s.unreact(c.issue, c.note, a)
		return apiAnswer{status: http.StatusNoContent}
	}
	return notFound("Award Emoji ")
}
