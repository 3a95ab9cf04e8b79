package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// wantedItem is an item that a rule wants on the note now.
type wantedItem struct {
	triage.Item
	key    string
	prompt bool
}

// ofPolicies begins the ids of policies, before a slash.
const ofPolicies = "policy"

// ruleOf is the rule of an item's key "rule/slot". The ids of policies have a slash themselves, no others.
func ruleOf(key string) string {
	first, rest, _ := strings.Cut(key, "/")
	if first != ofPolicies {
		return first
	}
	slug, _, _ := strings.Cut(rest, "/")
	return first + "/" + slug
}

// collectNote gathers what the rules want on the note, in the order of the catalogue, and remembers who has a line there.
func (r *run) collectNote() (items []wantedItem, lines []string, remarks []Remark) {
	said := map[string]bool{}
	for n := range r.looked {
		s, v := r.looked[n].setting, r.looked[n].verdict
		if v == nil || s.Mode < triage.Remind {
			continue
		}
		if len(v.Lines) > 0 {
			said[s.ID] = true
			lines = append(lines, v.Lines...)
		}
		if r.looked[n].finding.Overridden {
			continue
		}
		if i := r.saidOnNote(s, v); i != nil {
			items = append(items, wantedItem{*i, s.ID + "/" + i.Slot, s.Prompt})
		}
		if remark := r.remark(s, v); remark != nil {
			remarks, said[s.ID] = append(remarks, *remark), true
		}
		for _, i := range v.Items {
			items = append(items, wantedItem{i, s.ID + "/" + i.Slot, s.Prompt})
		}
		if s.Mode == triage.Remind {
			for _, i := range r.suggestedItems(v) {
				items = append(items, wantedItem{i, s.ID + "/" + i.Slot, s.Prompt})
			}
		}
	}
	items = mergeSame(append(items, r.requestedItems()...), said)
	r.memory.HasLine = nil
	if len(said) > 0 {
		r.memory.HasLine = said
	}
	return items, lines, remarks
}

// mergeSame drops an item that an earlier rule asks for in the same words: people need to read it only once. The roles that the dropped item would
// ask are added to the kept one, and its rule is noted as one that has said something: what it added has to stay whatever happens next.
func mergeSame(items []wantedItem, said map[string]bool) []wantedItem {
	kept := items[:0] // in the same place, behind which all was read
	for _, w := range items {
		same := slices.IndexFunc(kept, func(k wantedItem) bool { return k.SameAs(w.Item) })
		if same < 0 {
			kept = append(kept, w)
			continue
		}
		if len(kept[same].Asks) == 0 && len(w.Asks) > 0 {
			kept[same].Do = w.Do // it is theirs to do now
		}
		kept[same].Triage = kept[same].Triage && w.Triage
		if rule := ruleOf(w.key); rule != ruleOf(kept[same].key) {
			said[rule] = true
		}
		for _, role := range w.Asks {
			if !slices.Contains(kept[same].Asks, role) {
				kept[same].Asks = append(slices.Clone(kept[same].Asks), role)
			}
		}
	}
	return kept
}

// suggestedItems are the items that stand for the actions of a rule which may only suggest them.
func (r *run) suggestedItems(v *triage.Verdict) []triage.Item {
	if v.Unasked {
		return nil
	}
	open := r.notDone(v.Actions)
	if len(open) > 0 && v.Suggestion != nil {
		return []triage.Item{*v.Suggestion}
	}
	items := make([]triage.Item, len(open))
	for i, a := range open {
		items[i] = suggestedItem(a)
	}
	return items
}

// suggestedItem is the item that stands for an action which its rule may only suggest.
func suggestedItem(a triage.Action) triage.Item {
	title := "A label"
	switch a.(type) {
	case triage.RemoveLabel:
		title = "A label too many"
	case triage.SetWeight:
		title = "Another weight"
	case triage.SetMilestone, triage.MoveMilestone:
		title = "A milestone"
	case triage.Close:
		title = "Closing it"
	case triage.Reopen:
		title = "Reopening it"
	case triage.Assign:
		title = "An assignee"
	case triage.Unassign:
		title = "An assignee too many"
	case triage.SetDueDate:
		title = "A due date"
	case triage.Move:
		title = "Another project"
	}
	return triage.Item{Slot: a.Key(), Title: title, Do: triage.HowTo(a)}
}

// updateItems brings the memory's items in line with what is wanted: new ones wait for the grace period or open, and met ones are kept, struck
// through, until the next list begins.
func (r *run) updateItems(items []wantedItem) {
	m := r.memory
	want := make(map[string]bool, len(items))
	wasOpen, opens := false, false
	for _, item := range m.Items {
		wasOpen = wasOpen || item.State == triage.ItemOpen
	}
	for _, w := range items {
		want[w.key] = true
		old := m.Items[w.key]
		item := triage.ItemState{State: triage.ItemPending, Title: w.Title, Triage: w.Triage && r.atIntake()}
		if len(w.Say) > 0 {
			item.Title, item.Untrusted = shortened(w.Say.Plain()), true
		}
		if old.State == triage.ItemOpen || old.State == triage.ItemMet || w.prompt || !r.in.Now.Before(r.opensAt(item)) {
			item.State, item.Triage = triage.ItemOpen, false
		}
		opens = opens || item.State == triage.ItemOpen && old.State != triage.ItemOpen
		if m.Items == nil {
			m.Items = map[string]triage.ItemState{}
		}
		m.Items[w.key] = item
	}
	for _, key := range slices.Sorted(maps.Keys(m.Items)) {
		item := m.Items[key]
		switch {
		case want[key] || !r.wasEvaluated(ruleOf(key)) && !r.silenced(ruleOf(key)):
		case item.State == triage.ItemPending || r.silenced(ruleOf(key)):
			delete(m.Items, key)
		case item.State == triage.ItemOpen && r.command(ruleOf(key)) != nil && r.sameTitle(key, item.Title):
			delete(m.Items, key) // each comment has a key of its own; one struck through stands for all
		case item.State == triage.ItemOpen:
			m.Items[key] = triage.ItemState{State: triage.ItemMet, Title: item.Title, Untrusted: item.Untrusted}
		case opens && !wasOpen:
			delete(m.Items, key) // of a list that was all met before this one began
		}
	}
}

// atIntake reports whether the issue is still at the beginning of the workflow, where triage looks at it anyway.
func (r *run) atIntake() bool {
	return r.in.State() == "" || r.in.Is(triage.Intake)
}

func (r *run) opensAt(item triage.ItemState) time.Time {
	return itemOpensAt(r.policy, r.memory, r.in.Issue, item)
}

// itemOpensAt is when a waiting item goes on the note: after the grace, or, for what triage will look at anyway, some working days after the issue
// was opened.
func itemOpensAt(p Policy, m *triage.Memory, issue triage.Issue, item triage.ItemState) time.Time {
	at := m.Touched.Add(p.Grace)
	if item.Triage && p.TriageDays > 0 {
		if triaged := planning.AddWorkingDays(issue.CreatedAt, p.TriageDays); triaged.After(at) {
			return triaged
		}
	}
	return at
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
