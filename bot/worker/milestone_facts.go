package worker

import (
	"context"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// milestoneFacts are what GitLab tells of the issue's milestone, and which one follows it. What is known of GitLab's filters
// stays.
func (j *job) milestoneFacts(ctx context.Context, known triage.MilestoneFacts) (triage.MilestoneFacts, error) {
	facts := triage.MilestoneFacts{ID: j.snap.issue.Milestone}
	if known.ID == facts.ID {
		facts.Upcoming, facts.Started = known.Upcoming, known.Started
	}
	all, err := j.reads.Milestones(ctx, j.batch.Issue.Project)
	if err != nil {
		return facts, err
	}
	var open []planning.MilestoneDates
	for _, m := range all {
		if m.ID == facts.ID {
			facts.Title, facts.Start, facts.Due = m.Title, m.Start.String(), m.Due.String()
		}
		if m.ID == facts.ID || !m.Closed {
			open = append(open, m.MilestoneDates)
		}
	}
	if next, ok := planning.NextMilestone(open, facts.Title, planning.DateOf(j.now().UTC())); ok {
		facts.Next = next.Title
	}
	return facts, nil
}
