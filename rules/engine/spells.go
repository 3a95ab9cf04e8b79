package engine

import (
	"slices"

	"flowkeeper/rules/triage"
)

// A spell begins when the conditions of a policy begin to hold, and is over when they fail for another reason than what the bot itself did: a
// policy that marks an issue and leaves marked ones alone, or that comments on issues without activity and is itself some, goes on with one spell.
// What a policy says it says once in a spell. Where it is asked by a label that it takes off, the spell is over with that: whoever sets the label
// again asks again.

// isOver reports whether conditions that hold begin a new spell.
func isOver(s triage.Spell) bool { return s.Number == 0 || s.Over }

// keepSpell brings the policy's spell up to date with its verdict, and reports whether one begins. Nobody sees what a policy in shadow does, so it has
// no spells; one in mode act that says nothing needs none.
func (r *run) keepSpell(s *Setting, v triage.Verdict) (begins bool) {
	if s.Mode < triage.Remind {
		return false
	}
	spell, known := r.memory.Spells[s.ID]
	switch {
	case v.Holds && isOver(spell) && (s.Mode == triage.Remind || v.Comment != nil || s.PerHour > 0):
		spell = triage.Spell{Number: spell.Number + 1, Began: r.in.Now}
		if v.Comment != nil {
			spell.Values = v.Comment.Values
		}
		begins = true
	case v.Holds || v.Itself || !known || spell.Over:
		return false
	default:
		spell.Over, spell.Itself, spell.Values = true, false, nil
	}
	r.setSpell(s.ID, spell)
	return begins
}

func (r *run) setSpell(rule string, spell triage.Spell) {
	if r.memory.Spells == nil {
		r.memory.Spells = map[string]triage.Spell{}
	}
	r.memory.Spells[rule] = spell
}

// resume asks a policy. One whose work was undertaken and may not be done goes on with it, whether or not its conditions still hold: a part of the
// work may have ended them.
func (r *run) resume(s *Setting) triage.Verdict {
	saved := r.memory.Spells[s.ID]
	if saved.Undertaken == nil {
		return s.Decide(r.in, s.Options)
	}
	edit := saved.Undertaken
	saved.Undertaken = nil
	if r.resumed == nil {
		r.resumed = map[string]triage.Spell{}
	}
	r.resumed[s.ID] = saved
	begun := saved
	begun.Over, begun.Itself = false, false
	r.setSpell(s.ID, begun)
	v := s.Decide(r.in, s.Options)
	if v.Holds || v.Needs != 0 {
		return v
	}
	saved.Itself = true // what it says belongs to this spell
	r.setSpell(s.ID, saved)
	v = s.Decide(r.in, s.Options)
	r.setSpell(s.ID, begun)
	v.Holds, v.Itself, v.Actions = true, false, edit.Actions()
	for n, a := range v.Actions {
		if remove, ok := a.(triage.RemoveLabel); ok {
			remove.Spent = saved.Over
			v.Actions[n] = remove
		}
	}
	return v
}

// hasUndertaken reports whether a policy undertook something that may not be done.
func hasUndertaken(m *triage.Memory) bool {
	for _, s := range m.Spells {
		if s.Undertaken != nil {
			return true
		}
	}
	return false
}

// leaveUndertaken has policies that undertook something change nothing more. What they have to say is left.
func leaveUndertaken(m *triage.Memory) {
	for rule, s := range m.Spells {
		if s.Undertaken != nil {
			s.Undertaken = &triage.Edit{}
			m.Spells[rule] = s
		}
	}
}

// speak says what a policy in mode act has to say, and notes where what it does ends its conditions: then is its verdict when that is done.
func (r *run) speak(s *Setting, v, then triage.Verdict, did []triage.Action, before triage.Issue) {
	spell, known := r.memory.Spells[s.ID]
	if !known {
		return
	}
	if resumed, ok := r.resumed[s.ID]; ok {
		spell.Itself, spell.Over = resumed.Itself, resumed.Over
	} else if len(did) > 0 && !then.Holds && then.Needs == 0 {
		spell.Itself, spell.Over = true, slices.ContainsFunc(did, isSpent)
	}
	r.setSpell(s.ID, spell)
	said := slices.ContainsFunc(r.comments, func(c OwnComment) bool { return c.Rule == s.ID }) // the policy was asked before in this decision
	comments := v.Comment != nil && v.Comment.Own && spell.Said == 0 && !said
	if comments {
		r.comments = append(r.comments, OwnComment{Rule: s.ID, Spell: spell.Number, PolicyComment: *v.Comment})
		r.in.Issue.UpdatedAt = r.in.Now
	}
	if spell.Itself || comments {
		edit := triage.Difference(before, r.in.Issue)
		spell.Undertaken = &edit
		if r.undertaken == nil {
			r.undertaken = map[string]triage.Spell{}
		}
		r.undertaken[s.ID] = spell
	}
}

// isSpent reports whether an action takes off a label that asked for it.
func isSpent(a triage.Action) bool {
	remove, ok := a.(triage.RemoveLabel)
	return ok && remove.Spent
}
