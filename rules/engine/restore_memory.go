package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// RestoreMemory completes a memory from GitLab's resource events, oldest first, for an issue whose memory the store has lost or may have
// missed; bot is the user id of the bot's account. What the memory already holds (from the note's marker) stays.
// StateEntry is when anybody last added the workflow label.
func RestoreMemory(m triage.Memory, team *triage.Team, history []triage.ResourceEvent, bot int64) triage.Memory {
	m = m.Clone()
	r := recovery{
		team: team, bot: bot, ordered: m.CommandedAt, weights: map[string]*int{},
		own: map[string]triage.BotChange{}, gaveUp: map[string]bool{}, undone: map[string]datedUndoing{},
	}
	for _, p := range history {
		if p.Label != "" {
			r.replayLabel(p)
		} else {
			r.replayWeight(triage.SetWeight{}.Key(), p.Weight, p)
		}
	}
	for key := range r.gaveUp {
		delete(m.BotChanges, key)
	}
	for key, own := range r.own {
		if known, ok := m.BotChanges[key]; ok {
			own.Rule = known.Rule
		}
		setOwn(&m, key, own)
	}
	for _, key := range slices.Sorted(maps.Keys(r.undone)) {
		back := r.undone[key]
		if until, forgiven := m.Reinstated[key]; forgiven && !back.at.After(until) {
			continue
		}
		recordUndoing(&m, key, m.BotChanges[key], back.Undoing)
	}
	if m.Bump == nil {
		m.Bump = r.bump
	}
	if m.SeverityAt.IsZero() {
		m.SeverityAt = FirstSeverity(team, history)
	}
	if n := len(r.states); n > 0 && !r.states[n-1].At.IsZero() {
		m.StateEntry = r.states[n-1]
	}
	return m
}

func setOwn(m *triage.Memory, key string, own triage.BotChange) {
	if m.BotChanges == nil {
		m.BotChanges = map[string]triage.BotChange{}
	}
	m.BotChanges[key] = own
}

// recovery replays an issue's resource events and keeps what the bot established and what people undid.
type recovery struct {
	team    *triage.Team
	bot     int64
	ordered map[string]time.Time
	labels  []string
	weights map[string]*int // by key
	own     map[string]triage.BotChange
	gaveUp  map[string]bool // labels that the bot took off again
	undone  map[string]datedUndoing
	bump    *triage.Bump
	states  []triage.StateEntry // of the workflow labels on the issue, the one added last at the end
	left    string              // the state of the workflow label taken off last
}

// datedUndoing is an undoing with its time.
type datedUndoing struct {
	triage.Undoing
	at time.Time
}

// byRule reports whether the bot made a change for a rule, and not for a command.
func (r *recovery) byRule(key string, p triage.ResourceEvent) bool {
	until, ordered := r.ordered[key]
	return p.Actor.ID == r.bot && (!ordered || p.At.After(until))
}

func (r *recovery) replayLabel(p triage.ResourceEvent) {
	r.replayState(p)
	key := triage.AddLabel{Label: p.Label}.Key()
	bot := r.byRule(key, p)
	if p.Added {
		r.labels = append(r.labels, p.Label)
		if side, value, ok := r.sideWeight(p.Label); ok {
			r.replayWeight(triage.SetWeight{Side: side}.Key(), &value, p)
			return
		}
	} else {
		r.labels = slices.DeleteFunc(r.labels, func(l string) bool { return l == p.Label })
		if _, _, ok := r.sideWeight(p.Label); ok {
			return
		}
	}
	_, ours := r.own[key]
	switch {
	case !bot:
		r.replayPerson(key, p)
	case p.Added:
		r.own[key] = triage.BotChange{Replaced: r.team.AddLabel(p.Label).Replaces(r.issue())}
		delete(r.undone, key)
		delete(r.gaveUp, key)
	case ours:
		delete(r.own, key)
		r.gaveUp[key] = true
	case r.team.ScopeOf(p.Label) == "":
		r.own[key] = triage.BotChange{Removed: true}
		delete(r.undone, key)
	}
}

// replayPerson replays what a person's change does to a change of the bot's, by the same rules as detectUndone.
func (r *recovery) replayPerson(key string, p triage.ResourceEvent) {
	own, ours := r.own[key]
	if !ours {
		return
	}
	u, gone := undone(triage.NewInput(r.team, nil, r.issue(), nil, p.At), key, own)
	if !gone {
		return
	}
	delete(r.own, key)
	if u.What != "" {
		u.By = p.Actor.Username
		r.undone[key] = datedUndoing{u, p.At}
	}
}

// issue is what is known of the issue at this point of its past.
func (r *recovery) issue() triage.Issue {
	return triage.Issue{Labels: r.labels, Weight: r.weights[triage.SetWeight{}.Key()]}
}

// replayState replays a change of the workflow state. Of several workflow labels, the one added last counts.
func (r *recovery) replayState(p triage.ResourceEvent) {
	state, ok := r.team.StateOf(r.team.Canonical(p.Label))
	if !ok {
		return
	}
	from := r.left
	if n := len(r.states); n > 0 {
		from = r.states[n-1].State
	}
	r.states = slices.DeleteFunc(r.states, func(s triage.StateEntry) bool { return s.State == state })
	if !p.Added {
		r.left = state
		return
	}
	r.states = append(r.states, triage.StateEntry{State: state, From: from, At: p.At})
}

// replayWeight replays a change of the weight field or of the side's label.
func (r *recovery) replayWeight(key string, value *int, p triage.ResourceEvent) {
	before := r.weights[key]
	r.weights[key] = value
	switch {
	case !r.byRule(key, p):
		r.replayPerson(key, p)
	case value != nil:
		r.own[key] = triage.BotChange{Value: *value}
		delete(r.undone, key)
		if estimate, ok := r.estimateWithin(before, *value); ok {
			r.bump = &triage.Bump{From: estimate, To: *value}
		}
	}
}

// estimateWithin is the estimate within a weight that the bot sets, without the extra level for security issues; ok is false if the weight does not
// include that level. The bot may have set both in one write. The top of the scale may be the weight that was asked for.
func (r *recovery) estimateWithin(before *int, weight int) (estimate int, ok bool) {
	scale := r.team.Scale
	if before != nil {
		if raised, ok := scale.Raised(*before); ok && raised == weight {
			return *before, true
		}
	}
	then := triage.NewInput(r.team, nil, r.issue(), nil, time.Time{})
	estimate, ok = scale.Lowered(weight)
	return estimate, ok && then.IsSecurity() && !then.Has(triage.Spike) && weight < scale.Top()
}

// sideWeight reads a weight label of the team's side.
func (r *recovery) sideWeight(label string) (side string, value int, ok bool) {
	value, ok = r.team.WeightOf(label, r.team.Side)
	return r.team.Side, value, ok
}
