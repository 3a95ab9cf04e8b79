package worker

import (
	"context"
	"maps"
	"slices"

	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// publishPolicyComments makes the comments that policies make beside the note, each once in a spell.
func (j *job) publishPolicyComments(ctx context.Context) error {
	for _, c := range j.decision.Comments {
		spell := j.decision.Memory.Spells[c.Rule]
		if spell.Number != c.Spell {
			spell = triage.Spell{Number: c.Spell, Began: j.now()}
		}
		if spell.Said != 0 {
			continue
		}
		id, err := j.findOrComment(ctx, c)
		if err != nil {
			return err
		}
		spells := maps.Clone(j.decision.Memory.Spells)
		if spells == nil {
			spells = map[string]triage.Spell{}
		}
		spell.Said = id
		spells[c.Rule] = spell
		j.decision.Memory.Spells = spells
	}
	return nil
}

// findOrComment is the comment of a spell that an earlier attempt made without living to tell, or a new one.
func (j *job) findOrComment(ctx context.Context, c engine.OwnComment) (int64, error) {
	id, err := j.findPolicyComment(ctx, c)
	if id != 0 || err != nil {
		return id, err
	}
	outside, err := j.outside(ctx)
	if err != nil {
		return 0, err
	}
	j.snapshotMemory()
	body := note.RenderPolicyComment(c.PolicyComment, j.batch.Issue, c.Rule, c.Spell)
	if internal := c.Internal || outside; c.Thread && !internal {
		id, err = j.says.CreateThread(ctx, j.batch.Issue, body)
		err = j.rememberUnanswered(0, err)
	} else {
		id, err = j.createComment(ctx, internal, body) // GitLab begins no thread that is internal
	}
	if err != nil {
		return 0, err
	}
	if len(j.decision.Plan) == 0 {
		j.countWrite(&j.decision.Memory)
	}
	j.view.called = true
	j.effects.note(c.Rule + ": commented")
	j.pool.metrics.actions.WithLabelValues(c.Rule).Inc()
	return id, nil
}

// findPolicyComment looks for the comment of a spell where it may be there and nobody remembers, 0 for none.
func (j *job) findPolicyComment(ctx context.Context, c engine.OwnComment) (int64, error) {
	if j.mayBeBeside() {
		j.view.ownRead = false
	} else if j.mail.whole {
		return 0, nil
	}
	notes, err := j.view.ownNotes(ctx)
	if err != nil {
		return 0, err
	}
	for _, n := range slices.Concat(notes, j.view.former) {
		if rule, spell, ok := note.ParsePolicyComment(n.Body, j.batch.Issue); ok && rule == c.Rule && spell == c.Spell {
			return n.ID, nil
		}
	}
	return 0, nil
}
