package letter

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/tools/txtar"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// teller writes the parts of a scenario in other people's names.
type teller struct {
	people *people
	censor *censor
	after  triage.Issue // the last state known
	last   time.Time    // of the event before

	told, silenced, moved bool // comments with commands, without; reactions to comments
}

// types are the names of issue types that GitLab ships. Others are somebody's own.
var types = []string{"Issue", "Incident", "Task", "Ticket", "Requirement", "Test Case", "Objective", "Key Result", "Epic"}

// kinds are the names of what happened, in a scenario; an update has none.
var kinds = []struct {
	kind triage.Kind
	name string
}{
	{triage.Opened, "opened"}, {triage.Closed, "closed"}, {triage.Reopened, "reopened"}, {triage.Noted, "commented"},
	{triage.Awarded, "awarded"}, {triage.Revoked, "revoked"}, {triage.Woken, "woken"}, {triage.Swept, "swept"},
}

// team is the policy's team, so that the scenario means the same elsewhere.
func (t *teller) team(team *triage.Team) txtar.File {
	var p part
	if team.GroupLabel != "" {
		p.set("group_label", team.GroupLabel)
	}
	p.set("labels", slices.Concat([]string{}, team.Labels))
	if team.LabelledOnly {
		p.set("scope", "labelled")
	}
	if team.Side != "" {
		p.set("side", team.Side)
	}
	roles := map[triage.Role][]string{}
	for role, names := range team.Roster {
		for _, name := range names {
			roles[role] = append(roles[role], t.people.call(triage.Person{Username: name}))
		}
	}
	p.set("roles", roles)
	return p.file("team")
}

// issue is the issue before the first event.
func (t *teller) issue(i triage.Issue, first time.Time) txtar.File {
	var p part
	switch {
	case i.Type != "" && !slices.Contains(types, i.Type):
		p.set("type", "Custom")
	case i.Type != "":
		p.set("type", i.Type)
	}
	p.set("title", "An issue")
	p.set("labels", slices.Concat([]string{}, i.Labels))
	if i.Weight != nil {
		p.set("weight", *i.Weight)
	}
	if i.NoWeights {
		p.set("weights", false)
	}
	if i.Closed {
		p.set("closed", true)
	}
	if i.Moved {
		p.set("moved", true)
	}
	if i.Author != (triage.Person{}) {
		p.set("author", t.people.call(i.Author))
	}
	if len(i.Assignees) > 0 {
		p.set("assignee", t.people.call(i.Assignees[0]))
	}
	if i.Milestone != 0 {
		p.set("milestone", true)
	}
	if age := first.Sub(i.CreatedAt); !i.CreatedAt.IsZero() && age > time.Millisecond {
		p.set("age", span(age))
	}
	return p.file("issue")
}

// event is one step.
func (t *teller) event(e told) txtar.File {
	var p part
	p.set("by", t.people.call(e.Actor))
	for _, k := range kinds {
		if e.Kind&k.kind != 0 {
			p.set("kind", k.name)
			break
		}
	}
	if !t.last.IsZero() && e.At.After(t.last) {
		p.set("after", span(e.At.Sub(t.last)))
	}
	t.last = e.At
	t.changes(&p, e)
	switch {
	case e.Note != nil && e.Kind&triage.Noted != 0:
		text := t.censor.comment(e.Note.Text)
		t.told, t.silenced = t.told || text != "", t.silenced || text == ""
		p.set("text", text)
		if e.Note.Internal {
			p.set("internal", true)
		}
	case e.Emoji != nil:
		t.moved = t.moved || e.Emoji.NoteID != 0
		p.set("emoji", emoji(e.Emoji.Name))
	}
	return p.file("event")
}

// changes are what an update changed. Of assignees and milestones the deliveries tell only how it ended.
func (t *teller) changes(p *part, e told) {
	if len(e.Changes.Added) > 0 {
		p.set("add", e.Changes.Added)
	}
	if len(e.Changes.Removed) > 0 {
		p.set("remove", e.Changes.Removed)
	}
	if w := e.Changes.Weight; w != nil {
		p.set("weight", weight(w.To))
	}
	if e.Kind&triage.AssigneesChanged != 0 {
		assignee := "nobody"
		if len(t.after.Assignees) > 0 {
			assignee = t.people.call(t.after.Assignees[0])
		}
		p.set("assign", assignee)
	}
	if e.Kind&triage.MilestoneChanged != 0 {
		milestone := "none"
		if t.after.Milestone != 0 {
			milestone = "set"
		}
		p.set("milestone", milestone)
	}
}

// woken adds the bot's own wake-up, which comes last.
func (t *teller) woken(files *[]txtar.File) {
	var p part
	p.set("kind", "woken")
	*files = append(*files, p.file("event"))
}

// around is what GitLab would tell of the issues that commands name: that they exist.
func (t *teller) around() (txtar.File, bool) {
	var p part
	p.set("issues", sorted(t.censor.issues))
	return p.file("around"), len(t.censor.issues) > 0
}

// emoji is the one reaction that counts, or another that does not: a group's own emoji may be named after anything.
func emoji(name string) string {
	if triage.IsThumbsup(name) {
		return "thumbsup"
	}
	return "tada"
}

// notes are what has to be known of the file.
func (t *teller) notes(events []told, p engine.Policy) []string {
	notes := []string{
		"usernames became person-1 and so on; the title, the project and what people wrote are left out",
		"the labels are as they were: read them before you pass the file on",
	}
	if t.told {
		notes = append(notes, fmt.Sprintf("of comments only lines that begin with /%s are kept, with %q for people's words; who wrote them counts as Developer, "+
			"add level: to the event if that was not so", p.Team.CommandPrefix(), removed))
	}
	if t.silenced {
		notes = append(notes, "a comment without a command is an event without text")
	}
	if len(t.censor.issues) > 0 {
		notes = append(notes, "issues that commands name count as issues of the same project that the bot can see")
	}
	if t.moved {
		notes = append(notes, "reactions to comments count as reactions to the issue")
	}
	if len(t.after.Assignees) > 1 {
		notes = append(notes, "of several assignees one is kept")
	}
	if slices.ContainsFunc(events, func(e told) bool { return !e.known }) {
		notes = append(notes, "a delivery that this version cannot read counts as a look at the whole issue")
	}
	return append(notes, "what the bot remembered of the issue is not in a letter: add a part memory if it matters")
}
