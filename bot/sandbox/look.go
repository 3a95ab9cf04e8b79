package sandbox

import (
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Issue is all there is to know about an issue, as plain values. People are usernames.
type Issue struct {
	triage.Ref
	ID                 int64
	Path               string // of the project
	URL                string
	Type               string // "Issue", "Task", …
	Title, Description string
	State              string // "opened" or "closed"
	Status             string // its name, "" if it can have none
	Confidential       bool
	Locked             bool
	Labels             []string // in the order in which they came
	Weight             *int     // nil is none
	Author             string
	Assignees          []string
	Milestone          string // its title, "" is none
	Due                string // "2026-12-07", "" is none
	CreatedAt          time.Time
	UpdatedAt          time.Time
	ClosedAt           time.Time

	Awards       []Award
	Notes        []Note // oldest first, system notes among them
	LabelEvents  []Event
	WeightEvents []Event
	StateEvents  []Event
	// MilestoneEvents say what GitLab says: from one milestone to another only the one that came.
	MilestoneEvents []Event
	Links           []Link
}

// Note is a comment or one of GitLab's own notes about a change (System).
type Note struct {
	ID         int64
	Author     string
	Text       string
	Internal   bool
	System     bool
	Discussion string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Edited     bool // its text was changed
	Awards     []Award
}

// Award is a reaction.
type Award struct {
	ID   int64
	User string
	Name string
}

// Event is an entry of one of the resource event lists. Label and Added belong to label events, Milestone and Added to milestone events, Weight
// to weight events, State ("closed", "reopened") to state events.
type Event struct {
	ID        int64
	User      string
	At        time.Time
	Label     string
	Milestone string
	Added     bool
	Weight    *int
	State     string
}

// Link is a link to another issue, seen from this one. Kind is "relates_to", "blocks" or "is_blocked_by".
type Link struct {
	ID    int64
	Issue triage.Ref
	Kind  string
}

// Notification is a person being notified of a mention, by mail or to-do: on a note, or on the issue's description if Note is 0.
type Notification struct {
	User  string
	By    string
	Issue triage.Ref
	Note  int64
	At    time.Time
}

// Call is one API request. Line says it in short: method, thing, reference, parameters. Texts are left out. The method of a question in
// GraphQL is "QUERY", that of a change "MUTATION".
type Call struct {
	At     time.Time
	User   string     // "" if the token was not accepted
	Line   string     // "PUT issue 1#1 add_labels=UX"
	Issue  triage.Ref // zero if it is about none
	Status int        // what was answered, or would have been if the connection had not been cut; 0 if it was cut before
	Cut    bool
}

// User is a person or a bot.
type User struct {
	Username, Name string
	Level          int // of access, in every project
	Bot            bool
}

// Project is what issues are opened in.
type Project struct {
	ID         int64
	Path       string  // "group/project"
	Visibility string  // Private, Internal or Public
	Labels     []Label // the oldest first
	Milestones []string
}

// Label is a label of a project. Scope is what stands before its last "::", "" if there is none.
type Label struct{ Name, Scope, Description string }

// Has reports whether the issue carries the label.
func (i Issue) Has(label string) bool { return slices.Contains(i.Labels, label) }

// Comments are the notes without GitLab's own.
func (i Issue) Comments() []Note {
	return slices.DeleteFunc(slices.Clone(i.Notes), func(n Note) bool { return n.System })
}

// CommentsBy are one person's comments.
func (i Issue) CommentsBy(username string) []Note {
	return slices.DeleteFunc(i.Comments(), func(n Note) bool { return n.Author != username })
}

// Issue shows an issue as it is now; the zero Issue if there is none.
func (s *Server) Issue(ref triage.Ref) Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.issue(ref); i != nil {
		return s.viewOf(i, nil)
	}
	return Issue{}
}

// IssueFor shows an issue as somebody sees it: without the notes that are hidden from them. It is not ok if they see no such issue.
func (s *Server) IssueFor(username string, ref triage.Ref) (seen Issue, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i := s.userNamed(username), s.issue(ref)
	if u == nil || i == nil || !i.visible(u) {
		return Issue{}, false
	}
	return s.viewOf(i, u), true
}

// Issues shows all issues of a project, oldest first.
func (s *Server) Issues(project int64) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.project(project)
	if p == nil {
		return nil
	}
	list := make([]Issue, len(p.issues))
	for n, i := range p.issues {
		list[n] = s.viewOf(i, nil)
	}
	return list
}

