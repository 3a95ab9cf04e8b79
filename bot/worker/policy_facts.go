package worker

import (
	"context"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// loadPolicyFacts gets what only policies ask for.
func (j *job) loadPolicyFacts(ctx context.Context, needs engine.Needs, around *triage.Context) error {
	if needs.Facts&(triage.NeedVotes|triage.NeedIteration|triage.NeedAuthorName) != 0 {
		if j.snap.counts == nil {
			if err := j.readIssue(ctx); err != nil {
				return err
			}
		}
		around.Votes, around.Iteration = j.snap.counts.Votes, j.snap.counts.Iteration
	}
	if needs.Facts&triage.NeedDiscussions != 0 {
		said, err := j.reads.Discussions(ctx, j.batch.Issue, func(who triage.Person) bool { return j.view.bot.is(who.ID) })
		if err != nil {
			return err
		}
		around.Discussions = said
	}
	if needs.Facts&triage.NeedMilestoneUpcoming != 0 {
		is, err := j.milestoneIs(ctx, gitlab.Upcoming, around)
		if err != nil {
			return err
		}
		around.Milestone.Upcoming = is
	}
	if needs.Facts&triage.NeedMilestoneStarted != 0 {
		is, err := j.milestoneIs(ctx, gitlab.Started, around)
		if err != nil {
			return err
		}
		around.Milestone.Started = is
	}
	return j.loadMemberships(ctx, needs.Memberships, around)
}

// milestoneIs asks whether the issue's milestone is one that GitLab has a word for.
func (j *job) milestoneIs(ctx context.Context, which gitlab.MilestoneFilter, around *triage.Context) (bool, error) {
	if milestone := j.snap.issue.Milestone; around.Milestone.ID != milestone {
		around.Milestone = triage.MilestoneFacts{ID: milestone}
	}
	if around.Milestone.ID == 0 {
		return false, nil
	}
	return j.reads.MilestoneIs(ctx, j.batch.Issue, which)
}

// loadMemberships adds answers to what policies ask of memberships. That GitLab does not show the bot a project or a group is no answer: a
// person may be a member of it all the same.
func (j *job) loadMemberships(ctx context.Context, asked []triage.Membership, around *triage.Context) error {
	for _, m := range asked {
		member, visible, err := j.pool.sources.hasMember(ctx, j.reads, j.now(), m)
		switch {
		case err != nil:
			return err
		case !visible:
			if around.HiddenSources == nil {
				around.HiddenSources = map[string]bool{}
			}
			around.HiddenSources[m.SourceKey()] = true
		default:
			if around.Memberships == nil {
				around.Memberships = make(map[string]bool, len(asked))
			}
			around.Memberships[m.Key()] = member
		}
	}
	return nil
}
