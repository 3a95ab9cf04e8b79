package worker

import (
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// labelsRefused are the labels of an edit that GitLab silently left out of its answer: archived ones, and those that the bot may not
// create. Where another label of the scope is new, somebody set that at this moment.
func labelsRefused(team *triage.Team, e triage.Edit, before, got triage.Issue) []string {
	return slices.DeleteFunc(slices.Clone(e.Add), func(l string) bool {
		return got.Has(l) || slices.ContainsFunc(got.Labels, func(other string) bool {
			return team.AddLabel(l).Excludes(other) && !before.Has(other)
		})
	})
}

// withdrawWrite has everything decided again as if the write had not been made, without the labels that GitLab did not take: the next write
// puts back what gave way, and takes off what only they justified. Commands that want such a label are refused.
func (j *job) withdrawWrite(before, got triage.Issue, labels []string) {
	d := &j.decision
	was := retracted(j.rules.policy.Team, triage.Difference(before, d.Result), before, got)
	was.Labels = slices.DeleteFunc(was.Labels, func(l string) bool { return slices.Contains(labels, l) }) // what gave way cannot come back
	memory := j.in.Memory.Clone()
	refused := wantsAny(d.Pending.WantedActions, labels)
	if refused && j.intent.unrun != nil {
		j.in.Comments, j.in.Pending, memory = j.intent.unrun.comments, j.intent.unrun.pending, j.intent.unrun.memory.Clone()
	}
	if j.intent.recorded && !refused {
		j.intent.withdrawn = &withdrawn{intent: d.Pending.Intent, executed: d.Memory.ExecutedNotes} // GitLab has done what they want
	}
	j.intent.recorded = false // what is to be written will be another thing
	memory.Issue, memory.Writes, memory.StoppedAt, memory.CommandedAt = &got, d.Memory.Writes, d.Memory.StoppedAt, d.Memory.CommandedAt
	for _, p := range d.Plan {
		if !slices.Contains(labels, triage.LabelOf(p.Action)) {
			continue
		}
		if memory.Undone == nil {
			memory.Undone = map[string]triage.Undoing{}
		}
		memory.Undone[p.Action.Key()] = triage.Undoing{By: triage.ByGitLab, What: p.Action.String()}
		j.log.Warn("GitLab did not take a label", zap.String("rule", p.Rule), zap.Stringer("change", p.Action))
		j.effects.note(p.Rule + ": " + p.Action.String() + ", which GitLab did not take")
	}
	j.snap.issue, j.snap.retracted, j.snap.seenAt, j.snap.live, j.in.Memory = got, &was, j.now(), true, memory
	if !refused {
		return
	}
	j.intent.withdrawn = nil
	j.runCommandsOn(was)
	for _, l := range labels {
		if j.in.Facts.RefusedLabels == nil {
			j.in.Facts.RefusedLabels = map[string]bool{}
		}
		j.in.Facts.RefusedLabels[l] = true
		j.effects.note("command: " + triage.AddLabel{Label: l}.String() + ", which GitLab did not take")
	}
	if wantsAny(j.in.Pending.WantedActions, labels) {
		j.refuseResumed(labels)
		if j.intent.resumed != nil {
			forgetUnmade(&j.in.Memory, j.rules.policy.Team, j.intent.resumed.Edit)
		}
	}
}

// wantsAny reports whether commands want one of the labels.
func wantsAny(wanted []engine.WantedAction, labels []string) bool {
	return slices.ContainsFunc(wanted, func(w engine.WantedAction) bool { return slices.Contains(labels, triage.LabelOf(w.Action)) })
}

// refuseResumed refuses what an earlier attempt wrote down: which line of which comment wanted a label is not written down.
func (j *job) refuseResumed(labels []string) {
	j.in.Pending.WantedActions = nil
	intent := &j.in.Pending.Intent
	intent.Answers = slices.Clone(intent.Answers)
	for n, a := range intent.Answers {
		if a.Emoji == triage.DoneEmoji {
			intent.Answers[n].Emoji = triage.RefusedEmoji
		}
		for _, l := range labels {
			appendReply(intent, a.Note, append(triage.Say("Not done: "), engine.LabelRefusedText(l).Say(".")...))
		}
	}
}

// retracted is what an answer of GitLab's would be without our edit. What others did at the same moment stays.
func retracted(team *triage.Team, e triage.Edit, before, got triage.Issue) triage.Issue {
	was := got
	was.Labels = slices.DeleteFunc(slices.Clone(got.Labels), func(l string) bool { return slices.Contains(e.Add, l) })
	for _, l := range e.Remove {
		if !got.Has(l) && team.AddLabel(l).Replaces(was) == "" {
			was.Labels = append(was.Labels, l)
		}
	}
	if e.Weight != nil && triage.SameWeight(e.Weight, got.Weight) {
		was.Weight = before.Weight
	}
	if e.Close && got.Closed {
		was.Closed = false
	}
	if e.Reopen && !got.Closed {
		was.Closed = true
	}
	if e.Milestone != "" {
		was.Milestone = before.Milestone
	}
	if e.DueDate != "" && got.DueDate == e.DueDate {
		was.DueDate = before.DueDate
	}
	if len(e.Assign)+len(e.Unassign) > 0 {
		was.Assignees = before.Assignees
	}
	return was
}

// leftOut are the labels of an edit that an earlier attempt wrote and that GitLab did not take, though it took off what was to give way.
func (j *job) leftOut(e triage.Edit, past []triage.ResourceEvent) []string {
	team := j.rules.policy.Team
	scopes, _ := j.findHalfTaken(past)
	return slices.DeleteFunc(slices.Clone(e.Add), func(l string) bool { return !slices.Contains(scopes, team.ScopeOf(l)) || j.snap.retracted.Has(l) })
}

const (
	sameWrite = time.Second      // how far apart GitLab may record what one write changed
	takenBack = 10 * time.Second // how soon the bot puts back what gave way for a label that GitLab did not take
	halfway   = time.Hour        // how long ago an attempt may have been cut off whose write was half taken
)

// findHalfTaken finds a write of an earlier attempt that was half taken: the bot took the last label of a scope off, and nothing took its
// place. It returns the scopes, and what happened without that write; the job goes on as if it had not been made.
func (j *job) findHalfTaken(past []triage.ResourceEvent) (scopes []string, rest []triage.ResourceEvent) {
	last, team := map[string]triage.ResourceEvent{}, j.rules.policy.Team
	for _, p := range past {
		if scope := team.ScopeOf(p.Label); scope != "" {
			last[scope] = p
		}
	}
	was, rest := j.snap.issue, past
	for scope, p := range last {
		filled := slices.ContainsFunc(j.snap.issue.Labels, func(l string) bool { return team.ScopeOf(l) == scope })
		if filled || p.Added || !j.view.byBot(p) || p.At.Before(j.now().Add(-halfway)) || j.isTakenBack(p, past) {
			continue
		}
		scopes = append(scopes, scope)
		of := func(other triage.ResourceEvent) bool {
			return other.Label != "" && j.view.byBot(other) && other.At.Sub(p.At).Abs() <= sameWrite
		}
		for _, other := range past {
			switch {
			case !of(other):
			case other.Added:
				was = triage.RemoveLabel{Label: other.Label}.Apply(was)
			default:
				was = team.AddLabel(other.Label).Apply(was)
			}
		}
		rest = slices.DeleteFunc(slices.Clone(rest), of)
	}
	if len(scopes) > 0 {
		j.snap.retracted = &was
	}
	return scopes, rest
}

// isTakenBack reports whether the bot took off what it had put on with a write of which GitLab did not take another label: a moment before, or with
// a write that left a scope empty.
func (j *job) isTakenBack(removal triage.ResourceEvent, past []triage.ResourceEvent) bool {
	return slices.ContainsFunc(past, func(p triage.ResourceEvent) bool {
		return p.Added && p.Label == removal.Label && j.view.byBot(p) && !p.At.After(removal.At) &&
			(removal.At.Sub(p.At) <= takenBack || j.leftScopeEmpty(p.At, past))
	})
}

// leftScopeEmpty reports whether the bot's write of that time took a label of a scope off and put none on.
func (j *job) leftScopeEmpty(at time.Time, past []triage.ResourceEvent) bool {
	filled := map[string]bool{}
	for _, p := range past {
		if scope := j.rules.policy.Team.ScopeOf(p.Label); scope != "" && j.view.byBot(p) && p.At.Sub(at).Abs() <= sameWrite {
			filled[scope] = filled[scope] || p.Added
		}
	}
	return slices.Contains(slices.Collect(maps.Values(filled)), false)
}

// withoutHalfTaken leaves a write that was half taken out of what happened, and out of what is remembered: people would be taken to have undone it.
func (j *job) withoutHalfTaken(past []triage.ResourceEvent, kept *triage.Memory) []triage.ResourceEvent {
	scopes, rest := j.findHalfTaken(past)
	if len(scopes) > 0 {
		forgetUnmade(kept, j.rules.policy.Team, triage.Difference(*j.snap.retracted, j.snap.issue))
	}
	return rest
}