// viewOf shows an issue as a user sees it, or all of it if the user is nil.
func (s *Server) viewOf(i *issue, u *user) Issue {
	seen := Issue{
		Ref: i.ref(), ID: i.id, Path: i.project.path, URL: s.issueURL(i), Type: i.kind, Title: i.title, Description: i.description,
		State: i.state(), Confidential: i.confidential, Locked: i.locked != nil && *i.locked, Labels: labelTitles(i.labels),
		Weight: i.weight, Due: i.due, Author: i.author.username, CreatedAt: i.created, UpdatedAt: i.updated, ClosedAt: i.closedAt,
		Awards: viewAwards(i.awards),
	}
	for _, assignee := range i.assignees {
		seen.Assignees = append(seen.Assignees, assignee.username)
	}
	if i.milestone != nil {
		seen.Milestone = i.milestone.title
	}
	if t := s.statusOf(i); t != nil {
		seen.Status = t.Name
	}
	for _, n := range i.notes {
		if u != nil && !n.visible(u) {
			continue
		}
		seen.Notes = append(seen.Notes, Note{
			ID: n.id, Author: n.author.username, Text: n.text, Internal: n.internal, System: n.system, Discussion: n.discussion,
			CreatedAt: n.created, UpdatedAt: n.updated, Edited: n.updatedBy != nil, Awards: viewAwards(n.awards),
		})
	}
	for _, e := range i.labelEvents {
		seen.LabelEvents = append(seen.LabelEvents, Event{ID: e.id, User: e.user.username, At: e.at, Label: e.label.name, Added: e.added})
	}
	for _, e := range i.weightEvents {
		seen.WeightEvents = append(seen.WeightEvents, Event{ID: e.id, User: e.user.username, At: e.at, Weight: e.weight})
	}
	for _, e := range i.stateEvents {
		seen.StateEvents = append(seen.StateEvents, Event{ID: e.id, User: e.user.username, At: e.at, State: e.state})
	}
	for _, e := range i.milestoneEvents {
		seen.MilestoneEvents = append(seen.MilestoneEvents, Event{ID: e.id, User: e.user.username, At: e.at, Milestone: e.milestone.title, Added: e.added})
	}
	for _, l := range i.links {
		other, kind := l.from(i)
		seen.Links = append(seen.Links, Link{ID: l.id, Issue: other.ref(), Kind: kind})
	}
	return seen
}

func viewAwards(awards []*award) []Award {
	var list []Award
	for _, a := range awards {
		list = append(list, Award{ID: a.id, User: a.user.username, Name: a.name})
	}
	return list
}

// from is the link's other end and its kind, seen from one of its ends.
func (l *link) from(i *issue) (*issue, string) {
	if l.source == i {
		return l.target, l.kind
	}
	if l.kind == "blocks" {
		return l.source, "is_blocked_by"
	}
	return l.source, l.kind
}

// Calls lists the last 10,000 API requests, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Writes lists what the bot changed through the API, oldest first: "PUT issue 1#1 add_labels=UX". Refused requests are not in it,
// those whose answer was cut off are.
func (s *Server) Writes() []string {
	return s.journalLines(func(c Call) bool { return !isRead(c.Line) && c.Status < 400 && c.Status != 0 })
}

// Reads lists what the bot read through the API, oldest first, refused requests included.
func (s *Server) Reads() []string {
	return s.journalLines(func(c Call) bool { return isRead(c.Line) })
}

func isRead(line string) bool {
	return strings.HasPrefix(line, "GET ") || strings.HasPrefix(line, queryMethod+" ")
}

func (s *Server) journalLines(want func(Call) bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, c := range s.calls {
		if c.User == s.bot.username && want(c) {
			lines = append(lines, c.Line)
		}
	}
	return lines
}

// Deliveries lists the webhooks, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, len(s.deliveries))
	for n, d := range s.deliveries {
		list[n] = *d
	}
	return list
}

// Notifications lists who was notified of a mention, oldest first.
func (s *Server) Notifications() []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notices)
}

// Hooks lists a project's webhooks.
func (s *Server) Hooks(project int64) []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.project(project)
	if p == nil {
		return nil
	}
	list := make([]Hook, len(p.hooks))
	for n, h := range p.hooks {
		list[n] = h.Hook
	}
	return list
}

// Users lists everybody, the bot first.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]User, len(s.users))
	for n, u := range s.users {
		list[n] = User{Username: u.username, Name: u.name, Level: u.level, Bot: u.bot}
	}
	return list
}

// Projects lists all projects, oldest first.
func (s *Server) Projects() []Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Project, len(s.projects))
	for n, p := range s.projects {
		list[n] = Project{ID: p.id, Path: p.path, Visibility: p.visibility}
		for _, l := range slices.Concat(p.labels, groupLabels(p.groups)) {
			list[n].Labels = append(list[n].Labels, Label{Name: l.name, Scope: labelScope(l.name), Description: l.description})
		}
		for _, m := range p.allMilestones() {
			list[n].Milestones = append(list[n].Milestones, m.title)
		}
	}
	return list
}

// BotUser is the username of the bot.
func (s *Server) BotUser() string { return s.opt.BotUser }

// Edition is what the instance can do.
func (s *Server) Edition() Edition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opt.Edition
}

// SetEdition changes what the instance can do, as a licence does that ends or is bought.
func (s *Server) SetEdition(e Edition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.Edition, s.schema = e, nil
}
