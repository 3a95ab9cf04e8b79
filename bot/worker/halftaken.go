package worker

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// heard is what the job held before its commands ran, so that they can be run again.
type heard struct {
	comments []engine.Comment
	moved    []triage.ResourceEvent

	memory  triage.Memory
	orders  *triage.Intent
	wanted  []engine.WantedAction
	events  []triage.Event
	results []engine.Result
}

// hear keeps what the job holds.
func (j *job) hear(comments []engine.Comment, moved []triage.ResourceEvent) {
	h := heard{comments: comments, moved: moved, memory: j.memory, wanted: slices.Clip(j.wanted), events: slices.Clip(j.events), results: slices.Clip(j.results)}
	if j.orders != nil {
		before := *j.orders
		h.orders = &before
	}
	j.heard = &h
}

// denied are the labels of an edit that GitLab silently left out of its answer: archived ones, and those that the bot may not create. Where
// another label of the scope is new, somebody set that at this moment.
func denied(e triage.Edit, before, got triage.Issue) []string {
	return slices.DeleteFunc(slices.Clone(e.Add), func(l string) bool {
		return got.Has(l) || slices.ContainsFunc(got.Labels, func(other string) bool {
			return triage.Scope(l) != "" && triage.Scope(other) == triage.Scope(l) && !before.Has(other)
		})
	})
}

// withdraw has everything decided again as if the write had not been made, without the labels that GitLab did not take: the next write puts
// back what gave way, and takes off what only they justified. Commands that want such a label are refused.
func (j *job) withdraw(ctx context.Context, before, got triage.Issue, labels []string) error {
	d := &j.decision
	was := retract(triage.Difference(before, d.Result), before, got)
	was.Labels = slices.DeleteFunc(was.Labels, func(l string) bool { return slices.Contains(labels, l) }) // what gave way cannot come back
	memory := j.memory.Clone()
	rerun := j.wants(labels)
	if rerun && j.heard != nil {
		memory = j.heard.memory.Clone()
	}
	memory.Issue, memory.Writes, memory.StoppedAt, memory.CommandedAt = &got, d.Memory.Writes, d.Memory.StoppedAt, d.Memory.CommandedAt
	for _, p := range d.Plan {
		if !slices.Contains(labels, triage.LabelOf(p.Action)) {
			continue
		}
		if memory.Undone == nil {
			memory.Undone = map[string]triage.Undoing{}
		}
		memory.Undone[p.Action.Key()] = triage.Undoing{By: "GitLab", What: p.Action.String()}
		j.o.Log.Warn("GitLab did not take a label", zap.Stringer("issue", j.batch.Issue), zap.String("rule", p.Rule), zap.Stringer("change", p.Action))
		j.did = append(j.did, p.Rule+": "+p.Action.String()+", which GitLab did not take")
	}
	j.issue, j.was, j.seen, j.live, j.memory = got, &was, j.o.Now(), true, memory
	if !rerun {
		return nil
	}
	for _, l := range labels {
		if j.denied == nil {
			j.denied = map[string]bool{}
		}
		j.denied[l] = true
		j.did = append(j.did, "command: add "+l+", which GitLab did not take")
	}
	if j.heard != nil {
		if err := j.hearAgain(ctx); err != nil {
			return err
		}
	}
	if j.wants(labels) {
		j.refuseAll(labels)
	}
	return nil
}

// wants reports whether commands want one of the labels.
func (j *job) wants(labels []string) bool {
	return slices.ContainsFunc(j.wanted, func(w engine.WantedAction) bool { return slices.Contains(labels, triage.LabelOf(w.Action)) })
}

// hearAgain runs the commands again, now that it is known which labels GitLab does not take.
func (j *job) hearAgain(ctx context.Context) error {
	h := j.heard
	j.orders, j.wanted, j.events, j.results, j.asked, j.ordered = nil, h.wanted, h.events, h.results, nil, false
	if h.orders != nil {
		before := *h.orders
		j.orders = &before
	}
	told, err := j.command(ctx, h.comments, h.moved)
	if err != nil {
		return err
	}
	j.order(told)
	return nil
}

// refuseAll refuses what an earlier attempt ordered: which line of which comment wanted a label is not written down.
func (j *job) refuseAll(labels []string) {
	j.wanted, j.ordered = nil, false
	orders := *j.orders
	orders.Answers = slices.Clone(orders.Answers)
	j.orders = &orders
	for n, a := range orders.Answers {
		if a.Emoji == triage.DoneEmoji {
			orders.Answers[n].Emoji = triage.RefusedEmoji
		}
		for _, l := range labels {
			j.tell(a.Note, append(triage.Say("Not done: "), engine.LabelRefused(l).Say(".")...))
		}
	}
}

// retract is what an answer of GitLab's would be without our edit. What others did at the same moment stays.
func retract(e triage.Edit, before, got triage.Issue) triage.Issue {
	was := got
	was.Labels = slices.DeleteFunc(slices.Clone(got.Labels), func(l string) bool { return slices.Contains(e.Add, l) })
	for _, l := range e.Remove {
		if !got.Has(l) && (triage.AddLabel{Label: l}).Replaces(was) == "" {
			was.Labels = append(was.Labels, l)
		}
	}
	if e.Weight != nil && triage.SameWeight(e.Weight, got.Weight) {
		was.Weight = before.Weight
	}
	if e.Close && got.Closed {
		was.Closed = false
	}
	if e.Milestone != "" {
		was.Milestone = before.Milestone
	}
	return was
}

// leftOut are the labels of an edit that an earlier attempt wrote and that GitLab did not take, though it took off what was to give way.
func (j *job) leftOut(e triage.Edit, past []triage.ResourceEvent) []string {
	scopes := j.emptied(past)
	return slices.DeleteFunc(slices.Clone(e.Add), func(l string) bool { return !slices.Contains(scopes, triage.Scope(l)) || j.was.Has(l) })
}

const (
	sameWrite = time.Second // how far apart GitLab may record what one write changed
	halfway   = time.Hour   // how long ago an attempt may have been cut off whose write was half taken
)

// emptied finds a write of an earlier attempt that was half taken: the bot took the last label of a scope off, and nothing took its place. It
// returns the scopes; the job goes on as if that write had not been made.
func (j *job) emptied(past []triage.ResourceEvent) (scopes []string) {
	last := map[string]triage.ResourceEvent{}
	for _, p := range past {
		if scope := triage.Scope(p.Label); scope != "" {
			last[scope] = p
		}
	}
	was := j.issue
	for scope, p := range last {
		if p.Added || p.Actor.ID != j.o.Self.ID || p.At.Before(j.o.Now().Add(-halfway)) || slices.ContainsFunc(j.issue.Labels, func(l string) bool { return triage.Scope(l) == scope }) {
			continue
		}
		scopes = append(scopes, scope)
		for _, other := range past {
			if other.Label == "" || other.Actor.ID != j.o.Self.ID || other.At.Sub(p.At).Abs() > sameWrite {
				continue
			}
			if other.Added {
				was = triage.RemoveLabel{Label: other.Label}.Apply(was)
			} else {
				was = triage.AddLabel{Label: other.Label}.Apply(was)
			}
		}
	}
	if len(scopes) > 0 {
		j.was = &was
	}
	return scopes
}
