package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Recover completes a memory from GitLab's own record of who changed labels and weight, oldest entry first, for an issue whose
// memory the store has lost or may have missed. What the memory already holds (from the note's marker) stays. Since is when the
// workflow label was last added, by whomever.
func Recover(m triage.Memory, team *triage.Team, past []triage.Past, bot int64) triage.Memory {
	m = m.Clone()
	r := recovery{team: team, bot: bot, ordered: m.Ordered, own: map[string]triage.Own{}, undone: map[string]triage.Undoing{}, gaveUp: map[string]bool{}, weights: map[string]*int{}}
	for _, p := range past {
		if p.Label != "" {
			r.label(p)
		} else {
			r.weight("weight", "", p.Weight, p)
		}
	}
	for key := range r.gaveUp {
		delete(m.Own, key)
	}
	for key, own := range r.own {
		if known, ok := m.Own[key]; ok {
			own.Rule = known.Rule
		}
		setOwn(&m, key, own)
	}
	for _, key := range slices.Sorted(maps.Keys(r.undone)) {
		u := r.undone[key]
		takeBack(&m, key, m.Own[key], u)
	}
	if m.Bump == nil {
		m.Bump = r.bump
	}
	if n := len(r.states); n > 0 && !r.states[n-1].At.IsZero() {
		m.Since = r.states[n-1]
	}
	return m
}

func setOwn(m *triage.Memory, key string, own triage.Own) {
	if m.Own == nil {
		m.Own = map[string]triage.Own{}
	}
	m.Own[key] = own
}

// recovery replays an issue's past and keeps what the bot established and what people undid.
type recovery struct {
	team    *triage.Team
	bot     int64
	ordered map[string]time.Time
	labels  []string
	weights map[string]*int // by key
	own     map[string]triage.Own
	gaveUp  map[string]bool // labels that the bot took off again
	undone  map[string]triage.Undoing
	bump    *triage.Bump
	states  []triage.Since // of the workflow labels on the issue, the one added last at the end
	left    string         // the state of the workflow label taken off last
}

// ours reports whether a rule, and not a command, had the bot make a change.
func (r *recovery) ours(key string, p triage.Past) bool {
	until, ordered := r.ordered[key]
	return p.Actor.ID == r.bot && (!ordered || p.At.After(until))
}

func (r *recovery) label(p triage.Past) {
	r.state(p)
	key := "label:" + p.Label
	bot := r.ours(key, p)
	if p.Added {
		r.labels = append(r.labels, p.Label)
		if side, value, ok := r.sideWeight(p.Label); ok {
			r.weight("weight:"+side, side, &value, p)
			return
		}
	} else {
		r.labels = slices.DeleteFunc(r.labels, func(l string) bool { return l == p.Label })
		if _, _, ok := r.sideWeight(p.Label); ok {
			return
		}
	}
	own, ours := r.own[key]
	switch {
	case bot && p.Added:
		r.own[key] = triage.Own{}
		delete(r.undone, key)
		delete(r.gaveUp, key)
	case bot && ours:
		delete(r.own, key)
		r.gaveUp[key] = true
	case bot && triage.Scope(p.Label) == "":
		r.own[key] = triage.Own{Removed: true}
	case !bot && ours && own.Removed == p.Added && !r.moved(p):
		delete(r.own, key)
		r.undone[key] = triage.Undoing{By: p.Actor.Username, What: what(p.Label, own.Removed), Removed: own.Removed}
	case !bot && ours && own.Removed == p.Added:
		delete(r.own, key)
	}
}

// state replays a change of the workflow state. Of several workflow labels, the one added last counts.
func (r *recovery) state(p triage.Past) {
	label := r.team.Canonical(p.Label)
	if triage.Scope(label) != r.team.Label(triage.WorkflowScope) {
		return
	}
	state, from := triage.Value(label), r.left
	if n := len(r.states); n > 0 {
		from = r.states[n-1].State
	}
	r.states = slices.DeleteFunc(r.states, func(s triage.Since) bool { return s.State == state })
	if !p.Added {
		r.left = state
		return
	}
	r.states = append(r.states, triage.Since{State: state, From: from, At: p.At})
}

// moved reports whether a removed label made way for another of its scope.
func (r *recovery) moved(p triage.Past) bool {
	scope := triage.Scope(p.Label)
	return !p.Added && scope != "" && slices.ContainsFunc(r.labels, func(l string) bool { return triage.Scope(l) == scope })
}

// weight replays a change of the weight field or of the side's label.
func (r *recovery) weight(key, side string, value *int, p triage.Past) {
	before := r.weights[key]
	r.weights[key] = value
	own, ours := r.own[key]
	bot := r.ours(key, p)
	switch {
	case bot && value != nil:
		r.own[key] = triage.Own{Value: *value}
		delete(r.undone, key)
		if before != nil && *value == *before+1 || r.leveled(*value) {
			r.bump = &triage.Bump{From: *value - 1, To: *value}
		}
	case !bot && ours && (value == nil || *value != own.Value):
		delete(r.own, key)
		r.undone[key] = triage.Undoing{By: p.Actor.Username, What: triage.SetWeight{Value: own.Value, Side: side}.String()}
	}
}

// leveled reports whether a weight that the bot sets now has the level for security issues in it: it sets both in one write. A 5 may be
// what was asked for.
func (r *recovery) leveled(weight int) bool {
	then := triage.NewInput(r.team, nil, triage.Issue{Labels: r.labels}, &triage.Memory{}, time.Time{})
	return then.IsSecurity() && !then.Has(triage.Spike) && 0 < weight && weight < 5
}

// sideWeight reads a weight label of the team's side.
func (r *recovery) sideWeight(label string) (side string, value int, ok bool) {
	value, ok = triage.WeightOf(label, r.team.Side)
	return r.team.Side, value, ok
}
