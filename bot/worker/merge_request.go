package worker

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// handleMergeRequest finds out which issues the merge request closes, tells them what became of it, and has the rules decide that look at merge
// requests. The batch is completed only after all issues were told; telling one twice is harmless. Where nothing happened to the merge request, only
// policies are asked.
func (j *job) handleMergeRequest(ctx context.Context) error {
	if j.snap.issue.MergeRequest == nil {
		return errors.New("the delivery shows no merge request")
	}
	if err := j.removeLateTwins(ctx); err != nil {
		return err
	}
	if j.isOnlyForPolicies() {
		j.snap.issue.MergeRequest = withClosed(*j.snap.issue.MergeRequest, j.in.Memory.Closing)
		return j.decideUnlessStopped(ctx)
	}
	if triage.KindsOf(j.in.Events)&^(foundKinds|triage.Noted) != 0 { // a webhook may send comments alone
		j.pool.heard.Store(j.batch.Issue.Project, true)
	}
	if err := j.completeDetails(ctx, &j.snap.issue); err != nil {
		return err
	}
	if err := j.followClosing(ctx); err != nil {
		return err
	}
	j.keep = true
	if !j.rules.policy.DecidesMergeRequests() {
		j.decision.Memory, j.decision.Result = j.in.Memory.Clone(), j.snap.issue
		j.decision.Memory.Issue = &j.snap.issue
		j.decision.Reason = "no rule decides on merge requests"
		return nil
	}
	if err := j.inferMissed(ctx); err != nil {
		return err
	}
	return j.decideUnlessStopped(ctx)
}

// followClosing finds out which issues the merge request closes and tells them what became of it. Where no rule looks at that, it is forgotten what they were
// told: nobody tells them the rest.
func (j *job) followClosing(ctx context.Context) error {
	if !j.rules.policy.FollowsClosing() {
		j.in.Memory.Closing = nil
		return nil
	}
	if err := j.findClosed(ctx); err != nil {
		return err
	}
	return j.tellIssues(ctx)
}

func (j *job) decideUnlessStopped(ctx context.Context) error {
	if j.stopped() {
		return errWriteLoop
	}
	return j.decideInRounds(ctx)
}

// foundKinds are the kinds of events that no delivery tells of.
const foundKinds = triage.Swept | triage.PoliciesDue | triage.Woken

// isOnlyForPolicies reports whether the merge request is only shown to policies, or woken for one of them before anything else ever looked at it. Its
// issues know then what they know.
func (j *job) isOnlyForPolicies() bool {
	kinds := triage.KindsOf(j.in.Events)
	return kinds != 0 && kinds&^(triage.PoliciesDue|triage.Woken) == 0 && (kinds&triage.PoliciesDue != 0 || j.in.Memory.OnlyPolicies)
}

// hearsMergeRequests reports whether merge requests of the project are delivered, as far as this process knows.
func (p *Pool) hearsMergeRequests(project int64) bool {
	_, heard := p.heard.Load(project)
	return heard
}

// isAmbiguous reports whether two states of a merge request are of one second, differ, and one of them has its time in whole seconds: then nobody knows
// which is the later one.
func isAmbiguous(a, b *triage.Issue) bool {
	if b == nil || a.MergeRequest == nil || b.MergeRequest == nil || !a.SecondPrecision && !b.SecondPrecision {
		return false
	}
	if !a.UpdatedAt.Truncate(time.Second).Equal(b.UpdatedAt.Truncate(time.Second)) {
		return false
	}
	return differ(a.MergeRequest, b.MergeRequest)
}

// differ reports whether two states of a merge request differ in what its issues hear of.
func differ(x, y *triage.MergeRequestDetails) bool {
	return x.State != y.State || x.Draft != y.Draft || x.TargetBranch != y.TargetBranch || x.Digest != y.Digest
}

// completeDetails adds to a merge request what GitLab's API does not tell: whether it goes to the default branch, and what it closes.
func (j *job) completeDetails(ctx context.Context, m *triage.Issue) error {
	if m.MergeRequest == nil {
		return nil
	}
	m.CarryFrom(&j.snap.issue)
	details := *m.MergeRequest
	if details.DefaultUnknown {
		settings, err := j.mergeSettings(ctx, m.Project)
		if err != nil {
			return err
		}
		details.ToDefault, details.DefaultUnknown = details.TargetBranch == settings.DefaultBranch, false
	}
	m.MergeRequest = withClosed(details, j.in.Memory.Closing)
	return nil
}

// withClosed are the details with the issues that are known to be closed.
func withClosed(details triage.MergeRequestDetails, set *triage.ClosingSet) *triage.MergeRequestDetails {
	details.Closes, details.ClosesKnown = nil, set != nil
	if set != nil {
		for _, i := range set.Issues {
			details.Closes = append(details.Closes, i.Ref)
		}
	}
	return &details
}

// mergeSettings are those of a project, as they were within the last minutes.
func (j *job) mergeSettings(ctx context.Context, project int64) (gitlab.MergeSettings, error) {
	return j.pool.merging.get(project, j.now(), func() (gitlab.MergeSettings, error) {
		j.view.called = true
		return j.reads.MergeSettings(ctx, project)
	})
}

// isBelowDeveloper reports whether GitLab said that the bot may not change a merge request. For that it takes more than for issues.
func (j *job) isBelowDeveloper(err error) bool {
	return j.batch.Issue.Kind == triage.SubjectMergeRequest && isForbidden(err)
}

// leaveMergeRequest remembers that GitLab lets the bot do none of what is planned, so that it is left alone from then on and the rest goes on: of a
// policy its comment, of other rules all they say.
func (j *job) leaveMergeRequest(refusal error) error {
	if err := j.doubts.about(opOf(refusal), j.pool.o.Patience.Forbidden, refusal); err != nil {
		return err
	}
	j.log.Warn("the bot may not change the merge request, which is left as it is", zap.Error(refusal))
	m := j.in.Memory.Clone()
	for _, p := range j.decision.Plan {
		rememberRefused(&m, p.Action)
		j.effects.note(p.Rule + ": " + p.Action.String() + ", for which the bot has to be a Developer")
	}
	j.in.Memory = m
	return nil
}

// loadClosedLabels gets the labels of the first issue that the merge request closes. One that is gone has none, and those of a confidential one are not for
// whoever sees the merge request: its author need not see the issue to name it.
func (j *job) loadClosedLabels(ctx context.Context, around *triage.Context) error {
	around.ClosedLabels = nil
	m := j.snap.issue.MergeRequest
	if m == nil || len(m.Closes) == 0 {
		return nil
	}
	issue, _, err := j.reads.IssueWithCounts(ctx, m.Closes[0])
	if gitlab.ClassOf(err) == gitlab.NotFound || err == nil && issue.Confidential {
		return nil
	}
	around.ClosedLabels = issue.Labels
	return err
}
