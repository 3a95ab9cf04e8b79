package engine

import (
	"maps"

	"flowkeeper/rules/triage"
)

// awaken ends the snoozes whose time has come. Their rules are run, whatever happened.
func (r *run) awaken() {
	for rule, s := range r.memory.Silences {
		if s.Until.IsZero() || r.in.Now.Before(s.Until) {
			continue
		}
		delete(r.memory.Silences, rule)
		if rule == triage.AllRules {
			r.in.Kinds |= triage.Swept.Effective()
			continue
		}
		if r.concerned == nil {
			r.concerned = map[string]bool{}
		}
		r.concerned[rule] = true
	}
}

// silence is what people said who silenced the rule on this issue.
func silence(m *triage.Memory, rule string) (triage.Silence, bool) {
	if s, ok := m.Silences[rule]; ok {
		return s, true
	}
	s, ok := m.Silences[triage.AllRules]
	return s, ok
}

// silenced reports whether a rule may not say anything here: it is off, in shadow, put to rest, snoozed, or not in the policy any more.
func (r *run) silenced(rule string) bool {
	if r.command(rule) != nil {
		return false
	}
	_, rests := r.memory.Suspensions[rule]
	_, silent := silence(r.memory, rule)
	if rests || silent {
		return true
	}
	n := r.policy.index(rule)
	return n < 0 || r.policy.Settings[n].Mode < triage.Remind
}

// quiet says until when a silenced rule is.
func quiet(s triage.Silence) string {
	if s.Until.IsZero() {
		return "the rule is ignored on this issue"
	}
	return "the rule is snoozed on this issue until " + clock(s.Until)
}

// skip says why a rule is not run, or "".
func (r *run) skip(s *Setting) string {
	switch {
	case s.Mode == triage.Off:
		return "the rule is off"
	case r.in.Issue.Closed && !s.Closed:
		return "the issue is closed"
	case len(r.memory.Silences) > 0:
		if s, silent := silence(r.memory, s.ID); silent {
			return quiet(s)
		}
	}
	if s.On&r.in.Kinds == 0 && !r.concerned[s.ID] {
		return "nothing that this rule looks at has changed"
	}
	return ""
}

// concerned are the rules that have something on the note or did something to the issue, or would have: they are run whatever happened, so
// that what they said stays true.
func concerned(m *triage.Memory) map[string]bool {
	if len(m.Items) == 0 && len(m.BotChanges) == 0 && len(m.HasLine) == 0 && len(m.ShadowActions) == 0 {
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
	return rules
}
