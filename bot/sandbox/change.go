package sandbox

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"flowkeeper/rules/triage"
)

// change is what one request wants of an issue. nil fields stay as they are.
type change struct {
	title, description *string
	kind               *string
	labels             *[]string // replaces all
	add, remove        []string
	weight             *weightTo
	assignees          *[]*user
	milestone          *milestoneTo
	due                *string // "" removes it
	confidential       *bool
	locked             *bool
	state              string // "close", "reopen" or ""
	status             *status
	duplicateOf        *issue
	react              []string
	replyTo            string // only of a new issue

	reviewers *[]*user // these and the following only of a merge request
	target    *string  // its target branch
	draft     *bool
	review    string // "approve", "unapprove" or ""
	merge     bool
}

// weightTo and milestoneTo tell "to nothing" from "not at all".
type (
	weightTo    struct{ value *int }
	milestoneTo struct{ value *milestone }
)

const (
	maxTitle       = 255
	maxDescription = 1_048_576
	maxNoteText    = 1_000_000
)

// open creates an issue and sends its hooks.
func (s *Server) open(by actor, p *project, c change) (*issue, error) {
	if len(p.issues) >= maxIssues {
		return nil, invalidError{"base", "the sandbox holds no more than 10000 issues in a project"}
	}
	if c.title == nil {
		c.title = new(string)
	}
	now := s.now()
	i := &issue{id: s.nextID(), iid: p.nextIID(), project: p, kind: "Issue", author: by.user, created: now, updated: now, replyTo: c.replyTo}
	if err := s.prepare(by, i, &c); err != nil {
		return nil, err
	}
	p.issues = append(p.issues, i)
	closing := c.state == "close"
	s.applyChange(by, i, c, now)
	i.editedAt, i.editedBy = time.Time{}, nil
	s.noticeMentions(i, nil, by.user, "", i.description, now)
	s.sendIssue(by, i, "open", initialChanges(s.issueAttrs(i, preciseTime)))
	if closing {
		before := s.snapshot(i)
		i.updated = s.nextChangeTime(i)
		s.setState(by, i, "close", nil, i.updated)
		s.sendIssue(by, i, "close", stateDiff(before, s.snapshot(i)))
	}
	s.awardAll(by, i, c.react)
	s.notify()
	return i, nil
}

// update changes an issue with all that GitLab does besides: one delivery with everything that changed, or two if the state did.
// Even a change that changes nothing is delivered.
func (s *Server) update(by actor, i *issue, c change) error {
	if i.request != nil {
		return s.updateRequest(by, i.request, c)
	}
	if err := s.prepare(by, i, &c); err != nil {
		return err
	}
	s.resolveStatus(by, i, &c)
	before := s.snapshot(i)
	wasDescription := i.description
	if to := i.closed; c.state == "close" && !to || c.state == "reopen" && to {
		i.updated, i.updatedBy = s.nextChangeTime(i), by.user
		s.setState(by, i, c.state, c.status, i.updated)
		s.sendIssue(by, i, c.state, stateDiff(before, s.snapshot(i)))
	}
	at := s.nextChangeTime(i)
	common := s.applyChange(by, i, c, at)
	if c.status != nil && s.changeStatus(by, i, s.statusOf(i), c.status, at) || common {
		i.updated, i.updatedBy = at, by.user
	}
	if c.description != nil {
		s.noticeMentions(i, nil, by.user, wasDescription, i.description, i.updated)
	}
	s.sendIssue(by, i, "update", diffSnapshots(before, s.snapshot(i)))
	if c.duplicateOf != nil { // which no hook tells
		i.duplicateOf, i.updated = c.duplicateOf, s.nextChangeTime(i)
	}
	s.awardAll(by, i, c.react)
	s.notify()
	return nil
}

// prepare checks a change, drops from it what the user or the edition cannot do, and adds the quick actions of the description.
func (s *Server) prepare(by actor, i *issue, c *change) error {
	if !by.mayUpdate(i) {
		return forbiddenError{"change this " + i.ref().Kind.String()}
	}
	if c.description != nil {
		if len(*c.description) > maxDescription {
			return invalidError{"description", "is too long (maximum is 1048576 characters)"}
		}
		text := s.extractQuickActions(by, i, *c.description, c).text
		c.description = &text
	}
	if i.request != nil {
		s.reduceRequestChange(by, i.request, c)
	}
	if c.title != nil {
		title := strings.TrimSpace(*c.title)
		switch {
		case title == "":
			return invalidError{"title", "can't be blank"}
		case utf8.RuneCountInString(title) > maxTitle:
			return invalidError{"title", "is too long (maximum is 255 characters)"}
		}
		c.title = &title
	}
	if c.due != nil && dueDate(*c.due) != nil {
		return dueDate(*c.due)
	}
	if c.weight != nil && c.weight.value != nil && *c.weight.value < 0 {
		return invalidError{"weight", "must be greater than or equal to 0"}
	}
	// Guests may label and assign what they create, and only that.
	if creating := i.title == ""; i.request == nil && !by.canPlan() && (!creating || by.level < Guest) {
		c.labels, c.add, c.remove, c.weight, c.assignees, c.milestone, c.due, c.locked = nil, nil, nil, nil, nil, nil, nil, nil
	}
	if s.opt.Edition != Premium {
		c.weight = nil
		if c.assignees != nil && len(*c.assignees) > 1 {
			first := (*c.assignees)[:1]
			c.assignees = &first
		}
	}
	return nil
}

