package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// recordUndertaken saves what policies want before any of it is written, where writing it may end their conditions: whoever comes after a crash
// finds the spell and carries out the rest of it. So it does with a status that rules want, which nothing else would tell of.
func (j *job) recordUndertaken(ctx context.Context) error {
	d := &j.decision
	setting := statusAdded(triage.Difference(j.snap.issue, d.Result))
	if j.intent.recorded {
		setting = "" // it is written down there
	}
	if len(d.Undertaken) == 0 && setting == "" {
		return nil
	}
	j.snapshotMemory()
	spells := j.undertaken(j.in.Memory.Spells)
	kept := j.in.Memory.Clone()
	if j.intent.recorded {
		kept = j.unfinished()
	}
	kept.Spells, kept.LastDelivered, kept.Unanswered, kept.Unconfirmed = spells, j.unobserved(), j.effects.unanswered, j.doubts.counts
	kept.OnlyPolicies, kept.SettingStatus = d.Memory.OnlyPolicies, setting
	if kept.Intent == nil {
		kept.Intent = j.intent.resumed
	}
	memory, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if err := j.pool.o.Inbox.SaveMemory(ctx, j.batch, memory); err != nil {
		return fmt.Errorf("writing down what rules want of %s: %w", j.batch.Issue, err)
	}
	j.in.Memory.Spells, j.settingStatus = spells, setting
	return nil
}

// undertaken are spells with what the decision undertakes, as long as not all of it is done. A comment that was made is known to be.
func (j *job) undertaken(spells map[string]triage.Spell) map[string]triage.Spell {
	if len(j.decision.Undertaken) == 0 {
		return spells
	}
	all := maps.Clone(spells)
	if all == nil {
		all = map[string]triage.Spell{}
	}
	for rule, s := range j.decision.Undertaken {
		if made := j.decision.Memory.Spells[rule]; made.Number == s.Number {
			s.Said = max(s.Said, made.Said)
		}
		all[rule] = s
	}
	return all
}

// spellsSaid are the spells in which a policy made a comment of its own, by those comments, the oldest first. Whether a spell is over, they do
// not tell: until the rules say so, it goes on.
func (j *job) spellsSaid(notes []gitlab.Note) map[string]triage.Spell {
	var spells map[string]triage.Spell
	for _, n := range notes {
		rule, number, ok := note.ParsePolicyComment(n.Body, j.batch.Issue)
		if !ok || spells[rule].Number >= number {
			continue
		}
		if spells == nil {
			spells = map[string]triage.Spell{}
		}
		spells[rule] = triage.Spell{Number: number, Began: n.CreatedAt, Said: n.ID}
	}
	return spells
}

// mergeSpells puts together what is known of spells, by rule: the later one counts. What kept says goes before what a comment holds.
func mergeSpells(kept, held map[string]triage.Spell) map[string]triage.Spell {
	if len(held) == 0 {
		return kept
	}
	all := maps.Clone(held)
	for rule, s := range kept {
		switch other, both := all[rule]; {
		case !both || s.Number > other.Number:
			all[rule] = s
		case s.Number == other.Number:
			s.Said = max(s.Said, other.Said)
			all[rule] = s
		}
	}
	return all
}
