package engine

import (
	"maps"

	"flowkeeper/rules/triage"
)

// endSnoozes removes the silences whose time is over. Their rules are run whatever happened.
func (r *run) endSnoozes() {
	for rule, s := range r.memory.Silences {
		if s.Until.IsZero() || r.in.Now.Before(s.Until) {
			continue
		}
		delete(r.memory.Silences, rule)
		if rule == triage.AllRules {
			r.in.Kinds |= triage.Swept.Effective()
			continue
		}
		if r.involved == nil {
			r.involved = map[string]bool{}
		}
		r.involved[rule] = true
	}
}

// silence is the silence that holds for the rule on this issue, its own or that of all rules.
func silence(m *triage.Memory, rule string) (triage.Silence, bool) {
	if s, ok := m.Silences[rule]; ok {
		return s, true
	}
	s, ok := m.Silences[triage.AllRules]
	return s, ok
}

// silenced reports whether a rule may not say anything here: it is off, in shadow, suspended, silenced, or no longer in the policy.
func (r *run) silenced(rule string) bool {
	if r.command(rule) != nil {
		return false
	}
	_, suspended := r.memory.Suspensions[rule]
	_, silent := silence(r.memory, rule)
	if suspended || silent {
		return true
	}
	n := r.policy.index(rule)
	return n < 0 || r.policy.Settings[n].Mode < triage.Remind
}

// silenceReason says why and until when a silenced rule is not run.
func silenceReason(s triage.Silence) string {
	if s.Until.IsZero() {
		return "the rule is ignored on this issue"
	}
	return "the rule is snoozed on this issue until " + formatTime(s.Until)
}

// skipReason says why a rule is not run, or "".
func (r *run) skipReason(s *Setting) string {
	switch {
	case s.Mode == triage.Off:
		return "the rule is off"
	case s.Subject != r.in.Issue.Kind:
		return "the rule looks at " + s.Subject.Words() + "s"
	case r.outside != "" && !s.Everywhere:
		return r.outside
	case r.in.Issue.Closed && !s.Closed:
		return "the issue is closed"
	case len(r.memory.Silences) > 0:
		if s, silent := silence(r.memory, s.ID); silent {
			return silenceReason(s)
		}
	}
	if r.memory.OnlyPolicies && !r.involved[s.ID] {
		return "nothing has happened to the issue since the bot knows it"
	}
	if s.On&r.in.Kinds == 0 && !r.involved[s.ID] {
		if idle := s.Idle(r.policy.Team); idle != "" {
			return idle // now and whatever happens
		}
		return "nothing that this rule looks at has changed"
	}
	return ""
}

// rulesInvolved are the rules that have something on the note, changed the issue, or would have in shadow. They are run whatever happened,
// so that what they said stays true.
func rulesInvolved(m *triage.Memory) map[string]bool {
	if len(m.Items) == 0 && len(m.BotChanges) == 0 && len(m.HasLine) == 0 && len(m.ShadowActions) == 0 && len(m.Spells) == 0 {
		return nil
	}
	rules := maps.Clone(m.HasLine)
	if rules == nil {
		rules = map[string]bool{}
	}
	for key, item := range m.Items {
		if item.State != triage.ItemMet {
			rules[ruleOf(key)] = true
		}
	}
	for _, own := range m.BotChanges {
		rules[own.Rule] = true
	}
	for rule := range m.ShadowActions {
		rules[rule] = true
	}
	for rule, spell := range m.Spells {
		if !spell.Over || spell.Undertaken != nil {
			rules[rule] = true
		}
	}
	return rules
}
