package letter

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// scenarioWriter makes the parts of a scenario, with pseudonyms.
type scenarioWriter struct {
	people   *people
	redactor *redactor
	after    triage.Issue // the last state known
	last     time.Time    // of the event before

	commands, silent, reactions bool // comments with commands, without; reactions to comments
}

// types are the names of issue types that GitLab ships. Others are somebody's own.
var types = []string{"Issue", "Incident", "Task", "Ticket", "Requirement", "Test Case", "Objective", "Key Result", "Epic"}

// team is the policy's team, so that the scenario means the same elsewhere.
func (w *scenarioWriter) team(team *triage.Team) *scenario.Team {
	t := scenario.Team{
		GroupLabel: team.GroupLabel, Labels: slices.Concat([]string{}, team.Labels), Side: team.Side, Scope: "all", Roles: map[triage.Role][]string{},
	}
	if team.LabelledOnly {
		t.Scope = "labelled"
	}
	for role, names := range team.Roster {
		for _, name := range names {
			t.Roles[role] = append(t.Roles[role], w.people.pseudonym(triage.Person{Username: name}))
		}
	}
	return &t
}

// issue is the issue before the first event.
func (w *scenarioWriter) issue(i triage.Issue, first time.Time) scenario.Issue {
	issue := scenario.Issue{
		Type: i.Type, Title: "An issue", Labels: slices.Concat([]string{}, i.Labels), Weight: i.Weight, Closed: i.Closed, Moved: i.Moved, Confidential: i.Confidential,
		Milestone: i.Milestone != 0,
	}
	if i.Type != "" && !slices.Contains(types, i.Type) {
		issue.Type = "Custom"
	}
	if i.NoWeights {
		issue.Weights = new(bool)
	}
	if i.Author != (triage.Person{}) {
		issue.Author = w.people.pseudonym(i.Author)
	}
	if len(i.Assignees) > 0 {
		issue.Assignee = w.people.pseudonym(i.Assignees[0])
	}
	if !i.CreatedAt.IsZero() {
		issue.Age = since(first, i.CreatedAt)
	}
	return issue
}

// event is one step. Of assignees and milestones the deliveries hold only the last state.
func (w *scenarioWriter) event(e mailEvent) scenario.Event {
	event := scenario.Event{By: w.people.pseudonym(e.Actor), Kind: scenario.KindName(e.Kind), Add: e.Changes.Added, Remove: e.Changes.Removed}
	if !w.last.IsZero() {
		event.After = since(e.At, w.last)
	}
	w.last = e.At
	if c := e.Changes.Weight; c != nil {
		event.Weight = weight(c.To)
	}
	if e.Kind&triage.AssigneesChanged != 0 {
		event.Assign = "nobody"
		if len(w.after.Assignees) > 0 {
			event.Assign = w.people.pseudonym(w.after.Assignees[0])
		}
	}
	if e.Kind&triage.MilestoneChanged != 0 {
		event.Milestone = "none"
		if w.after.Milestone != 0 {
			event.Milestone = "set"
		}
	}
	switch {
	case e.Note != nil && e.Kind&triage.Noted != 0:
		event.Text, event.Internal = w.redactor.redactComment(e.Note.Text), e.Note.Internal
		w.commands, w.silent = w.commands || event.Text != "", w.silent || event.Text == ""
	case e.Emoji != nil:
		event.Emoji = emoji(e.Emoji.Name)
		w.reactions = w.reactions || e.Emoji.NoteID != 0
	}
	return event
}

// around says that the issues exist that commands name; nil if they name none.
func (w *scenarioWriter) around() *scenario.Around {
	if len(w.redactor.issues) == 0 {
		return nil
	}
	return &scenario.Around{Issues: slices.Sorted(maps.Keys(w.redactor.issues))}
}

// since is the time from one moment to a later one, to the millisecond; 0 if it is not later.
func since(later, earlier time.Time) time.Duration {
	return max(0, later.Sub(earlier)).Round(time.Millisecond)
}

// emoji is the thumbsup, or some other reaction: a group's own emoji may have any name.
func emoji(name string) string {
	if triage.IsThumbsup(name) {
		return "thumbsup"
	}
	return "tada"
}

// notes are what a reader of the file has to know.
func (w *scenarioWriter) notes(events []mailEvent, p engine.Policy) []string {
	notes := []string{
		"usernames became person-1 and so on; the title, the project and what people wrote are left out",
		"the labels are as they were: read them before you pass the file on",
	}
	if w.commands {
		notes = append(notes, fmt.Sprintf("of comments only lines that begin with /%s are kept, with %q for people's words; who wrote them counts as Developer, "+
			"add level: to the event if that was not so", p.Team.CommandPrefix(), placeholder))
	}
	if w.silent {
		notes = append(notes, "a comment without a command is an event without text")
	}
	if len(w.redactor.issues) > 0 {
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
