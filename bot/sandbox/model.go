package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

type user struct {
	id             int64
	username, name string
	level          int            // of access, in every project
	levels         map[string]int // of access in a group or project of this path and below, where it is another
	bot            bool
	denied         string // what the API says to the user instead of an answer; "" lets the user in
}

// canPlan reports whether the user may label, weigh and close other people's issues and see confidential ones.
func (u *user) canPlan() bool { return u.level >= Planner }

type project struct {
	id         int64
	path       string   // "group/project"
	groups     []*group // it belongs to, the nearest first
	visibility string   // Private, Internal or Public
	labels     []*label
	milestones []*milestone
	hooks      []*hook
	issues     []*issue
	requests   []*mergeRequest
	lastIID    int64    // of a merge request, which a deleted one keeps to itself
	forkOf     *project // nil if it is no fork
	desk       bool     // it has a Service Desk
	archived   bool     // it can only be read
	noIssues   bool     // issues are switched off
	noRequests bool     // merge requests are switched off

	noAutoClose   bool // merging closes none of its issues
	approvals     int  // how many approvals a merge request needs
	keepApprovals bool // a push takes no approval away
}

type label struct {
	id                       int64
	name, color, description string
	created                  time.Time
	archived                 bool
	groupID                  int64 // 0 of a project
}

type issue struct {
	id, iid            int64
	project            *project
	request            *mergeRequest // the merge request that this is the common part of; nil for an issue
	kind               string        // "Issue", "Task", "Incident" or a custom name
	title, description string
	closed             bool
	confidential       bool
	locked             *bool // nil until somebody locks or unlocks
	labels             []*label
	weight             *int
	due                string // "2026-12-07", "" is none
	health             string // "on_track", "needs_attention" or "at_risk"; "" is none
	iteration          *Iteration
	author             *user
	assignees          []*user
	milestone          *milestone
	movedTo            *issue
	duplicateOf        *issue
	status             *status  // one that somebody chose, nil for the default of the state
	replyTo            string   // the customer, of a Service Desk ticket
	participants       []string // mail addresses of people outside

	created, updated, closedAt, editedAt time.Time
	closedBy, editedBy, updatedBy        *user

	notes           []*note
	awards          []*award
	labelEvents     []labelEvent
	weightEvents    []weightEvent
	stateEvents     []stateEvent
	milestoneEvents []milestoneEvent
	links           []*link
}

func (i *issue) ref() triage.Ref {
	ref := triage.Ref{Project: i.project.id, IID: i.iid}
	if i.request != nil {
		ref.Kind = triage.SubjectMergeRequest
	}
	return ref
}

func (i *issue) state() string {
	if i.request != nil {
		return i.request.mergeState()
	}
	if i.closed {
		return "closed"
	}
	return "opened"
}

// visible reports whether the user may see the issue at all.
func (i *issue) visible(u *user) bool {
	return !i.confidential || u.canPlan() || u == i.author || slices.Contains(i.assignees, u)
}

type note struct {
	id               int64
	author           *user
	text             string
	internal, system bool
	discussion       string
	thread           bool // part of a discussion, not an individual note
	created, updated time.Time
	updatedBy        *user
	awards           []*award
}

// visible reports whether the user may see the note.
func (n *note) visible(u *user) bool { return !n.internal || u.canPlan() || u == n.author }

type award struct {
	id   int64
	name string
	user *user
	at   time.Time
}

type labelEvent struct {
	id    int64
	user  *user
	at    time.Time
	label *label
	added bool
}

type weightEvent struct {
	id     int64
	user   *user
	at     time.Time
	weight *int
}

type stateEvent struct {
	id    int64
	user  *user
	at    time.Time
	state string // "closed" or "reopened"
}

type milestoneEvent struct {
	id        int64
	user      *user
	at        time.Time
	milestone *milestone
	added     bool
}

type link struct {
	id             int64
	source, target *issue
	kind           string // "relates_to" or "blocks"
	at             time.Time
}

// actor is who makes a change and by which way.
type actor struct {
	*user
	legacy bool   // through the REST API, where every type is still called an issue
	chain  string // the X-Gitlab-Event-UUID of the request that caused the change, or ""
	mail   string // the address of who wrote a mail
}

func (s *Server) userNamed(username string) *user {
	for _, u := range s.users {
		if strings.EqualFold(u.username, username) {
			return u
		}
	}
	return nil
}

func (s *Server) userID(id int64) *user {
	for _, u := range s.users {
		if u.id == id {
			return u
		}
	}
	return nil
}

// projectNamed finds a project by its numeric id or its path.
func (s *Server) projectNamed(idOrPath string) *project {
	id, err := strconv.ParseInt(idOrPath, 10, 64)
	for _, p := range s.projects {
		if err == nil && p.id == id || strings.EqualFold(p.path, idOrPath) {
			return p
		}
	}
	return nil
}

func (s *Server) project(id int64) *project {
	return s.projectNamed(strconv.FormatInt(id, 10))
}

// issue finds an issue, or what a merge request has in common with one.
func (s *Server) issue(ref triage.Ref) *issue {
	p := s.project(ref.Project)
	if p == nil {
		return nil
	}
	if ref.Kind == triage.SubjectIssue {
		return p.issue(ref.IID)
	}
	if m := p.mergeRequest(ref.IID); m != nil {
		return m.issue
	}
	return nil
}

// issue finds an issue by its number. They are kept in that order; an import may leave numbers out.
func (p *project) issue(iid int64) *issue {
	n, found := slices.BinarySearchFunc(p.issues, iid, func(i *issue, iid int64) int { return cmp.Compare(i.iid, iid) })
	if !found {
		return nil
	}
	return p.issues[n]
}

func (p *project) nextIID() int64 {
	if len(p.issues) == 0 {
		return 1
	}
	return p.issues[len(p.issues)-1].iid + 1
}

// label is the label of that name that issues of the project can carry: its own, else one of the groups above it.
func (p *project) label(name string) *label {
	for _, l := range slices.Concat(p.labels, groupLabels(p.groups)) {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (i *issue) note(id int64) *note {
	for _, n := range i.notes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// invalidError is a value that GitLab's model refuses: 400 with the field and what is wrong with it.
type invalidError struct{ field, problem string }

func (e invalidError) Error() string { return fmt.Sprintf("%s %s", e.field, e.problem) }

// forbiddenError is a change that the user may not make: 403.
type forbiddenError struct{ what string }

func (e forbiddenError) Error() string { return "not allowed to " + e.what }
