package engine

import (
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// wanted is an item that a rule wants on the note now.
type wanted struct {
	triage.Item
	key    string
	prompt bool
}

// ruleOf is the rule of an item's key "rule/slot".
func ruleOf(key string) string {
	rule, _, _ := strings.Cut(key, "/")
	return rule
}

// collect gathers what the rules want on the note, in the order of the catalogue, and remembers who has a line there.
func (r *run) collect() (items []wanted, lines []string) {
	said := map[string]bool{}
	for n := range r.policy.Settings {
		s, v := &r.policy.Settings[n], r.verdicts[n]
		if v == nil || s.Mode < triage.Remind {
			continue
		}
		if len(v.Lines) > 0 {
			said[s.ID] = true
			lines = append(lines, v.Lines...)
		}
		if r.findings[n].Overridden {
			continue
		}
		for _, i := range v.Items {
			items = append(items, wanted{i, s.ID + "/" + i.Slot, s.Prompt})
		}
		if s.Mode == triage.Remind {
			for _, i := range r.offers(v) {
				items = append(items, wanted{i, s.ID + "/" + i.Slot, s.Prompt})
			}
		}
	}
	r.memory.Said = nil
	if len(said) > 0 {
		r.memory.Said = said
	}
	return once(append(items, r.raised()...)), lines
}

// once drops what an earlier rule asks for in the same words: people need to read it once. Whom the dropped one would ask, the kept one
// asks.
func once(items []wanted) []wanted {
	var kept []wanted
	for _, w := range items {
		same := slices.IndexFunc(kept, func(k wanted) bool { return k.Title == w.Title && k.Text == w.Text && k.Quote == w.Quote })
		if same < 0 {
			kept = append(kept, w)
			continue
		}
		for _, role := range w.Asks {
			if !slices.Contains(kept[same].Asks, role) {
				kept[same].Asks = append(slices.Clone(kept[same].Asks), role)
			}
		}
	}
	return kept
}

// offers are the items that stand for the actions of a rule which may only suggest them.
func (r *run) offers(v *triage.Verdict) []triage.Item {
	open := r.notDone(v.Actions)
	if len(open) > 0 && v.Offer != nil {
		return []triage.Item{*v.Offer}
	}
	items := make([]triage.Item, len(open))
	for i, a := range open {
		items[i] = offer(a)
	}
	return items
}

// offer is the item that stands for an action which its rule may only suggest.
func offer(a triage.Action) triage.Item {
	title := "A label"
	switch a.(type) {
	case triage.RemoveLabel:
		title = "A label too many"
	case triage.SetWeight:
		title = "Another weight"
	case triage.SetMilestone:
		title = "A milestone"
	case triage.Close:
		title = "Closing it"
	}
	return triage.Item{Slot: a.Key(), Title: title, Text: triage.Use(a) + "."}
}

// remember brings the memory's items in line with what is wanted: new ones wait for the grace period or open, met ones are kept for
// striking through until the next list begins.
func (r *run) remember(items []wanted) {
	m := r.memory
	due := !r.in.Now.Before(m.Touched.Add(r.policy.Grace))
	want := make(map[string]bool, len(items))
	wasOpen, opens := false, false
	for _, item := range m.Items {
		wasOpen = wasOpen || item.State == triage.ItemOpen
	}
	for _, w := range items {
		want[w.key] = true
		old := m.Items[w.key]
		state := triage.ItemPending
		if old.State == triage.ItemOpen || old.State == triage.ItemMet || w.prompt || due {
			state = triage.ItemOpen
		}
		opens = opens || state == triage.ItemOpen && old.State != triage.ItemOpen
		if m.Items == nil {
			m.Items = map[string]triage.ItemState{}
		}
		m.Items[w.key] = triage.ItemState{State: state, Title: w.Title}
	}
	for _, key := range slices.Sorted(maps.Keys(m.Items)) {
		item := m.Items[key]
		switch {
		case want[key] || !r.looked(ruleOf(key)) && !r.silenced(ruleOf(key)):
		case item.State == triage.ItemPending || r.silenced(ruleOf(key)):
			delete(m.Items, key)
		case item.State == triage.ItemOpen && r.command(ruleOf(key)) != nil && r.sameTitle(key, item.Title):
			delete(m.Items, key) // each comment has a key of its own; one struck through stands for all
			delete(m.Asked, key)
		case item.State == triage.ItemOpen:
			m.Items[key] = triage.ItemState{State: triage.ItemMet, Title: item.Title}
		case opens && !wasOpen:
			delete(m.Items, key) // of a list that was all met before this one began
			if r.command(ruleOf(key)) != nil {
				delete(m.Asked, key)
			}
		}
	}
}

// sameTitle reports whether another item has the title.
func (r *run) sameTitle(key, title string) bool {
	for other, item := range r.memory.Items {
		if other != key && item.Title == title {
			return true
		}
	}
	return false
}
