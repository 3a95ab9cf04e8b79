package worker

import (
	"cmp"
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// withoutCopied leaves out of an issue's past what GitLab copied when it moved or cloned another one: nobody did that here. Of a moved
// issue the level for security and the time in its state go into the memory.
func (j *job) withoutCopied(ctx context.Context, notes []gitlab.Note, past []triage.ResourceEvent, m *triage.Memory) ([]triage.ResourceEvent, error) {
	from := j.snap.issue.CreatedAt.Add(-sameWrite)
	bump, moved, isMoved, err := j.origin(ctx, notes)
	if err != nil {
		return nil, err
	}
	if isMoved {
		from = moved
	}
	copied := func(p triage.ResourceEvent) bool { return !p.At.After(from) }
	if isMoved {
		there := slices.DeleteFunc(slices.Clone(past), func(p triage.ResourceEvent) bool { return !copied(p) })
		before := engine.RestoreMemory(triage.Memory{}, j.rules.policy.Team, there, j.view.bot.self.ID)
		m.Bump = cmp.Or(m.Bump, bump, before.Bump)
		if m.StateEntry.At.IsZero() {
			m.StateEntry = before.StateEntry
		}
	}
	return slices.DeleteFunc(slices.Clone(past), copied), nil
}

// origin finds out, by notes that GitLab copied, whether the issue was another one before it was moved: which level that one had, and when it
// was moved.
func (j *job) origin(ctx context.Context, notes []gitlab.Note) (bump *triage.Bump, moved time.Time, isMoved bool, err error) {
	asked := map[triage.Ref]bool{}
	for _, n := range slices.Backward(notes) {
		m, state := note.ParseMarker(n.Body, j.batch.Issue)
		if state != note.Copied || asked[m.Issue.Ref] {
			continue
		}
		asked[m.Issue.Ref] = true
		of, _, err := j.reads.IssueWithCounts(ctx, m.Issue.Ref)
		if gitlab.ClassOf(err) == gitlab.NotFound {
			continue
		}
		if err != nil {
			return nil, time.Time{}, false, err
		}
		if of.MovedTo == j.snap.issue.ID {
			return m.Bump, of.ClosedAt, true, nil
		}
	}
	return nil, time.Time{}, false, nil
}
