package webhook

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// maxList is the number of labels or assignees up to which a payload counts as complete.
const maxList = 1000

// stateOpened and stateClosed are GitLab's numbers for the states of an issue.
const stateOpened, stateClosed = 1, 2

// setSubject finds out which issue or merge request the delivery is about.
func (d *Delivery) setSubject(p *payload, i *issue) error {
	project := firstID(p.ProjectID, i.ProjectID)
	if p.Project != nil {
		project = firstID(p.Project.ID, p.ProjectID, i.ProjectID)
		d.Issue.Path = cleanText(p.Project.Path, maxURL)
	}
	d.Issue.Ref = triage.Ref{Project: project, Kind: p.subjectKind(), IID: firstID(i.IID)}
	d.Issue.ID = firstID(i.ID)
	d.Issue.URL = cleanText(i.URL, maxURL)
	switch {
	case project == 0 && p.Project == nil:
		return ignoredEpic()
	case project == 0:
		return ignoredIncomplete("id of the project")
	case d.Issue.IID == 0:
		return ignoredIncomplete("number (iid) of the " + strings.ReplaceAll(d.Issue.Kind.String(), "_", " "))
	}
	return nil
}

// setSnapshot takes the issue's state from the payload, if the payload shows enough of it.
func (d *Delivery) setSnapshot(p *payload, i *issue) {
	if !i.isWhole() || len(p.Assignees) > maxList {
		return
	}
	s := &d.Issue
	s.Type = cleanText(i.Type, maxName)
	s.Title = cleanText(i.Title, maxName)
	s.Closed = i.State == "closed" || i.State == "" && i.StateID.value == stateClosed
	// The event of a note is confidential also if only the note is.
	s.Confidential = i.Confidential || p.Kind != "note" && strings.HasPrefix(p.EventType, "confidential_")
	s.Moved = firstID(i.MovedToID) != 0
	s.Duplicated = firstID(i.DuplicatedTo) != 0
	s.Status, s.StatusName = i.Status.category, i.Status.name
	s.Labels = titles(i.Labels)
	s.Weight = i.Weight.pointer()
	s.NoWeights = i.Weight.state == numberAbsent
	s.Author = d.personOf(firstID(i.AuthorID))
	s.ServiceDesk = s.Type == triage.Ticket || s.Author.IsSupportBot()
	s.Assignees = d.assignees(p, i)
	s.Milestone = firstID(i.MilestoneID)
	s.DueDate, s.HealthStatus = i.DueDate.day(), string(i.HealthStatus)
	s.CreatedAt = i.CreatedAt.at
	s.UpdatedAt = i.UpdatedAt.at
	s.SecondPrecision = i.UpdatedAt.coarse
}

// isWhole reports whether the payload shows enough of the issue to be relied on. GitLab before 13 leaves the labels out.
func (i *issue) isWhole() bool {
	return i.Labels != nil && len(i.Labels) <= maxList &&
		len(i.AssigneeIDs) <= maxList &&
		i.Weight.state != numberWrong &&
		!i.UpdatedAt.at.IsZero() &&
		(i.State != "" || i.StateID.value != 0)
}

// forgetSnapshot leaves of the issue what names it.
func (d *Delivery) forgetSnapshot() {
	i := d.Issue
	d.Issue = triage.Issue{Ref: i.Ref, ID: i.ID, Path: i.Path, URL: i.URL}
}

// assignees are the people of the payload's list, which has their names, else those whose ids the issue has.
func (d *Delivery) assignees(p *payload, i *issue) []triage.Person {
	var all []triage.Person
	add := func(p triage.Person) {
		if p != (triage.Person{}) && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, a := range p.Assignees {
		add(a.person())
	}
	if all == nil && p.Assignee != nil {
		add(p.Assignee.person())
	}
	if all == nil {
		for _, id := range i.AssigneeIDs {
			add(d.personOf(firstID(id)))
		}
	}
	if all == nil {
		add(d.personOf(firstID(i.AssigneeID)))
	}
	return all
}

// personOf is the person with the id, with the name if it is the actor.
func (d *Delivery) personOf(id int64) triage.Person {
	if id != 0 && id == d.Event.Actor.ID {
		return d.Event.Actor
	}
	return triage.Person{ID: id}
}

func (p person) person() triage.Person {
	return triage.Person{ID: firstID(p.ID), Username: cleanText(p.Username, maxName)}
}
