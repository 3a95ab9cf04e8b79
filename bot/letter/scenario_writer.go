package letter

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"flowkeeper/bot/redact"
	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// scenarioWriter makes the parts of a scenario, with pseudonyms.
type scenarioWriter struct {
	people   *redact.People
	redactor *redact.Comments
	after    triage.Issue // the last state known
	last     time.Time    // of the event before

	commands, silent, reactions bool // comments with commands, without; reactions to comments
}

// event is one step. Of assignees and milestones the deliveries hold only the last state.
func (w *scenarioWriter) event(e mailEvent) scenario.Event {
	event := scenario.Event{By: w.people.Pseudonym(e.Actor), Kind: scenario.KindName(e.Kind), Add: e.Changes.Added, Remove: e.Changes.Removed}
	if !w.last.IsZero() {
		event.After = redact.Since(e.At, w.last)
	}
	w.last = e.At
	if c := e.Changes.Status; c != nil {
		event.StatusName = c.To
	}
	if c := e.Changes.Weight; c != nil {
		event.Weight = weight(c.To)
	}
	if e.Kind&triage.AssigneesChanged != 0 {
		event.Assign = "nobody"
		if len(w.after.Assignees) > 0 {
			event.Assign = w.people.Pseudonym(w.after.Assignees[0])
		}
	}
	if e.Kind&triage.MilestoneChanged != 0 {
		event.Milestone = "none"
		if w.after.Milestone != 0 {
			event.Milestone = "set"
		}
	}
	switch {
	case e.MergeRequest != nil:
		event.MergeRequest = w.mergeRequest(*e.MergeRequest)
	case e.Note != nil && e.Kind&triage.Noted != 0:
		event.Text, event.Internal = w.redactor.Redact(e.Note.Text), e.Note.Internal
		w.commands, w.silent = w.commands || event.Text != "", w.silent || event.Text == ""
	case e.Emoji != nil:
		event.Emoji = redact.Emoji(e.Emoji.Name)
		w.reactions = w.reactions || e.Emoji.NoteID != 0
	}
	return event
}

// mergeRequest is a merge request that closes the issue, without its title.
func (w *scenarioWriter) mergeRequest(m triage.MergeRequest) *scenario.MergeRequest {
	is := scenario.MergeRequest{
		Number: m.IID, Elsewhere: m.Project != w.after.Project, State: string(m.State), Draft: m.Draft, ByHand: m.ByHand, ByText: m.ByText, Dropped: m.Dropped,
	}
	if len(m.Assignees) > 0 {
		is.Assignee = w.people.Pseudonym(m.Assignees[0])
	}
	if !m.ToDefault {
		is.Target = "another"
	}
	return &is
}

// around says that the issues exist that commands name; nil if they name none.
func (w *scenarioWriter) around() *scenario.Around {
	if len(w.redactor.Issues()) == 0 {
		return nil
	}
	return &scenario.Around{Issues: w.redactor.Issues()}
}

// notes are what a reader of the file has to know.
func (w *scenarioWriter) notes(events []mailEvent, p engine.Policy) []string {
	notes := []string{
		"usernames became person-1 and so on; the title, the project and what people wrote are left out",
		"the labels are as they were: read them before you pass the file on",
	}
	if !ofHandbook(p) {
		notes = append(notes, "states, weights, levels and policies are the configuration's: pass that on, too, and play the file with flowkeeper test FILE -c CONFIGURATION")
	}
	if w.commands {
		notes = append(notes, fmt.Sprintf("of comments only lines that begin with /%s are kept, with %q for people's words; who wrote them counts as Developer, "+
			"add level: to the event if that was not so", p.Team.CommandPrefix(), redact.Placeholder))
	}
	if w.silent {
		notes = append(notes, "a comment without a command is an event without text")
	}
	if len(w.redactor.Issues()) > 0 {
		notes = append(notes, "issues that commands name count as issues of the same project that the bot can see")
	}
	if w.reactions {
		notes = append(notes, "reactions to comments count as reactions to the issue")
	}
	if len(w.after.Assignees) > 1 {
		notes = append(notes, "of several assignees one is kept")
	}
	if slices.ContainsFunc(events, func(e mailEvent) bool { return !e.known }) {
		notes = append(notes, "a delivery that this version cannot read counts as a look at the whole issue")
	}
	return append(notes, "what the bot remembered of the issue is not in a letter: add a part memory if it matters")
}

// ofHandbook reports whether a scenario needs no configuration beside it: states, weights and levels are the handbook's, and there are no policies.
func ofHandbook(p engine.Policy) bool {
	t := p.Team
	return t.Workflow.IsHandbook() && reflect.DeepEqual(t.Scale, triage.HandbookScale()) &&
		reflect.DeepEqual(t.Severity, triage.HandbookSeverity()) && reflect.DeepEqual(t.Priority, triage.HandbookPriority()) &&
		!slices.ContainsFunc(p.Settings, func(s engine.Setting) bool { return s.Looks != nil })
}
