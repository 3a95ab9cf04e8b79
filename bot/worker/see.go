package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// newborn is how long after its creation an issue may be that needs no look at its past, longer than clocks differ.
const newborn = time.Minute

// see finds out what happened, what the issue looks like and what is remembered of it, from the mailbox alone where that is enough.
func (j *job) see(ctx context.Context) error {
	j.known = j.batch.Attempt == 1 && j.batch.Memory != nil && json.Unmarshal(j.batch.Memory, &j.memory) == nil && j.memory.Intent == nil
	j.whole = j.known
	if !j.known {
		j.memory = triage.Memory{}
		_ = json.Unmarshal(j.batch.Memory, &j.memory) // what can be read of it is better than nothing
	}
	j.lost, j.watched = j.memory.Unanswered, j.memory.ShadowActions
	j.blank = j.memory.FirstSeen.IsZero()
	if j.batch.Attempt > 1 {
		j.doubts = j.memory.Unconfirmed // those of an earlier batch are over
	}
	j.memory.Unconfirmed = nil
	newest := j.memory.Issue
	if newest != nil {
		j.seen, j.base = j.memory.SeenAt, cmp.Or(j.memory.LastDelivered, newest)
	}
	for _, d := range j.batch.Deliveries {
		body, err := record.DecodeEvent(d.Body, j.batch.Issue)
		if err != nil {
			j.o.Log.Warn("the issue is read afresh, because something happened to it and nobody knows what", zap.String("delivery", d.ID), zap.Error(err))
			body = record.Event{Event: triage.Event{Kind: triage.Swept}}
		}
		if body.Issue.UpdatedAt.IsZero() {
			j.unread++
		} else if body.Issue.CarryStatusFrom(newest); body.Issue.NewerThan(newest) {
			newest, j.seen, j.late = &body.Issue, body.Event.ReceivedAt, body.Event.ReceivedAt.Sub(body.Issue.UpdatedAt) > newborn
		} else if body.Issue.Status == triage.Canceled && body.Issue.UpdatedAt.Equal(newest.UpdatedAt) {
			newest.Status = triage.Canceled // of a closing that is told twice, as of one time, only one may tell the status
		}
		j.adopted = j.adopted || body.Adopted
		if body.Came.After(j.came) {
			j.came = body.Came
		}
		if n := body.Event.Note; n != nil {
			n.OnlyCommands = j.onlyCommands(n.Text)
		}
		if !j.mine(body.Event.Actor.ID) {
			j.events = append(j.events, j.once(body.Event))
		}
	}
	if j.batch.Woken {
		j.events = append(j.events, triage.Event{Kind: triage.Woken, At: j.o.Now(), ReceivedAt: j.o.Now()})
	}
	j.newest, j.newestAt = newest, j.seen
	if j.memory.FirstSeen.IsZero() {
		j.memory.FirstSeen = j.o.Now()
	}
	if newest == nil || j.batch.Attempt > 1 || j.unread > 0 || j.memory.Intent != nil {
		return j.read(ctx)
	}
	j.issue = *newest
	j.memory.SeenFromCreation = j.memory.SeenFromCreation || j.blank && j.isNewborn()
	j.known = j.known || j.isNewborn()
	return nil
}

// isNewborn reports whether the issue was opened just now and not touched since: it has no past. It must be younger than the store, by more
// than clocks differ: the webhook that opened it may come once more after the store was emptied.
func (j *job) isNewborn() bool {
	if j.batch.Attempt > 1 || triage.KindsOf(j.events)&triage.Opened == 0 || j.issue.SecondPrecision {
		return false
	}
	age := j.o.Now().Sub(j.issue.CreatedAt).Abs()
	return age < newborn && j.issue.CreatedAt.After(j.batch.StoreCreatedAt.Add(newborn)) && j.issue.UpdatedAt.Sub(j.issue.CreatedAt) < time.Second
}

