package backtest

import (
	"context"
	"sync"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// milestones are those of the project with their dates of today, read once, when a rule first asks for one.
type milestones struct {
	gitlab  GitLab
	project int64

	mu   sync.Mutex
	read bool
	all  []gitlab.Milestone
}

func (m *milestones) list(ctx context.Context) ([]gitlab.Milestone, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.read {
		return m.all, nil
	}
	all, err := m.gitlab.Milestones(ctx, m.project)
	if err == nil {
		m.all, m.read = all, true
	}
	return all, err
}

// facts are what GitLab would have told of a milestone at a time. One that is closed now was open until it was due.
func (m *milestones) facts(ctx context.Context, id int64, now time.Time) (triage.MilestoneFacts, error) {
	facts := triage.MilestoneFacts{ID: id}
	all, err := m.list(ctx)
	if err != nil {
		return facts, err
	}
	var dates []planning.MilestoneDates
	for _, one := range all {
		if one.ID == id {
			facts.Title, facts.Start, facts.Due = one.Title, one.Start.String(), one.Due.String()
		}
		dates = append(dates, one.MilestoneDates)
	}
	if next, ok := planning.NextMilestone(dates, facts.Title, planning.DateOf(now.UTC())); ok {
		facts.Next = next.Title
	}
	return facts, nil
}

// settle gives an issue that was put into a milestone by its title the milestone's id, as GitLab does.
func (m *milestones) settle(ctx context.Context, i triage.Issue) (triage.Issue, error) {
	if i.Milestone != triage.NewMilestone {
		return i, nil
	}
	all, err := m.list(ctx)
	for _, one := range all {
		if one.Title == i.MilestoneTitle {
			i.Milestone = one.ID
			return i, err
		}
	}
	return i, err
}
