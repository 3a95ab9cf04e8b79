package worker

import (
	"context"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// policiesAsked reports whether the decision asked all policies, because they or the issue were new to the bot.
func policiesAsked(before triage.Memory, d engine.Decision) bool {
	return d.Memory.PoliciesAsked != before.PoliciesAsked && d.Memory.PoliciesAsked != ""
}

// waitsForPolicies reports whether all that is to be remembered of an issue that is new to the bot is when a policy wants to look at it again. What
// the bot did to it before is then asked of GitLab at that time, and not now: most issues of a backlog cost no call. Where a label is on the
// issue that a policy names, the bot may have set it.
func (j *job) waitsForPolicies(d engine.Decision) bool {
	if j.known || !j.mail.blank || j.batch.Attempt > 1 || !policiesAsked(j.in.Memory, d) || j.wantsWrites(d) || j.namedByPolicy(d.Result.Labels) {
		return false
	}
	return !slices.ContainsFunc(d.Findings, func(f engine.Finding) bool { return f.Notable })
}

// namedByPolicy reports whether a policy names one of the labels.
func (j *job) namedByPolicy(labels []string) bool {
	for n := range j.rules.policy.Settings {
		if slices.ContainsFunc(j.rules.policy.Settings[n].Names, func(l string) bool { return slices.Contains(labels, l) }) {
			return true
		}
	}
	return false
}

// retryPolicies is when policies that are due and that this process does not have are asked again: by then all processes have one configuration.
const retryPolicies = 10 * time.Minute

// leavePoliciesDue leaves policies that this process does not have to a later look, whoever takes it. It returns when that is.
func (j *job) leavePoliciesDue(wake time.Time) time.Time {
	j.decision.Memory.PoliciesAsked = ""
	if !j.known { // what the bot did before is for whoever has the policies to find out
		j.decision.Memory.Partial, j.decision.Memory.FirstSeen = true, time.Time{}
	}
	return triage.Earlier(wake, j.now().Add(retryPolicies))
}

// leaveToPolicies finds out whether nobody but the bot touched a swept issue at which only policies have looked, or may have before the store was
// emptied. What the sweep saw is then what they did, and no news for any other rule: only they are asked again.
func (j *job) leaveToPolicies(ctx context.Context) error {
	const quiet = triage.Swept | triage.PoliciesDue | triage.Woken
	kinds := triage.KindsOf(j.in.Events)
	since, older := j.policiesSince()
	if kinds&triage.Swept == 0 || kinds&^quiet != 0 || !older || j.mail.adopted || j.rules.policy.PoliciesDigest(j.batch.Issue.Kind) == "" {
		return nil
	}
	quietSince, err := j.quietSince(ctx, since)
	if err != nil || !quietSince {
		return err
	}
	for n := range j.in.Events {
		if j.in.Events[n].Kind == triage.Swept {
			j.in.Events[n].Kind = triage.PoliciesDue
		}
	}
	return nil
}

// policiesSince is since when people's doings count on an issue at which only policies have looked, and whether it is such an issue, and older.
func (j *job) policiesSince() (since time.Time, older bool) {
	switch {
	case !j.mail.cameAt.IsZero() && (j.mail.blank || j.in.Memory.OnlyPolicies):
		since = j.mail.cameAt
	case j.in.Memory.OnlyPolicies && !j.mail.blank:
		since = j.in.Memory.FirstSeen.Add(-j.pool.o.Lookback)
	}
	return since, j.snap.issue.CreatedAt.Before(since)
}

// quietSince reports whether nobody did anything to the issue since then, but for its being mentioned and for what the bot did for policies. That a merge
// request was merged or closed is not in its timeline.
func (j *job) quietSince(ctx context.Context, since time.Time) (bool, error) {
	if m := j.snap.issue.MergeRequest; m != nil {
		if !m.MergedAt.Before(since) || !m.ClosedAt.Before(since) || j.snap.told != nil && hasOtherDetails(j.snap.told, &j.snap.issue) {
			return false, nil
		}
	}
	past, err := j.view.changes(ctx)
	if err != nil {
		return false, err
	}
	moved := false
	for _, p := range past {
		switch {
		case !j.view.byBot(p) && !p.At.Before(since), j.view.byBot(p) && !j.in.Memory.OnlyPolicies && !j.namedByPolicy([]string{p.Label}):
			return false, nil
		}
		moved = moved || j.isLastUpdate(p.At)
	}
	activities, err := j.reads.Activities(ctx, j.batch.Issue, since)
	if err != nil {
		return false, err
	}
	j.view.called = true
	commented := false
	for _, a := range activities {
		if a.Kind != gitlab.Mention && !j.view.bot.is(a.Actor) {
			return false, nil
		}
		commented = commented || a.Kind == gitlab.Commented
		moved = moved || j.isLastUpdate(a.At)
	}
	if commented && !j.in.Memory.OnlyPolicies {
		only, err := j.onlyPoliciesSpoke(ctx)
		if err != nil || !only {
			return false, err
		}
	}
	return moved || len(j.in.Memory.Writes) > 0 || j.snap.issue.UpdatedAt.Before(since), nil
}

// isLastUpdate reports whether what happened then moved the issue's time of update.
func (j *job) isLastUpdate(at time.Time) bool {
	return j.snap.issue.UpdatedAt.Sub(at).Abs() <= explained
}

// onlyPoliciesSpoke reports whether the bot's note, if there is one, says nothing but what policies have to say.
func (j *job) onlyPoliciesSpoke(ctx context.Context) (bool, error) {
	notes, err := j.view.ownNotes(ctx)
	if err != nil {
		return false, err
	}
	marked, _ := findNote(notes, j.batch.Issue)
	for key := range marked.Items {
		if !strings.HasPrefix(key, policy.Prefix) {
			return false, nil
		}
	}
	for rule := range marked.HasLine {
		if !strings.HasPrefix(rule, policy.Prefix) {
			return false, nil
		}
	}
	return len(marked.ExecutedNotes) == 0, nil
}

// shownForNothing reports whether the issue was only shown to policies, and none of them wanted anything.
func (j *job) shownForNothing() bool {
	notable := func(f engine.Finding) bool { return f.Notable || len(f.Would) > 0 }
	return j.kinds() == triage.PoliciesDue && !slices.ContainsFunc(j.decision.Findings, notable) && len(j.effects.did) == 0
}
