package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Move moves an issue to another project, as a person, and gives the new one. GitLab opens the new issue, with the author and the time of
// creation of the old one, copies comments, reactions and events with their authors and times, and closes the old one. That it was moved
// shows on the old one only after its hook was sent.
func (s *Server) Move(username string, ref triage.Ref, project int64) (triage.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("moving issue %s as %s: %w", ref, username, err)
	}
	made, err := s.move(actor{user: u}, i, s.project(project))
	if err != nil {
		return triage.Ref{}, fmt.Errorf("moving issue %s as %s: %w", ref, username, err)
	}
	return made.ref(), nil
}

// Clone makes a copy of an issue in a project, as a person, with its comments if notes is set, and gives the new one. The old one stays.
func (s *Server) Clone(username string, ref triage.Ref, project int64, notes bool) (triage.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("cloning issue %s as %s: %w", ref, username, err)
	}
	made, err := s.clone(actor{user: u}, i, s.project(project), notes)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("cloning issue %s as %s: %w", ref, username, err)
	}
	return made.ref(), nil
}

func (s *Server) move(by actor, i *issue, to *project) (*issue, error) {
	if to == nil || to == i.project || i.movedTo != nil {
		return nil, invalidError{"base", "Cannot move issue to project it originates from!"}
	}
	made, err := s.copyOf(by, i, to, i.author, i.created)
	if err != nil {
		return nil, err
	}
	s.copyComments(made, i)
	s.copyEvents(made, i)
	now := s.nextChangeTime(made)
	s.systemNote(by, made, fmt.Sprintf("moved from %s#%d", i.project.path, i.iid), now)
	s.systemNote(by, i, fmt.Sprintf("moved to %s#%d", to.path, made.iid), now)
	if !i.closed {
		before := s.snapshot(i)
		i.updated = s.nextChangeTime(i)
		var to *status
		if l := s.lifecycleOf(i); l != nil {
			to = l.duplicate
		}
		s.setState(by, i, "close", to, i.updated)
		s.sendIssue(by, i, "close", stateDiff(before, s.snapshot(i)))
	}
	i.movedTo = made
	s.notify()
	return made, nil
}

func (s *Server) clone(by actor, i *issue, to *project, notes bool) (*issue, error) {
	if to == nil {
		return nil, invalidError{"base", "Cannot clone issue to target project"}
	}
	made, err := s.copyOf(by, i, to, by.user, s.now())
	if err != nil {
		return nil, err
	}
	if notes {
		s.copyComments(made, i)
	}
	s.copyEvents(made, i)
	s.systemNote(by, made, fmt.Sprintf("cloned from %s#%d", i.project.path, i.iid), s.nextChangeTime(made))
	s.notify()
	return made, nil
}

// copyOf opens an issue that says what another one says.
func (s *Server) copyOf(by actor, i *issue, to *project, author *user, created time.Time) (*issue, error) {
	if !by.canPlan() || !to.visible(by.user) || by.levelIn(to.path) < Planner || to.archived {
		return nil, forbiddenError{"move this issue"}
	}
	if len(to.issues) >= maxIssues {
		return nil, invalidError{"base", "the sandbox holds no more than 10000 issues in a project"}
	}
	made := *i
	made.id, made.iid, made.project, made.author, made.created, made.updated = s.nextID(), to.nextIID(), to, author, created, s.now()
	made.notes, made.awards, made.labelEvents, made.weightEvents, made.stateEvents, made.milestoneEvents, made.links = nil, nil, nil, nil, nil, nil, nil
	made.milestone = nil
	if i.milestone != nil { // one of that title, if the other project may have it
		made.milestone = to.milestoneTitled(i.milestone.title)
	}
	made.labels = s.labelsNamed(by, to, labelTitles(i.labels), made.updated)
	to.issues = append(to.issues, &made)
	s.sendIssue(by, &made, "open", initialChanges(s.issueAttrs(&made, preciseTime)))
	return &made, nil
}

// copyComments copies comments and reactions, with their authors and times.
func (s *Server) copyComments(to, from *issue) {
	to.awards = s.copyAwards(from.awards)
	threads := map[string]string{}
	for _, n := range from.notes {
		c := *n
		c.id, c.awards = s.nextID(), s.copyAwards(n.awards)
		if threads[n.discussion] == "" {
			threads[n.discussion] = discussionID(c.id)
		}
		c.discussion = threads[n.discussion]
		c.text = strings.ReplaceAll(c.text, " #", " "+from.project.path+"#") // references are rewritten
		to.notes = append(to.notes, &c)
	}
}

func (s *Server) copyAwards(awards []*award) []*award {
	copied := slices.Clone(awards)
	for n, a := range copied {
		c := *a
		c.id = s.nextID()
		copied[n] = &c
	}
	return copied
}

// copyEvents copies who changed labels, weight, state and milestone, and when.
func (s *Server) copyEvents(to, from *issue) {
	for _, e := range from.labelEvents {
		e.id = s.nextID()
		to.labelEvents = append(to.labelEvents, e)
	}
	for _, e := range from.weightEvents {
		e.id = s.nextID()
		to.weightEvents = append(to.weightEvents, e)
	}
	for _, e := range from.stateEvents {
		e.id = s.nextID()
		to.stateEvents = append(to.stateEvents, e)
	}
	for _, e := range from.milestoneEvents {
		e.id = s.nextID()
		to.milestoneEvents = append(to.milestoneEvents, e)
	}
}

func movedTo(i *issue) any {
	if i.movedTo == nil {
		return nil
	}
	return i.movedTo.id
}

// targetProject is the project that a request names, by its number alone. Whether the caller may see it is asked later.
func (s *Server) targetProject(c *apiCall) (*project, error) {
	id, err := c.params.number("to_project_id")
	if err == nil && id == nil {
		err = badParam{"to_project_id"}
	}
	if err != nil {
		return nil, err
	}
	return s.project(*id), nil
}

func postMove(s *Server, c *apiCall) apiAnswer {
	to, err := s.targetProject(c)
	if err != nil {
		return errorAnswer(err)
	}
	if to == nil {
		return notFound("Project ")
	}
	made, err := s.move(c.by, c.issue, to)
	if err != nil {
		return message(http.StatusBadRequest, "400 Bad request - "+movingProblem(err))
	}
	return apiAnswer{status: http.StatusCreated, body: s.issueREST(made)}
}

// movingProblem is what GitLab says of an issue that cannot be moved.
func movingProblem(err error) string {
	if _, denied := errors.AsType[forbiddenError](err); denied {
		return "Cannot move issue due to insufficient permissions!"
	}
	return "Cannot move issue to project it originates from!"
}

func postClone(s *Server, c *apiCall) apiAnswer {
	to, err := s.targetProject(c)
	if err != nil {
		return errorAnswer(err)
	}
	notes, err := c.params.flag("with_notes")
	if err != nil {
		return errorAnswer(err)
	}
	made, err := s.clone(c.by, c.issue, to, notes != nil && *notes)
	if err != nil {
		return errorAnswer(err)
	}
	return apiAnswer{status: http.StatusCreated, body: s.issueREST(made)}
}
