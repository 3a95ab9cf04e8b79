package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// findClosed looks up which issues the merge request closes, once for each head, target, title and description: GitLab changes its set with these
// only. It takes one call if GitLab's own set has all that the text names, at most three otherwise. What is of projects and not of a merge request is asked
// once in a while besides: whether GitLab is too old to say what a text refers to, and whether the bot has a role in the project of an issue, which is
// told with what that project's issues need to know of it anyway.
func (j *job) findClosed(ctx context.Context) error {
	m := j.snap.issue.MergeRequest
	of := strings.Join([]string{m.Head, m.TargetBranch, m.Digest}, " ")
	known := j.in.Memory.Closing
	j.neverTold = known == nil || !known.UntoldSince.IsZero()
	if known == nil || known.Of != of {
		set, err := j.lookUpClosed(ctx)
		if err != nil {
			return err
		}
		set.Of = of
		if known != nil {
			set.Told, set.ToldAt, set.UntoldSince = known.Told, known.ToldAt, known.UntoldSince
		}
		j.sayUnresolved(set, known)
		j.in.Memory.Closing = set
	}
	j.snap.issue.MergeRequest = withClosed(*m, j.in.Memory.Closing)
	return nil
}

// lookUpClosed asks GitLab. Its own set counts whatever the target is: for another branch than the default one it holds what was linked by hand. What
// the text says besides is of projects where GitLab closes no issues by itself, or leads nowhere.
func (j *job) lookUpClosed(ctx context.Context) (*triage.ClosingSet, error) {
	m := j.snap.issue.MergeRequest
	closed, err := j.reads.ClosedIssues(ctx, j.batch.Issue)
	if err != nil {
		return nil, err
	}
	j.view.called = true
	set := &triage.ClosingSet{}
	for _, i := range closed {
		set.Issues = append(set.Issues, triage.ClosedIssue{Ref: i.Ref, ByHand: !m.ToDefault})
	}
	if !m.ToDefault {
		return set, nil
	}
	missing := slices.DeleteFunc(slices.Clone(m.References), func(name string) bool { return names(closed, name) != nil })
	if len(missing) > 0 {
		if missing, err = j.resolve(ctx, missing, set); err != nil {
			return nil, err
		}
	}
	set.Unresolved = slices.Concat(missing, m.External)
	return set, nil
}

// resolve adds the issues that the text names to the set, and returns the names that lead to none.
func (j *job) resolve(ctx context.Context, missing []string, set *triage.ClosingSet) (left []string, err error) {
	project := j.batch.Issue.Project
	if _, older := j.pool.unlisted.Load(project); older {
		return j.resolveOne(ctx, missing, set)
	}
	referred, err := j.reads.ReferredIssues(ctx, j.batch.Issue)
	if gitlab.ClassOf(err) == gitlab.NotFound {
		j.pool.unlisted.Store(project, true)
		return j.resolveOne(ctx, missing, set)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		if ref := names(referred, name); ref == nil {
			left = append(left, name)
		} else if err := j.addNamed(ctx, *ref, set); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// addNamed adds an issue that the text names, unless it is of the project from which the merge request's was forked: GitLab lets a fork close none of
// those. Of a merge request from a fork into that project it is the target's own issue, which counts.
func (j *job) addNamed(ctx context.Context, issue triage.Ref, set *triage.ClosingSet) error {
	if issue.Project != j.batch.Issue.Project {
		settings, err := j.mergeSettings(ctx, j.batch.Issue.Project)
		if err != nil {
			return err
		}
		if settings.ForkedFrom == issue.Project {
			j.effects.note("left alone " + issue.String() + ", which is of the project that this one was forked from")
			return nil
		}
	}
	set.Issues = append(set.Issues, triage.ClosedIssue{Ref: issue, ByText: true})
	return nil
}

// resolveOne looks up the first of the issues that the text names, where GitLab does not say which it refers to: more than that would be too many
// calls for one merge request.
func (j *job) resolveOne(ctx context.Context, missing []string, set *triage.ClosingSet) (left []string, err error) {
	issue, err := j.reads.IssueByReference(ctx, j.batch.Issue.Project, missing[0])
	switch gitlab.ClassOf(err) {
	case "":
		return missing[1:], j.addNamed(ctx, issue.Ref, set)
	case gitlab.NotFound, gitlab.Permanent:
		return missing, nil
	default:
		return nil, err
	}
}

// names is the issue of the name, nil if none of them has it. GitLab does not tell the case of paths apart.
func names(issues []gitlab.NamedIssue, name string) *triage.Ref {
	for _, i := range issues {
		if strings.EqualFold(i.Name, name) {
			return &i.Ref
		}
	}
	return nil
}

// sayUnresolved says once what leads nowhere. It stays in the memory and is looked up again with the next head or description.
func (j *job) sayUnresolved(set, before *triage.ClosingSet) {
	fresh := 0
	for _, name := range set.Unresolved {
		if before == nil || !slices.Contains(before.Unresolved, name) {
			fresh++
		}
	}
	if fresh > 0 {
		j.log.Warn("the merge request says that it closes what is no issue that the bot can see; that is left alone", zap.Int("references", fresh))
		j.effects.note(fmt.Sprintf("left alone %d references that lead to no issue that the bot can see", fresh))
	}
}