// read gets the issue from GitLab. A state that is older than one that is known is not there yet: behind GitLab's database stand copies that
// lag. When it has not come after a while, the known one counts.
func (j *job) read(ctx context.Context) error {
	issue, err := j.o.GitLab.Issue(ctx, j.batch.Issue)
	if err != nil {
		return err
	}
	if j.outdates(&issue) {
		stale := fmt.Errorf("GitLab shows %s as it was at %s; at %s it was changed", j.batch.Issue,
			issue.UpdatedAt.UTC().Format(time.RFC3339Nano), j.newest.UpdatedAt.UTC().Format(time.RFC3339Nano))
		if err := j.doubt(oldState, j.o.Patience.Stale, stale); err != nil {
			return err
		}
		j.o.Log.Warn("an old state of the issue is not believed; the delivered one counts", zap.Stringer("issue", j.batch.Issue), zap.Error(stale))
		description := issue.Description // which no delivery tells
		issue = *j.newest
		issue.Description = description
	}
	issue.CarryStatusFrom(j.newest)
	j.issue, j.seen, j.live, j.called = issue, j.o.Now(), true, true
	j.reads++
	return nil
}

// confirm makes sure, before anything is written, that a decision rests on a whole memory, on all that the rules have to know, and on a
// fresh state. It reports whether that brought something new, so that the rules have to be asked again. A decision that writes nothing
// needs no fresh state: reading would cost calls for an event that changes nothing.
func (j *job) confirm(ctx context.Context, d engine.Decision, needs engine.Needs) (again bool, err error) {
	looks := triage.KindsOf(j.events).Effective()&j.policy.Kinds() != 0 || j.batch.Woken
	switch {
	case !j.known && !looks && needs.Empty():
		return false, nil // the rules have nothing to look at, and nothing is worth remembering yet
	case !j.known, weighs(d) && !j.recovered:
		return true, j.recover(ctx)
	}
	j.keep = true
	if !needs.Empty() {
		return true, j.load(ctx, d, needs)
	}
	if j.fresh() || j.reminds(d) || !j.writes(d) {
		return false, nil
	}
	return true, j.read(ctx)
}

// weighs reports whether the plan sets a weight: the one thing that a repetition could do twice.
func weighs(d engine.Decision) bool {
	for _, p := range d.Plan {
		if _, ok := p.Action.(triage.SetWeight); ok {
			return true
		}
	}
	return false
}

// fresh reports whether the state may be acted on: it was read or delivered a moment ago, and GitLab was not late with it. What GitLab
// takes long to answer is as fresh as it gets.
func (j *job) fresh() bool {
	age := j.o.Now().Sub(j.seen)
	if j.live {
		return age <= max(j.o.Freshness, time.Second) || j.reads > 2
	}
	return !j.late && age <= j.o.Freshness
}

// reminds reports whether all that is to be written is a note whose items have waited for the grace period to end, about a state that GitLab
// showed since the wait began. Deliveries have kept that up to date; a note that misses the last of them is set right by the next.
func (j *job) reminds(d engine.Decision) bool {
	return j.batch.Woken && len(j.batch.Deliveries) == 0 && len(d.Plan) == 0 && d.Pending.Empty() && !j.late &&
		j.o.Now().Sub(j.seen) <= j.policy.Grace+newborn
}

// writes reports whether the decision would write to GitLab.
func (j *job) writes(d engine.Decision) bool {
	_, say := wording(d)
	return say || len(d.Plan) > 0 || !triage.Difference(j.issue, d.Result).Empty()
}

