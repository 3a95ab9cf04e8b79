package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/tracing"
	"flowkeeper/rules/triage"
)

// tellIssues puts the merge request's state into the mailbox of every issue that it closes, and of those that it closed when they were told last,
// unless they know it. The key of each event names the state: after a crash between two of them, those told before are duplicates.
//
// What a sweep shows is told once more where the merge request was updated since: a delivery may be lost of what it was in between, and an issue that asked
// GitLab then knows it so. What came to its end before the time from which on the sweep looks is taken for told.
func (j *job) tellIssues(ctx context.Context) error {
	set := j.in.Memory.Closing.Clone()
	told := map[string]string{}
	var since time.Time // when it came into its stage, once that is known
	known := false
	again := j.isOnlySwept() && j.snap.issue.UpdatedAt.After(set.ToldAt)
	for _, issue := range set.Issues {
		m := j.besideIssue()
		m.ByHand, m.ByText = issue.ByHand, issue.ByText
		state := stateOf(m)
		told[issue.Ref.String()] = state
		if set.Told[issue.Ref.String()] == state && !again {
			continue
		}
		set.ToldAt = j.snap.issue.UpdatedAt
		if !known {
			var err error
			if since, err = j.stageSince(ctx); err != nil {
				return err
			}
			known, set.UntoldSince = true, j.untoldSince(since)
		}
		if !set.UntoldSince.IsZero() {
			continue
		}
		m.Since = since
		if err := j.tellIssue(ctx, issue.Ref, m, state); err != nil {
			return err
		}
	}
	if err := j.tellDropped(ctx, j.besideIssue(), slices.Sorted(maps.Keys(set.Told)), told); err != nil {
		return err
	}
	set.Told = told
	j.in.Memory.Closing = set
	return nil
}

// tellDropped tells the issues of these names that the merge request does not close them, but for those that it still does.
func (j *job) tellDropped(ctx context.Context, m triage.MergeRequest, names []string, still map[string]string) error {
	m.Dropped = true
	for _, name := range names {
		ref, err := triage.ParseRef(name)
		if _, closes := still[name]; closes || err != nil {
			continue
		}
		if err := j.tellIssue(ctx, ref, m, stateOf(m)); err != nil {
			return err
		}
	}
	return nil
}

// tellIssue puts the state into an issue's mailbox, but for an issue of strangers.
func (j *job) tellIssue(ctx context.Context, issue triage.Ref, m triage.MergeRequest, state string) error {
	if ours, err := j.hasRoleIn(ctx, issue.Project); err != nil {
		return err
	} else if !ours {
		// Whoever may open a merge request may name any issue that the bot can see, also one of people who never asked for it. What is told of such an issue
		// would have the bot look after its whole project.
		j.log.Info("the merge request closes an issue of a project in which the bot has no role; that is left alone", zap.Stringer("closes", issue))
		j.effects.note("left alone " + issue.String() + ", which is of a project in which the bot has no role")
		return nil
	}
	event := triage.Event{Kind: triage.MergeRequestChanged, At: m.UpdatedAt, ReceivedAt: j.now(), MergeRequest: &m}
	for _, e := range j.in.Events {
		event.Actor = e.Actor
	}
	for _, at := range j.mail.receivedAt {
		event.ReceivedAt = at
	}
	key := fmt.Sprintf("merge-request/%s/%s/%s/%s", m.Ref, issue, state, m.UpdatedAt.UTC().Format(time.RFC3339Nano))
	if err := j.tell(ctx, triage.Issue{Ref: issue}, event, "of "+m.Ref.String(), key); err != nil {
		return err
	}
	j.effects.note("told " + issue.String())
	return nil
}

// tell puts an event that no delivery tells into an issue's mailbox, once for each key. The id says in records where it comes from.
func (j *job) tell(ctx context.Context, issue triage.Issue, event triage.Event, id, key string) error {
	body, err := record.Event{Event: event, Issue: issue, TraceParent: tracing.Parent(ctx)}.Encode()
	if err != nil {
		return err
	}
	_, err = j.pool.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: id, Issue: issue.Ref, IdempotencyKey: key, Delay: j.rules.policy.Settle, Body: body})
	if err != nil {
		return fmt.Errorf("telling issue %s (%s): %w", issue.Ref, id, err)
	}
	return nil
}

// tellDeleted tells the issues that knew of the merge request that it is not there any more.
func (j *job) tellDeleted(ctx context.Context) error {
	set := j.in.Memory.Closing
	if set == nil {
		return nil
	}
	m := triage.MergeRequest{Ref: j.batch.Issue, UpdatedAt: j.now()}
	if known := j.in.Memory.Issue; known != nil && known.UpdatedAt.After(m.UpdatedAt) {
		m.UpdatedAt = known.UpdatedAt
	}
	return j.tellDropped(ctx, m, slices.Sorted(maps.Keys(set.Told)), nil)
}

// hasRoleIn reports whether the bot has a role in a project, which is so in that of its own subject.
func (j *job) hasRoleIn(ctx context.Context, project int64) (bool, error) {
	if project == j.batch.Issue.Project {
		return true, nil
	}
	settings, err := j.mergeSettings(ctx, project)
	switch {
	case gitlab.ClassOf(err) == gitlab.NotFound:
		return true, nil // the issue's own job finds out
	case err != nil || !settings.NoRole:
		return err == nil, err
	}
	level, err := j.view.levels.of(ctx, project, j.view.bot.self.ID)
	j.view.called = j.view.called || err == nil
	return level >= triage.Planner, err
}

// besideIssue is the merge request as an issue knows it.
func (j *job) besideIssue() triage.MergeRequest {
	i := &j.snap.issue
	d := i.MergeRequest
	return triage.MergeRequest{
		Ref: i.Ref, Path: i.Path, URL: i.URL, Title: i.Title, State: d.State, Draft: d.Draft, ToDefault: d.ToDefault, Assignees: i.Assignees,
		Reviewers: d.Reviewers, MergedAt: d.MergedAt, UpdatedAt: i.UpdatedAt,
	}
}

// stateOf names what an issue's rules look at of a merge request. What else changes of it is not told.
func stateOf(m triage.MergeRequest) string {
	counted := []any{m.State, m.Draft, m.ToDefault, m.ByHand, m.ByText, m.Dropped, m.Assignees}
	data, err := json.Marshal(counted)
	if err != nil {
		panic(err) // words, truths and people can be written
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}
