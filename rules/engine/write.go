package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// writeNote works out what the note should say and when to look again for items that still wait.
func (r *run) writeNote() (Note, time.Time) {
	items, lines, remarks := r.collectNote()
	r.updateItems(items)
	s := Note{Remarks: remarks}
	for _, w := range items {
		if r.memory.Items[w.key].State != triage.ItemOpen {
			continue
		}
		s.Items = append(s.Items, NoteItem{
			Key: w.key, Title: w.Title, Text: w.TextFor(r.readerMay(w.Item)), QuoteAuthor: w.QuoteAuthor, Quote: w.Quote, Then: w.Then, Asks: w.Asks, Mention: r.shouldMention(w),
			Say: w.Say, Details: w.Details, People: w.People,
		})
	}
	for _, key := range slices.Sorted(maps.Keys(r.memory.Items)) {
		item := r.memory.Items[key]
		s.Waiting = s.Waiting || item.State == triage.ItemPending && r.wasEvaluated(ruleOf(key))
		if item.State == triage.ItemOpen && !r.wasEvaluated(ruleOf(key)) {
			s.Items = append(s.Items, titled(key, item)) // the issue is closed, it stays as it is
		}
		asked := slices.ContainsFunc(s.Items, func(i NoteItem) bool { return i.Title == item.Title && !item.Untrusted })
		if item.State == triage.ItemMet && !asked {
			met := titled(key, item)
			met.Met = true
			s.Items = append(s.Items, met)
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
	if len(w.Asks)+len(w.People) == 0 || m.Mentioned[w.key] || m.Mentioned[once] {
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
	l := r.at(r.policy.index(rule))
	return r.command(rule) != nil || l != nil && l.finding.Evaluated
}

// why lists the rules behind the open items and the lines.
func (r *run) why(s Note) []Why {
	var why []Why
	for n := range r.looked {
		setting, v := r.looked[n].setting, r.looked[n].verdict
		id := setting.ID
		speaks := r.memory.HasLine[id] || slices.ContainsFunc(s.Items, func(i NoteItem) bool { return !i.Met && ruleOf(i.Key) == id })
		if speaks && v != nil { // an item of a closed issue is carried on without its reason
			why = append(why, Why{Rule: id, Section: r.policy.sectionOf(setting), Reason: v.Reason})
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
	for n := range r.looked {
		l := &r.looked[n]
		s, v := l.setting, l.verdict
		if !s.Closed || s.Mode < triage.Remind || l.finding.Overridden {
			continue
		}
		if v != nil && (len(v.Items) > 0 || v.Comment != nil && !v.Comment.Own) || l.finding.Evaluated && (r.hasOpenItem(s.ID) || s.Looks != nil && r.memory.HasLine[s.ID]) {
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
	at := r.watchAgain
	for key, item := range r.memory.Items {
		if item.State == triage.ItemPending && r.wasEvaluated(ruleOf(key)) { // on a closed issue it waits without end
			at = triage.Earlier(at, r.opensAt(item))
		}
	}
	for n := range r.looked {
		r.recordWake(&r.looked[n])
	}
	for _, wake := range r.memory.Wakes {
		if wake.After(r.in.Now) { // else the rule had nothing to say to it, as on a closed issue
			at = triage.Earlier(at, wake)
		}
	}
	for _, s := range r.memory.Silences {
		at = triage.Earlier(at, s.Until)
	}
	// Nothing wakes the bot to take a policy's line off the note after a week: that would be a change of the issue, and put off whatever waits for
	// one without any. It goes with the next edit.
	return at
}

// recordWake remembers when a rule wants to look again.
func (r *run) recordWake(l *looked) {
	f, v := l.finding, l.verdict
	switch {
	case v != nil && !f.Overridden && !v.Wake.IsZero():
		if r.memory.Wakes == nil {
			r.memory.Wakes = map[string]time.Time{}
		}
		r.memory.Wakes[f.Rule] = v.Wake
	case r.memory.Wakes[f.Rule].IsZero():
	case f.Evaluated || r.silenced(f.Rule):
		delete(r.memory.Wakes, f.Rule)
	}
}

// policiesWakeAt is when a policy wants to look again at a closed issue, whose note stays as it is.
func (r *run) policiesWakeAt() time.Time {
	var at time.Time
	for n := r.policy.Index.catalogue; n < len(r.looked); n++ {
		r.recordWake(&r.looked[n])
	}
	for rule, wake := range r.memory.Wakes {
		if r.policy.index(rule) >= r.policy.Index.catalogue {
			at = triage.Earlier(at, wake)
		}
	}
	return at
}
