package worker

import (
	"context"
	"fmt"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// loadMergeRequests gets the merge requests that close the issue, and whether GitLab closes it then. What events told meanwhile stays where it is
// newer. Of other projects GitLab lists only those whose text names the issue, so what events told of the others stays, too.
func (j *job) loadMergeRequests(ctx context.Context, around *triage.Context) error {
	settings, err := j.mergeSettings(ctx, j.batch.Issue.Project)
	if err != nil {
		return err
	}
	around.AutoClose = settings.AutoClose
	if around.AllTold {
		return nil
	}
	name := fmt.Sprintf("%s#%d", j.snap.issue.Path, j.batch.Issue.IID)
	listed, err := j.reads.MergeRequestsClosing(ctx, j.batch.Issue, name)
	if err != nil {
		return err
	}
	j.view.called = true
	around.ListedAt = j.now()
	known, err := j.withoutUnlisted(ctx, around.MergeRequests, listed)
	if err != nil {
		return err
	}
	for _, l := range listed {
		m := l.MergeRequest
		if m.ByText {
			// Anybody can write such a text in a project of their own.
			if ours, err := j.hasRoleIn(ctx, m.Project); err != nil {
				return err
			} else if !ours {
				continue
			}
		}
		settings, err := j.settingsOf(ctx, m.Project)
		if err != nil {
			return err
		}
		if m.ByText && settings.ForkedFrom == j.batch.Issue.Project {
			continue // GitLab lets a merge request in a fork close none of these issues
		}
		m.ToDefault = l.Target == settings.DefaultBranch
		m.ByHand = !m.ToDefault && !m.ByText // GitLab's set for another branch holds what was linked by hand
		if m.State == triage.MRMerged {
			m.Since = m.MergedAt
		}
		known = triage.WithMergeRequest(known, m)
	}
	around.MergeRequests = known
	return nil
}

// settingsOf are the settings of a merge request's project. One that the bot cannot see has none, so that no branch is its default branch.
func (j *job) settingsOf(ctx context.Context, project int64) (gitlab.MergeSettings, error) {
	settings, err := j.mergeSettings(ctx, project)
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return gitlab.MergeSettings{}, nil
	}
	return settings, err
}