// recover rebuilds the memory from GitLab: the marker of the sticky note, and who changed labels and weight.
func (j *job) recover(ctx context.Context) error {
	kept := j.memory.Clone()
	if !j.known {
		kept.Context = triage.Context{} // not loaded by this job
	}
	j.known, j.recovered = true, true
	notes, err := j.ownNotes(ctx)
	if err != nil {
		return err
	}
	past, err := j.changes(ctx)
	if err != nil {
		return err
	}
	// The issue is read last: what somebody writes meanwhile must not look as if it had been taken back.
	if !j.live {
		if err := j.read(ctx); err != nil {
			return err
		}
	}
	j.advance(past)
	if j.batch.Attempt > 1 {
		j.emptied(past)
	}
	past, err = j.begun(ctx, notes, past, &kept)
	if err != nil {
		return err
	}
	marked, found := sticky(notes, j.batch.Issue)
	if !found {
		marked, found = sticky(j.history.former, j.batch.Issue)
	}
	if found {
		kept = overlay(kept, marked)
	}
	j.memory = engine.RestoreMemory(kept, j.policy.Team, past, j.o.Self.ID)
	if !found && j.blank {
		return j.recall(ctx)
	}
	return nil
}

// recall finds the rules that people silenced by commands the bot has answered, where no note tells.
func (j *job) recall(ctx context.Context) error {
	written, err := j.commentsSince(ctx, j.issue.CreatedAt)
	if err != nil {
		return err
	}
	var silencing []engine.Comment
	for _, c := range slices.Backward(written) {
		said := engine.Comment{Event: triage.Event{Actor: c.Author, At: c.CreatedAt, Note: &triage.Note{ID: c.ID, Internal: c.Internal}}}
		for _, l := range j.lines(c.Body) {
			if engine.IsSilenceCommand(j.policy, l.Text) {
				said.Lines = append(said.Lines, engine.Line{Text: l.Text})
			}
		}
		if len(said.Lines) == 0 {
			continue
		}
		done, _, err := j.answered(ctx, c.ID)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		if edited, unsure, err := j.edited(ctx, c); err != nil {
			return err
		} else if edited || unsure {
			continue
		}
		if said.Level, err = j.level(ctx, j.batch.Issue.Project, c.Author.ID); err != nil {
			return err
		}
		silencing = append(silencing, said)
	}
	j.memory = engine.RestoreSilences(j.policy, silencing, j.issue, j.memory, j.o.Now())
	return nil
}

// overlay puts what the note's marker holds over what the store remembers.
func overlay(kept, marked triage.Memory) triage.Memory {
	for key, item := range kept.Items {
		if _, known := marked.Items[key]; !known && item.State == triage.ItemPending {
			if marked.Items == nil {
				marked.Items = map[string]triage.ItemState{}
			}
			marked.Items[key] = item
		}
	}
	marked.Mentioned = union(kept.Mentioned, marked.Mentioned)
	marked.BotChanges = union(kept.BotChanges, marked.BotChanges)
	marked.Undone = union(kept.Undone, marked.Undone)
	marked.Suspensions = union(kept.Suspensions, marked.Suspensions)
	marked.Note.Dismissed = also(marked.Note.Dismissed, kept.Note.Dismissed)
	marked.Bump = cmp.Or(marked.Bump, kept.Bump)
	marked.WeightDropped = marked.WeightDropped || kept.WeightDropped
	// The marker holds nothing of these.
	marked.SeenAt, marked.Touched, marked.StateEntry, marked.Context = kept.SeenAt, kept.Touched, kept.StateEntry, kept.Context
	marked.Writes, marked.StoppedAt = kept.Writes, kept.StoppedAt
	marked.Silences, marked.Requested = union(marked.Silences, kept.Silences), union(marked.Requested, kept.Requested)
	marked.ExecutedNotes, marked.Intent, marked.FirstSeen, marked.SeenFromCreation, marked.HistoryImported = kept.ExecutedNotes, kept.Intent, kept.FirstSeen, kept.SeenFromCreation, kept.HistoryImported
	marked.LastTransition = kept.LastTransition
	marked.CommandedAt, marked.Reinstated = kept.CommandedAt, kept.Reinstated
	marked.Wakes, marked.WakeAt = kept.Wakes, kept.WakeAt
	marked.ShadowActions = kept.ShadowActions
	return marked
}

// also is a list with what it lacks of another.
func also(list, more []string) []string {
	list = slices.Clone(list)
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func union[V any](a, b map[string]V) map[string]V {
	if a == nil {
		return b
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
