package webhook

import (
	"net/http"
	"slices"
	"time"

	"flowkeeper/bot/closing"
	"flowkeeper/rules/triage"
)

// mergeRequestPayload holds the keys of a merge request's event that no other event has. GitLab leaves out the keys of people where there are
// none, "source" is null when the fork was deleted, and "last_commit" when the branch has no commit.
type mergeRequestPayload struct {
	Project struct {
		DefaultBranch string `json:"default_branch"`
		URL           string `json:"web_url"`
	} `json:"project"`
	Object struct {
		Description     string `json:"description"`
		TargetProjectID number `json:"target_project_id"`
		Draft           *bool  `json:"draft"`
		WorkInProgress  bool   `json:"work_in_progress"`
		SourceBranch    string `json:"source_branch"`
		TargetBranch    string `json:"target_branch"`
		LastCommit      struct {
			ID string `json:"id"`
		} `json:"last_commit"`
		MergedAt   moment   `json:"merged_at"`
		ActionedAt moment   `json:"actioned_at"` // since 2026: when what the event tells of was done
		System     bool     `json:"system"`
		Reviewers  []number `json:"reviewer_ids"`
	} `json:"object_attributes"`
	Reviewers []person `json:"reviewers"`
}

// mergeRequestStates are GitLab's numbers for the states of a merge request.
var mergeRequestStates = map[int64]triage.MergeRequestState{
	1: triage.MROpened, 2: triage.MRClosed, 3: triage.MRMerged, 4: triage.MRLocked,
}

func (d *Delivery) readMergeRequest(key string, p *payload, body []byte) error {
	more, odd := unmarshal[mergeRequestPayload](body)
	if firstID(p.Object.ProjectID) == 0 {
		p.Object.ProjectID = more.Object.TargetProjectID
	}
	if err := d.setSubject(p, &p.Object.issue); err != nil {
		return err
	}
	o := &p.Object
	action := cleanText(o.Action, maxName)
	if action == "" {
		// GitLab takes the project's newest merge request for it, whatever is the matter with that.
		return &Ignored{ClassTest, "the webhook works; nothing happened to this merge request"}
	}
	if more.Object.System {
		d.Event.Actor = triage.Person{} // GitLab names whoever pushed for what it did itself
	}
	if o.Labels == nil {
		o.Labels = p.Labels
	}
	if odd == nil {
		d.setMergeRequest(p, more)
	}
	d.Event.Kind = triage.Updated
	switch action {
	case "open":
		d.Event.Kind = triage.Opened
	case "close", "merge":
		d.Event.Kind |= triage.Closed
	case "reopen":
		d.Event.Kind |= triage.Reopened
	}
	d.Event.Changes = p.Changes.facts()
	d.Event.Changes.ClosedAt = time.Time{}
	d.Event.Kind |= p.Changes.kinds(d.Event.Changes) &^ triage.WeightChanged
	d.Event.At = firstMoment(o.UpdatedAt, o.CreatedAt)
	// Approvals and reviews that are asked for again change nothing that is told, and may come with an old time: without a time of its own, one of
	// them looks like a repetition of another.
	stamp := more.Object.ActionedAt.at
	if stamp.IsZero() && p.Changes.known && !p.Changes.isEmpty() {
		stamp = o.UpdatedAt.at
	}
	d.setKeys(key, p, action, stamp, more.Object.LastCommit.ID)
	return nil
}

// setMergeRequest takes the merge request's state from the payload, if the payload shows enough of it.
func (d *Delivery) setMergeRequest(p *payload, more *mergeRequestPayload) {
	i, o := &p.Object.issue, &more.Object
	state := triage.MergeRequestState(i.State)
	if state == "" {
		state = mergeRequestStates[i.StateID.value]
	}
	whole := i.Labels != nil && len(i.Labels) <= maxList && len(i.AssigneeIDs) <= maxList && len(p.Assignees) <= maxList &&
		len(more.Reviewers) <= maxList && len(o.Reviewers) <= maxList && !i.UpdatedAt.at.IsZero() && o.TargetBranch != ""
	if !whole || !state.Known() {
		return
	}
	s := &d.Issue
	s.Title = cleanText(i.Title, maxName)
	s.Closed = state == triage.MRClosed || state == triage.MRMerged
	s.Labels = titles(i.Labels)
	s.NoWeights = true
	s.Author = d.personOf(firstID(i.AuthorID))
	s.Assignees = d.assignees(p, i)
	s.Milestone = firstID(i.MilestoneID)
	s.CreatedAt, s.UpdatedAt, s.SecondPrecision = i.CreatedAt.at, i.UpdatedAt.at, i.UpdatedAt.coarse
	draft := o.WorkInProgress
	if o.Draft != nil {
		draft = *o.Draft
	}
	closes := closing.Read(s.Title, o.Description, closing.SourceOf(s.Path, more.Project.URL))
	s.MergeRequest = &triage.MergeRequestDetails{
		State: state, Draft: draft,
		SourceBranch: cleanText(o.SourceBranch, maxName), TargetBranch: cleanText(o.TargetBranch, maxName),
		ToDefault: o.TargetBranch == more.Project.DefaultBranch,
		Reviewers: d.reviewers(more), Head: cleanText(o.LastCommit.ID, maxName), MergedAt: o.MergedAt.at,
		References: closes.Issues, External: closes.External, Mentions: closes.Mentions, Digest: closing.Digest(i.Title, o.Description),
	}
}

// reviewers are the people of the payload's list, else those whose ids the merge request has.
func (d *Delivery) reviewers(more *mergeRequestPayload) []triage.Person {
	var all []triage.Person
	add := func(p triage.Person) {
		if p != (triage.Person{}) && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, r := range more.Reviewers {
		add(r.person())
	}
	if all == nil {
		for _, id := range more.Object.Reviewers {
			add(d.personOf(firstID(id)))
		}
	}
	return all
}

// readMergeRequestNote reads that somebody wrote on a merge request. What they wrote is not looked at: there are no commands there.
func (d *Delivery) readMergeRequestNote(key string, p *payload) error {
	o := &p.Object
	if err := d.setSubject(p, &issue{ID: p.MergeRequest.ID, IID: p.MergeRequest.IID}); err != nil {
		return err
	}
	if d.Event.Actor.ID == 0 {
		d.Event.Actor.ID = firstID(o.AuthorID)
	}
	d.Event.Kind, d.Event.At = triage.Noted, firstMoment(o.CreatedAt, o.UpdatedAt)
	d.Event.Note = &triage.Note{ID: firstID(o.ID), Internal: isInternal(http.Header{}, p), Edited: o.Action == "update"}
	d.setKeys(key, p, cleanText(o.Action, maxName), d.Event.At, "")
	return nil
}

// isOnMergeRequest reports whether a note stands on a merge request.
func (p *payload) isOnMergeRequest() bool {
	return p.Kind == "note" && p.Object.NoteableType == "MergeRequest" && p.MergeRequest != nil && firstID(p.MergeRequest.IID) > 0
}

// subjectKind is what the event is about.
func (p *payload) subjectKind() triage.SubjectKind {
	if p.Kind == triage.SubjectMergeRequest.String() || p.isOnMergeRequest() {
		return triage.SubjectMergeRequest
	}
	return triage.SubjectIssue
}
