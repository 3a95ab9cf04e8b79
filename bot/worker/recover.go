package worker

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// recoverMemory rebuilds the memory from GitLab: the marker of the sticky note, and who changed labels and weight.
func (j *job) recoverMemory(ctx context.Context) error {
	kept := j.in.Memory.Clone()
	if !j.known {
		kept.Context = triage.Context{MergeRequests: kept.Context.MergeRequests} // the rest was not loaded by this job
	}
	j.known, j.recovered, kept.Partial = true, true, false
	notes, err := j.view.ownNotes(ctx)
	if err != nil {
		return err
	}
	past, err := j.view.changes(ctx)
	if err != nil {
		return err
	}
	// The issue is read last: what somebody writes meanwhile must not look as if it had been taken back.
	if !j.snap.live {
		if err := j.readIssue(ctx); err != nil {
			return err
		}
	}
	j.countOwnWrites(past)
	j.recoverStatus(&kept)
	if j.batch.Attempt > 1 {
		past = j.withoutHalfTaken(past, &kept)
	}
	past, err = j.withoutCopied(ctx, notes, past, &kept)
	if err != nil {
		return err
	}
	marked, found := findNote(notes, j.batch.Issue)
	if !found {
		marked, found = findNote(j.view.former, j.batch.Issue)
	}
	if found {
		kept = overlay(kept, marked)
	}
	kept.Spells = mergeSpells(kept.Spells, j.spellsSaid(slices.Concat(j.view.former, notes)))
	j.in.Memory = engine.RestoreMemory(kept, j.rules.policy.Team, past, j.view.bot.self.ID)
	if !found && j.mail.blank {
		return j.recallSilences(ctx)
	}
	return nil
}

// recallSilences finds the rules that people silenced by commands the bot has answered, where no note tells.
func (j *job) recallSilences(ctx context.Context) error {
	written, err := j.view.commentsSince(ctx, j.snap.issue.CreatedAt)
	if err != nil {
		return err
	}
	var silencing []engine.Comment
	for _, c := range slices.Backward(written) {
		said := engine.Comment{Event: triage.Event{Actor: c.Author, At: c.CreatedAt, Note: &triage.Note{ID: c.ID, Internal: c.Internal}}}
		for _, l := range j.lines(c.Body) {
			if engine.IsSilenceCommand(j.rules.policy, l.Text) {
				said.Lines = append(said.Lines, engine.Line{Text: l.Text})
			}
		}
		if len(said.Lines) == 0 {
			continue
		}
		done, _, err := j.wasAnswered(ctx, c.ID)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		if edited, unsure, err := j.wasEdited(ctx, c); err != nil {
			return err
		} else if edited || unsure {
			continue
		}
		if said.Level, err = j.view.levels.of(ctx, j.batch.Issue.Project, c.Author.ID); err != nil {
			return err
		}
		silencing = append(silencing, said)
	}
	j.in.Memory = engine.RestoreSilences(j.rules.policy, silencing, j.snap.issue, j.in.Memory, j.now())
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
	marked.Note.Dismissed = withMissing(marked.Note.Dismissed, kept.Note.Dismissed)
	marked.Bump = cmp.Or(marked.Bump, kept.Bump)
	marked.WeightDropped = marked.WeightDropped || kept.WeightDropped
	// The marker holds nothing of these.
	marked.SeenAt, marked.Touched, marked.StateEntry, marked.SeverityAt, marked.Context = kept.SeenAt, kept.Touched, kept.StateEntry, kept.SeverityAt, kept.Context
	marked.Writes, marked.StoppedAt = kept.Writes, kept.StoppedAt
	marked.Silences, marked.Requested = union(marked.Silences, kept.Silences), union(marked.Requested, kept.Requested)
	marked.ExecutedNotes, marked.Intent, marked.FirstSeen, marked.SeenFromCreation, marked.HistoryImported = kept.ExecutedNotes, kept.Intent, kept.FirstSeen, kept.SeenFromCreation, kept.HistoryImported
	marked.LastTransition = kept.LastTransition
	marked.CommandedAt, marked.Reinstated = kept.CommandedAt, kept.Reinstated
	marked.Wakes, marked.WakeAt = kept.Wakes, kept.WakeAt
	marked.ShadowActions, marked.Closing = kept.ShadowActions, kept.Closing
	marked.Taken, marked.Parent = kept.Taken, kept.Parent
	marked.PoliciesAsked, marked.OnlyPolicies = kept.PoliciesAsked, kept.OnlyPolicies
	marked.ActiveAt, marked.Spells = kept.ActiveAt, mergeSpells(kept.Spells, marked.Spells)
	return marked
}

// withMissing is a list with what it lacks of another.
func withMissing(list, more []string) []string {
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
