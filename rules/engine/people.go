package engine

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// touch remembers when a person last did something to the issue.
func touch(m *triage.Memory, events []triage.Event) {
	for _, e := range events {
		if e.Kind&(triage.Swept|triage.Woken) == 0 && e.Seen.After(m.Touched) {
			m.Touched = e.Seen
		}
	}
}

// observe compares what the bot once did with what the issue shows now. What people undid puts its rule to rest on this issue; a
// label that gave way to another of its scope was moved, not undone.
func observe(in triage.Input) {
	m := in.Memory
	for key, own := range m.Own {
		u, gone := undone(in, key, own)
		if !gone {
			continue
		}
		delete(m.Own, key)
		switch {
		case u.What == "":
		case own.Rule != "":
			suspend(m, own.Rule, u)
		default:
			if m.Undone == nil {
				m.Undone = map[string]triage.Undoing{}
			}
			m.Undone[key] = u
		}
	}
}

// undone reports whether a state of the bot's is gone, and who undid what; an empty What is a move that undid nothing.
func undone(in triage.Input, key string, own triage.Own) (triage.Undoing, bool) {
	kind, label, _ := strings.Cut(key, ":")
	if kind == "weight" {
		a := triage.SetWeight{Value: own.Value, Side: label}
		if a.Done(in.Issue) {
			return triage.Undoing{}, false
		}
		return triage.Undoing{By: whoWeighed(in), What: a.String()}, true
	}
	has := in.Issue.Has(label)
	switch {
	case own.Removed && has:
		return triage.Undoing{By: whoLabelled(in, label), What: triage.RemoveLabel{Label: label}.String()}, true
	case own.Removed || has:
		return triage.Undoing{}, false
	case triage.Scope(label) != "" && len(in.InScope(triage.Scope(label))) > 0:
		return triage.Undoing{}, true
	default:
		return triage.Undoing{By: whoLabelled(in, label), What: triage.AddLabel{Label: label}.String()}, true
	}
}

// whoLabelled is the username of the last person whose event touched the label, "" if no event tells.
func whoLabelled(in triage.Input, label string) string {
	return who(in, func(c triage.Changes) bool {
		return slices.Contains(c.Added, label) || slices.Contains(c.Removed, label)
	})
}

// whoWeighed is the username of the last person who changed the weight, in the field or by a label.
func whoWeighed(in triage.Input) string {
	scope := in.Team.Side + "-weight"
	return who(in, func(c triage.Changes) bool {
		return c.Weight != nil || slices.ContainsFunc(c.Added, func(l string) bool { return triage.Scope(l) == scope })
	})
}

func who(in triage.Input, did func(triage.Changes) bool) string {
	for _, e := range slices.Backward(in.Events) {
		if did(e.Changes) {
			return e.Actor.Username
		}
	}
	return ""
}

func suspend(m *triage.Memory, rule string, u triage.Undoing) {
	if m.Suspended == nil {
		m.Suspended = map[string]triage.Undoing{}
	}
	m.Suspended[rule] = u
}

// Recover completes a memory from GitLab's own record of who changed labels and weight, oldest entry first, for an issue whose
// memory the store has lost or may have missed. What the memory already holds (from the note's marker) stays.
func Recover(m triage.Memory, team *triage.Team, past []triage.Past, bot int64, issue triage.Issue) triage.Memory {
	m = m.Clone()
	r := recovery{team: team, bot: bot, own: map[string]triage.Own{}, undone: map[string]triage.Undoing{}, weights: map[string]*int{}}
	for _, p := range past {
		if p.Label != "" {
			r.label(p)
		} else {
			r.weight("weight", "", p.Weight, p)
		}
	}
	for key, own := range r.own {
		if known, ok := m.Own[key]; ok {
			own.Rule = known.Rule
		}
		setOwn(&m, key, own)
	}
	for key, u := range r.undone {
		if own, ok := m.Own[key]; ok && own.Rule != "" {
			delete(m.Own, key)
			suspend(&m, own.Rule, u)
			continue
		}
		delete(m.Own, key)
		if m.Undone == nil {
			m.Undone = map[string]triage.Undoing{}
		}
		m.Undone[key] = u
	}
	if m.Bump == nil {
		m.Bump = r.bump
	}
	m.Issue = &issue
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
	labels  []string
	weights map[string]*int // by key
	own     map[string]triage.Own
	undone  map[string]triage.Undoing
	bump    *triage.Bump
}

func (r *recovery) label(p triage.Past) {
	key := "label:" + p.Label
	bot := p.Actor.ID == r.bot
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
	case bot && ours:
		delete(r.own, key)
	case bot && triage.Scope(p.Label) == "":
		r.own[key] = triage.Own{Removed: true}
	case !bot && ours && own.Removed == p.Added && !r.moved(p):
		delete(r.own, key)
		r.undone[key] = triage.Undoing{By: p.Actor.Username, What: what(p.Label, own.Removed)}
	case !bot && ours && own.Removed == p.Added:
		delete(r.own, key)
	}
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
	switch {
	case p.Actor.ID == r.bot && value != nil:
		r.own[key] = triage.Own{Value: *value}
		delete(r.undone, key)
		if before != nil && *value == *before+1 {
			r.bump = &triage.Bump{From: *before, To: *value}
		}
	case p.Actor.ID != r.bot && ours && (value == nil || *value != own.Value):
		delete(r.own, key)
		r.undone[key] = triage.Undoing{By: p.Actor.Username, What: triage.SetWeight{Value: own.Value, Side: side}.String()}
	}
}

// sideWeight reads a weight label of the team's side.
func (r *recovery) sideWeight(label string) (side string, value int, ok bool) {
	value, ok = triage.WeightOf(label, r.team.Side)
	return r.team.Side, value, ok
}

func what(label string, removed bool) string {
	if removed {
		return triage.RemoveLabel{Label: label}.String()
	}
	return triage.AddLabel{Label: label}.String()
}
