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
		requested := r.memory.Requested[key]
		c := r.command(requested.Command)
		if c == nil || c.Unresolved == nil || !c.Unresolved(r.in, requested) {
			delete(r.memory.Requested, key)
			continue
		}
		item := triage.Item{Title: requested.Title, Text: requested.Text, Quote: requested.Quote, Then: requested.Then, Asks: requested.Asks}
		if requested.Quote != "" {
			item.QuoteAuthor = requested.By
		}
		items = append(items, wantedItem{item, key, true})
	}
	return items
}

// whyRequested says who asked for the items that commands put on the note.
func (r *run) whyRequested(s Note) []Why {
	var why []Why
	for _, i := range s.Items {
		requested, ok := r.memory.Requested[i.Key]
		if !ok || i.Met {
			continue
		}
		c, section := r.command(requested.Command), ""
		if r.policy.Team.Workflow.IsHandbook() {
			section = c.Section
		}
		why = append(why, Why{Rule: "/" + r.policy.Team.CommandPrefix() + " " + c.Name, Section: section, Reason: "@" + requested.By + " asked for it"})
	}
	return why
}
