package recording

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/redact"
	"flowkeeper/bot/scenario"
	"flowkeeper/rules/triage"
)

// writer makes the parts of the scenario.
type writer struct {
	Options
	opened triage.Issue
	all    []triage.Event // what is shown, the oldest first; the opening is the first
	after  []triage.Issue // the issue after each, as far as an event changed it

	people   *redact.People
	labels   *redact.Labels
	comments *redact.Comments
	levels   map[int64]int // access levels of those who wrote commands, by user id

	silent int    // comments that are left out
	votes  [2]int // up and down, as they are now
}

func newWriter(o Options, opened triage.Issue, past []backtest.Moment, talk []triage.Event) *writer {
	w := &writer{Options: o, opened: opened, levels: map[int64]int{}}
	type moment struct {
		triage.Event
		after triage.Issue
	}
	opening := triage.Event{Kind: triage.Opened, Actor: opened.Author, At: opened.CreatedAt}
	all := []moment{{opening, opened}}
	for _, m := range past {
		all = append(all, moment{m.Event, m.After})
	}
	for _, e := range talk {
		all = append(all, moment{Event: e})
	}
	slices.SortStableFunc(all[1:], func(a, b moment) int { return a.At.Compare(b.At) })

	people := []triage.Person{opened.Author}
	for _, m := range all {
		people = append(people, m.Actor)
	}
	people = append(people, o.Issue.Assignees...)
	w.people = redact.NewPeople(people, o.Policy.Team.Roster)
	w.labels = redact.NewLabels(o.Policy, o.Rules, w.people)
	w.comments = redact.NewComments(o.Policy, w.people, nil)
	for _, m := range all {
		switch {
		case m.Emoji == nil:
		case triage.IsThumbsup(m.Emoji.Name):
			w.votes[0]++
		case m.Emoji.Name == "thumbsdown":
			w.votes[1]++
		}
		if m.Note != nil && w.comments.Redact(m.Note.Text) == "" {
			w.silent++
			continue
		}
		if n := len(w.all) - 1; n >= 0 && together(w.all[n], m.Event) {
			w.all[n], w.after[n] = merged(w.all[n], m.Event), m.after
			continue
		}
		w.all, w.after = append(w.all, m.Event), append(w.after, m.after)
	}
	return w
}

// together reports whether two changes of labels were one to whoever made them.
func together(a, b triage.Event) bool {
	return a.Kind == b.Kind && a.Kind == triage.Updated|triage.LabelsChanged && a.At.Equal(b.At) && a.Actor.Is(b.Actor)
}

// merged is two changes of labels as one.
func merged(a, b triage.Event) triage.Event {
	a.Changes.Added = slices.Concat(a.Changes.Added, b.Changes.Added)
	a.Changes.Removed = slices.Concat(a.Changes.Removed, b.Changes.Removed)
	return a
}

// readLevels looks up who wrote commands.
func (w *writer) readLevels(ctx context.Context) error {
	for _, e := range w.all {
		if _, known := w.levels[e.Actor.ID]; e.Note == nil || known || e.Actor.ID == 0 {
			continue
		}
		level, err := w.GitLab.AccessLevel(ctx, w.Issue.Project, e.Actor.ID)
		if err != nil {
			return err
		}
		w.levels[e.Actor.ID] = level
	}
	return nil
}

// file is the scenario without decisions.
func (w *writer) file(links []triage.Link) scenario.File {
	f := scenario.File{
		About: "An issue as it went, recorded without names.",
		Team:  redact.Team(w.Policy.Team, w.people), Issue: redact.Issue(w.opened, w.opened.CreatedAt, w.people),
	}
	f.Issue.Labels = w.labels.RenameAll(f.Issue.Labels)
	if !w.Policy.Team.KnowsStatus(triage.StatusLabel(f.Issue.StatusName)) {
		f.Issue.StatusName = "" // whose name may tell something
	}
	for n, e := range w.all {
		step := w.event(n)
		if n > 0 {
			step.After = redact.Since(e.At, w.all[n-1].At)
		}
		f.Steps = append(f.Steps, scenario.Step{Event: step})
	}
	around := scenario.Around{Issues: w.comments.Issues()}
	for _, l := range links {
		around.Links = append(around.Links, l.Kind)
	}
	slices.Sort(around.Links)
	switch {
	case w.Issue.Duplicated:
		around.ClosedAs = "duplicate"
	case w.Issue.Moved:
		around.ClosedAs = "moved"
	}
	if w.votes != [2]int{} && len(w.Rules) > 0 { // only policies look at them
		around.Votes = w.votes[:]
	}
	if len(around.Links)+len(around.Issues)+len(around.Votes) > 0 || around.ClosedAs != "" {
		f.Around = &around
	}
	return f
}

// event is one step, without its time.
func (w *writer) event(n int) scenario.Event {
	e, after := w.all[n], w.after[n]
	event := scenario.Event{
		By: w.people.Pseudonym(e.Actor), Kind: scenario.KindName(e.Kind),
		Add: w.labels.RenameAll(e.Changes.Added), Remove: w.labels.RenameAll(e.Changes.Removed),
	}
	if c := e.Changes.Weight; c != nil {
		event.Weight = "none"
		if c.To != nil {
			event.Weight = strconv.Itoa(*c.To)
		}
	}
	if e.Kind&triage.MilestoneChanged != 0 {
		event.Milestone = "none"
		if after.Milestone != 0 {
			event.Milestone = "set"
		}
	}
	switch {
	case e.Note != nil:
		event.Text, event.Internal = w.comments.Redact(e.Note.Text), e.Note.Internal
		if level, known := w.levels[e.Actor.ID]; known && level != triage.Developer {
			event.Level = &level
		}
	case e.Emoji != nil:
		event.Emoji = redact.Emoji(e.Emoji.Name)
	}
	return event
}

// notes are what a reader of the file has to know.
func (w *writer) notes() []string {
	notes := []string{
		"usernames became person-1 and so on; the title, the project and what people wrote are left out",
		"assignees, type, due date, health, votes and links are as they are now: GitLab keeps no record of when they came",
		"what the configuration says itself stands in the decisions as it is",
	}
	if w.labels.Renamed() {
		notes = append(notes, "labels that the configuration does not know became label-1 and so on")
	}
	if w.silent > 0 {
		notes = append(notes, fmt.Sprintf("comments without a line that begins with /%s or an agreement are left out: %d", w.Policy.Team.CommandPrefix(), w.silent))
	}
	if len(w.comments.Issues()) > 0 {
		notes = append(notes, "issues that commands name count as issues of the same project that the bot can see")
	}
	if len(w.Issue.Assignees) > 1 {
		notes = append(notes, "of several assignees one is kept")
	}
	return notes
}
