package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// dropUnshadowed forgets the shadow actions of rules that are no longer in mode shadow.
func dropUnshadowed(p Policy, m *triage.Memory) {
	for rule := range m.ShadowActions {
		if n := p.index(rule); n < 0 || p.Settings[n].Mode != triage.Shadow {
			delete(m.ShadowActions, rule)
		}
	}
}

// recordShadow records what each rule in shadow would do here in its own mode. What would only ask people waits for the grace period like an item
// of the note; the rule is run again then.
func (r *run) recordShadow() {
	for n := range r.looked {
		s, f := r.looked[n].setting, r.looked[n].finding
		if s.Mode != triage.Shadow || !f.Evaluated {
			continue
		}
		var again time.Time
		if !f.Overridden {
			f.Would, again = r.shadowActions(&r.looked[n])
		}
		r.watchAgain = triage.Earlier(r.watchAgain, again)
		if len(f.Would) == 0 && again.IsZero() {
			delete(r.memory.ShadowActions, f.Rule)
			continue
		}
		if r.memory.ShadowActions == nil {
			r.memory.ShadowActions = map[string][]string{}
		}
		r.memory.ShadowActions[f.Rule] = f.Would
	}
}

// shadowActions is what a rule in shadow would do in its own mode. again is when an item that waits would be asked for.
func (r *run) shadowActions(l *looked) (would []string, again time.Time) {
	s, v := l.setting, l.verdict
	own := s.Rule.Mode
	if s.Looks != nil && own < triage.Remind {
		own = triage.Act // its file has it in shadow
	}
	if own == triage.Act {
		would = slices.Clone(l.finding.Wants)
	}
	if v == nil || own < triage.Remind {
		return would, again
	}
	for _, line := range v.Lines {
		would = append(would, "say: "+line)
	}
	if v.Holds && v.Comment != nil {
		would = append(would, "comment")
	}
	items := v.Items
	if own == triage.Remind {
		items = slices.Concat(items, r.suggestedItems(v))
	}
	for _, i := range items {
		opens := r.opensAt(triage.ItemState{Triage: i.Triage && r.atIntake()})
		if s.Prompt || !r.in.Now.Before(opens) {
			would = append(would, "ask for “"+i.Title+"”")
		} else {
			again = triage.Earlier(again, opens)
		}
	}
	return would, again
}