// applyChange writes a checked change to the issue, with its events and system notes, and reports whether anything is different.
func (s *Server) applyChange(by actor, i *issue, c change, at time.Time) bool {
	different := false
	fresh := i.title == ""
	if c.title != nil && *c.title != i.title {
		if !fresh {
			s.systemNote(by, i, titleNote(i, *c.title), at)
		}
		i.title, i.editedAt, i.editedBy, different = *c.title, at, by.user, true
	}
	if c.description != nil && *c.description != i.description {
		if !fresh {
			for _, said := range describeEdit(i.description, *c.description) {
				s.systemNote(by, i, said, at)
			}
		}
		i.description, i.editedAt, i.editedBy, different = *c.description, at, by.user, true
	}
	if c.kind != nil && *c.kind != i.kind {
		i.kind, different = *c.kind, true
	}
	if c.confidential != nil && *c.confidential != i.confidential {
		i.confidential, different = *c.confidential, true
		if !fresh {
			s.systemNote(by, i, "changed the confidentiality", at)
		}
	}
	if c.locked != nil && (i.locked == nil || *c.locked != *i.locked) {
		i.locked, different = c.locked, true
	}
	if c.weight != nil && !triage.SameWeight(c.weight.value, i.weight) {
		i.weight, different = c.weight.value, true
		i.weightEvents = append(i.weightEvents, weightEvent{s.nextID(), by.user, at, i.weight})
	}
	if c.milestone != nil && c.milestone.value != i.milestone {
		before := i.milestone
		i.milestone, different = c.milestone.value, true
		s.recordMilestone(by, i, before, at)
	}
	if c.due != nil && *c.due != i.due {
		i.due, different = *c.due, true
		s.systemNote(by, i, dueNote(i.due), at)
	}
	if c.assignees != nil && !slices.Equal(*c.assignees, i.assignees) {
		s.systemNote(by, i, assigneeNote(i.assignees, *c.assignees), at)
		i.assignees, different = *c.assignees, true
	}
	if s.relabel(by, i, c, at) {
		different = true
	}
	return different
}

// titleNote is GitLab's system note for another title.
func titleNote(i *issue, title string) string {
	if i.request != nil && isDraft(title) != isDraft(i.title) {
		return "marked this merge request as **" + map[bool]string{true: "draft", false: "ready"}[isDraft(title)] + "**"
	}
	return "changed title from **" + i.title + "** to **" + title + "**"
}

// mayUpdate reports whether the user may change the texts and the state of an issue or a merge request. Who creates one may.
func (a actor) mayUpdate(i *issue) bool {
	if i.request != nil {
		return i.title == "" || i.request.mayUpdate(a.user)
	}
	return a.canPlan() || a.user == i.author
}

// assigneeNote is GitLab's system note for a change of assignees.
func assigneeNote(before, after []*user) string {
	var words []string
	for _, u := range after {
		if !slices.Contains(before, u) {
			words = append(words, "assigned to @"+u.username)
		}
	}
	for _, u := range before {
		if !slices.Contains(after, u) {
			words = append(words, "unassigned @"+u.username)
		}
	}
	return strings.Join(words, " and ")
}

// dueDate checks a due date: "" is none.
func dueDate(day string) error {
	if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
		return badParam{"due_date"}
	}
	return nil
}

// dueNote is GitLab's system note for a change of the due date.
func dueNote(day string) string {
	if day == "" {
		return "removed due date"
	}
	return "changed due date to " + longDate(day)
}

// longDate writes a day as GitLab's notes do: "December 7, 2026".
func longDate(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Format("January 2, 2006")
}

// setState closes or reopens an issue. It gets a status of that state with it, the default one if to is nil.
func (s *Server) setState(by actor, i *issue, event string, to *status, at time.Time) {
	before := s.statusOf(i)
	if event == "close" {
		i.closed, i.closedAt, i.closedBy = true, at, by.user
		i.stateEvents = append(i.stateEvents, stateEvent{s.nextID(), by.user, at, "closed"})
	} else {
		i.closed, i.closedAt, i.closedBy, i.duplicateOf = false, time.Time{}, nil, nil
		i.stateEvents = append(i.stateEvents, stateEvent{s.nextID(), by.user, at, "reopened"})
	}
	s.changeStatus(by, i, before, to, at)
}

// stateDiff is what the delivery of a closing or reopening reports. That the status has changed is reported only by the one behind it.
func stateDiff(before, after object) object {
	diff := diffSnapshots(before, after)
	delete(diff, "status")
	return diff
}

// nextChangeTime is the time of the issue's next change: never the same twice, whatever the clock says.
func (s *Server) nextChangeTime(i *issue) time.Time {
	now := s.now()
	if !now.After(i.updated) {
		return i.updated.Add(time.Millisecond)
	}
	return now
}

// systemNote records what GitLab writes about a change. Nobody is notified and no hook is sent.
func (s *Server) systemNote(by actor, i *issue, text string, at time.Time) {
	id := s.nextID()
	i.notes = append(i.notes, &note{id: id, author: by.user, text: text, system: true, discussion: discussionID(id), created: at, updated: at})
}
