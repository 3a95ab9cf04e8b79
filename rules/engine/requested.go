package engine

import (
	"maps"
	"slices"

	"flowkeeper/rules/triage"
)

// command finds a command by its name, nil if there is none.
func (r *run) command(name string) *triage.Command {
	n := slices.IndexFunc(r.policy.Commands, func(c triage.Command) bool { return c.Name == name })
	if n < 0 {
		return nil
	}
	return &r.policy.Commands[n]
}

// requestedItems are the items that people put on the note by commands. Those that are resolved are forgotten.
func (r *run) requestedItems() []wantedItem {
	var items []wantedItem
	for _, key := range slices.Sorted(maps.Keys(r.memory.Requested)) {
		raised := r.memory.Requested[key]
		c := r.command(raised.Command)
		if c == nil || c.Unresolved == nil || !c.Unresolved(r.in, raised) {
			delete(r.memory.Requested, key)
			continue
		}
		item := triage.Item{Title: raised.Title, Text: raised.Text, Quote: raised.Quote, Then: raised.Then, Asks: raised.Asks}
		if raised.Quote != "" {
			item.QuoteAuthor = raised.By
		}
		items = append(items, wantedItem{item, key, true})
	}
	return items
}

// whyRequested says who asked for the items that commands put on the note.
func (r *run) whyRequested(s Note) []Why {
	var why []Why
	for _, i := range s.Items {
		raised, ok := r.memory.Requested[i.Key]
		if !ok || i.Met {
			continue
		}
		c := r.command(raised.Command)
		why = append(why, Why{Rule: "/" + r.policy.Team.CommandPrefix() + " " + c.Name, Section: c.Section, Reason: "@" + raised.By + " asked for it"})
	}
	return why
}
