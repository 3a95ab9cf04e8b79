package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// concerned are the rules that have something on the note or did something to the issue: they are run whatever happened, so that what
// they said stays true.
func concerned(m *triage.Memory) map[string]bool {
	if len(m.Items) == 0 && len(m.Own) == 0 && len(m.Said) == 0 {
		return nil
	}
	rules := maps.Clone(m.Said)
	if rules == nil {
		rules = map[string]bool{}
	}
	for key, item := range m.Items {
		if item.State != triage.ItemMet {
			rules[ruleOf(key)] = true
		}
	}
	for _, own := range m.Own {
		rules[own.Rule] = true
	}
	return rules
}

// ruleOf is the rule of an item's key "rule/slot".
func ruleOf(key string) string {
	rule, _, _ := strings.Cut(key, "/")
	return rule
}

// wanted is an item that a rule wants on the note now.
type wanted struct {
	triage.Item
	key    string
	prompt bool
}

// write works out what the note should say and when to look again for items that still wait.
func (r *run) write() (Sticky, time.Time) {
	items, lines := r.collect()
	r.remember(items)
	var s Sticky
	for _, w := range items {
		if r.memory.Items[w.key].State != triage.ItemOpen {
			continue
		}
		ask := len(w.Asks) > 0 && !r.memory.Asked[w.key]
		if ask {
			if r.memory.Asked == nil {
				r.memory.Asked = map[string]bool{}
			}
			r.memory.Asked[w.key] = true
		}
		s.Items = append(s.Items, StickyItem{Key: w.key, Title: w.Title, Text: w.Text, Quote: w.Quote, Asks: w.Asks, Ask: ask})
	}
	for _, key := range slices.Sorted(maps.Keys(r.memory.Items)) {
		item := r.memory.Items[key]
		if item.State == triage.ItemOpen && !r.looked(ruleOf(key)) {
			s.Items = append(s.Items, StickyItem{Key: key, Title: item.Title}) // the issue is closed, it stays as it is
		}
		asked := slices.ContainsFunc(s.Items, func(i StickyItem) bool { return i.Title == item.Title })
		if item.State == triage.ItemMet && !asked {
			s.Items = append(s.Items, StickyItem{Key: key, Title: item.Title, Met: true})
		}
	}
	s.Lines = lines
	s.Why = append(r.why(s), r.whyRaised(s)...)
	s.Resting = resting(r.memory)
	return s, r.wakeAt()
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
	return triage.Item{Slot: a.Key(), Title: title, Text: "Use " + triage.Code(a.Command()) + "."}
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

// looked reports whether a rule was run. Only of a closed issue rules with items are not. What commands raised is always looked at.
func (r *run) looked(rule string) bool {
	return r.command(rule) != nil || slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Rule == rule && f.Looked })
}

// silenced reports whether a rule may not say anything here: it is off, in shadow, put to rest, snoozed, or not in the policy any more.
func (r *run) silenced(rule string) bool {
	if r.command(rule) != nil {
		return false
	}
	_, rests := r.memory.Suspended[rule]
	_, silent := silence(r.memory, rule)
	if rests || silent {
		return true
	}
	n := slices.IndexFunc(r.policy.Settings, func(s Setting) bool { return s.ID == rule })
	return n < 0 || r.policy.Settings[n].Mode < triage.Remind
}

// why lists the rules behind the open items and the lines.
func (r *run) why(s Sticky) []Why {
	var why []Why
	for n := range r.policy.Settings {
		id := r.policy.Settings[n].ID
		speaks := r.memory.Said[id] || slices.ContainsFunc(s.Items, func(i StickyItem) bool { return !i.Met && ruleOf(i.Key) == id })
		if speaks && r.verdicts[n] != nil { // an item of a closed issue is carried on without its reason
			why = append(why, Why{Rule: id, Section: r.policy.Settings[n].Section, Reason: r.verdicts[n].Reason})
		}
	}
	return why
}

// wakeAt is when the grace period of waiting items ends, or when a rule wants to look again.
func (r *run) wakeAt() time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, item := range r.memory.Items {
		if item.State == triage.ItemPending {
			earlier(r.memory.Touched.Add(r.policy.Grace))
		}
	}
	for n, v := range r.verdicts {
		f := r.findings[n]
		switch {
		case v != nil && !f.Overridden && !v.Wake.IsZero():
			if r.memory.Wakes == nil {
				r.memory.Wakes = map[string]time.Time{}
			}
			r.memory.Wakes[f.Rule] = v.Wake
		case f.Looked || r.silenced(f.Rule):
			delete(r.memory.Wakes, f.Rule)
		}
	}
	for _, wake := range r.memory.Wakes {
		earlier(wake)
	}
	for _, s := range r.memory.Silenced {
		earlier(s.Until)
	}
	return at
}

// needs are the facts that rules asked for in the last round and that are not known.
func (r *run) needs() triage.Need {
	var n triage.Need
	for i, v := range r.verdicts {
		if v != nil && !r.findings[i].Overridden {
			n |= v.Needs
		}
	}
	return n &^ r.memory.Around.Known
}

// speaks reports whether the note is to be brought in line: always while the issue is open; on a closed one only for the rules that look
// at closed issues and want something or no longer do, so that closing an issue does not strike its items through.
func (r *run) speaks() bool {
	if !r.in.Issue.Closed {
		return true
	}
	for n, v := range r.verdicts {
		s := &r.policy.Settings[n]
		if !s.Closed || s.Mode < triage.Remind || r.findings[n].Overridden {
			continue
		}
		if v != nil && len(v.Items) > 0 || r.findings[n].Looked && r.asks(s.ID) {
			return true
		}
	}
	return false
}

// asks reports whether an item of the rule is open on the note.
func (r *run) asks(rule string) bool {
	for key, item := range r.memory.Items {
		if item.State == triage.ItemOpen && ruleOf(key) == rule {
			return true
		}
	}
	return false
}
