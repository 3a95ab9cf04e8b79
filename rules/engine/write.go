package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// writeNote works out what the note should say and when to look again for items that still wait.
func (r *run) writeNote() (Note, time.Time) {
	items, lines := r.collectNote()
	r.updateItems(items)
	var s Note
	for _, w := range items {
		if r.memory.Items[w.key].State != triage.ItemOpen {
			continue
		}
		s.Items = append(s.Items, NoteItem{
			Key: w.key, Title: w.Title, Text: w.TextFor(r.readerMay(w.Item)), QuoteAuthor: w.QuoteAuthor, Quote: w.Quote, Then: w.Then, Asks: w.Asks, Mention: r.shouldMention(w),
		})
	}
	for _, key := range slices.Sorted(maps.Keys(r.memory.Items)) {
		item := r.memory.Items[key]
		s.Waiting = s.Waiting || item.State == triage.ItemPending && r.wasEvaluated(ruleOf(key))
		if item.State == triage.ItemOpen && !r.wasEvaluated(ruleOf(key)) {
			s.Items = append(s.Items, NoteItem{Key: key, Title: item.Title}) // the issue is closed, it stays as it is
		}
		asked := slices.ContainsFunc(s.Items, func(i NoteItem) bool { return i.Title == item.Title })
		if item.State == triage.ItemMet && !asked {
			s.Items = append(s.Items, NoteItem{Key: key, Title: item.Title, Met: true})
		}
	}
	s.Lines = lines
	s.Why = append(r.why(s), r.whyRequested(s)...)
	s.Inactive = inactiveRules(r.memory)
	return s, r.wakeAt()
}

// shouldMention reports whether the roles of an item are mentioned in this edit: once in the issue's life, even if several comments ask for the
// same item.
func (r *run) shouldMention(w wantedItem) bool {
	m, once := r.memory, w.key
	if r.command(ruleOf(w.key)) != nil {
		once = ruleOf(w.key)
	}
	if len(w.Asks) == 0 || m.Mentioned[w.key] || m.Mentioned[once] {
		return false
	}
	if m.Mentioned == nil {
		m.Mentioned = map[string]bool{}
	}
	m.Mentioned[once] = true
	return true
}

// readerMay reports whether the reader of an item may do what it asks for. The reader is a role that the item asks, which may, or else the issue's
// author.
func (r *run) readerMay(i triage.Item) bool {
	if i.Do == "" || len(i.Asks) > 0 {
		return true
	}
	may, known := r.in.AuthorMayChange()
	r.unknown = r.unknown || !known
	return may
}

// wasEvaluated reports whether a rule was run. A rule with items is left out only on a closed issue. Items of commands always count as evaluated.
func (r *run) wasEvaluated(rule string) bool {
	n := r.policy.index(rule)
	return r.command(rule) != nil || n >= 0 && r.findings[n].Evaluated
}

// why lists the rules behind the open items and the lines.
func (r *run) why(s Note) []Why {
	var why []Why
	for n := range r.policy.Settings {
		id := r.policy.Settings[n].ID
		speaks := r.memory.HasLine[id] || slices.ContainsFunc(s.Items, func(i NoteItem) bool { return !i.Met && ruleOf(i.Key) == id })
		if speaks && r.verdicts[n] != nil { // an item of a closed issue is carried on without its reason
			why = append(why, Why{Rule: id, Section: r.policy.Settings[n].Section, Reason: r.verdicts[n].Reason})
		}
	}
	return why
}

// shouldUpdateNote reports whether the note is to be brought in line. On an open issue it always is. On a closed one it is only for rules that look
// at closed issues and have an item or no longer have one, so that closing an issue does not strike its items through.
func (r *run) shouldUpdateNote() bool {
	if !r.in.Issue.Closed {
		return true
	}
	for n, v := range r.verdicts {
		s := &r.policy.Settings[n]
		if !s.Closed || s.Mode < triage.Remind || r.findings[n].Overridden {
			continue
		}
		if v != nil && len(v.Items) > 0 || r.findings[n].Evaluated && r.hasOpenItem(s.ID) {
			return true
		}
	}
	return false
}

// hasOpenItem reports whether an item of the rule is open on the note.
func (r *run) hasOpenItem(rule string) bool {
	for key, item := range r.memory.Items {
		if item.State == triage.ItemOpen && ruleOf(key) == rule {
			return true
		}
	}
	return false
}

// wakeAt is when the grace period of waiting items ends, or when a rule wants to look again.
func (r *run) wakeAt() time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for key, item := range r.memory.Items {
		if item.State == triage.ItemPending && r.wasEvaluated(ruleOf(key)) { // on a closed issue it waits without end
			earlier(r.opensAt(item))
		}
	}
	earlier(r.watchAgain)
	for n, v := range r.verdicts {
		f := r.findings[n]
		switch {
		case v != nil && !f.Overridden && !v.Wake.IsZero():
			if r.memory.Wakes == nil {
				r.memory.Wakes = map[string]time.Time{}
			}
			r.memory.Wakes[f.Rule] = v.Wake
		case f.Evaluated || r.silenced(f.Rule):
			delete(r.memory.Wakes, f.Rule)
		}
	}
	for _, wake := range r.memory.Wakes {
		if wake.After(r.in.Now) { // else the rule had nothing to say to it, as on a closed issue
			earlier(wake)
		}
	}
	for _, s := range r.memory.Silences {
		earlier(s.Until)
	}
	return at
}
