package demo

import (
	"fmt"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// narrated is how much of the issue was narrated.
type narrated struct {
	labels, weights int
	notes           int // GitLab's own among them
	closed          bool
	note            string
	asked           int    // comments with commands
	report          string // the description of a report's issue
}

// printf prints one line of what the bot does.
func (s *stage) printf(format string, args ...any) { fmt.Fprintf(s.out, "      "+format+"\n", args...) }

// quote prints the part of a comment that stands above its fold.
func (s *stage) quote(text string) {
	for line := range strings.Lines(aboveDetails(text)) {
		s.printf("%s", strings.TrimRight("  | "+line, " \n"))
	}
}

// plain undoes what keeps a name in a note from being a mention.
var plain = strings.NewReplacer(`\@`, "@", "\u2060", "")

// quoteDetails prints what a comment says about something in its fold.
func (s *stage) quoteDetails(text, about string) {
	_, fold, _ := strings.Cut(text, "<details>")
	for line := range strings.Lines(fold) {
		if about != "" && strings.Contains(line, about) {
			s.printf("  | (folded) %s", plain.Replace(strings.TrimSpace(strings.TrimPrefix(line, "- "))))
		}
	}
}

// narrate prints what the bot did since the scene before.
func (s *stage) narrate(v view, scene scene) {
	s.narrateAnswer(v)
	s.narrateLabels(v.LabelEvents[s.told.labels:])
	s.narrateStatus(v.Notes[s.told.notes:])
	for _, e := range v.WeightEvents[s.told.weights:] {
		if e.User == botName && e.Weight != nil {
			s.printf("the bot sets weight %d", *e.Weight)
		}
	}
	if v.State == "closed" && !s.told.closed {
		s.printf("the bot closes the issue")
	}
	if scene.why != "" && len(v.handled) > 0 {
		s.printf("the bot leaves it, because %s (%s)", reason(v.handled[0], scene.why), scene.why)
	}
	if v.note != s.told.note {
		verb := "edits its comment"
		if s.told.note == "" {
			verb = "comments"
		}
		s.printf("the bot %s:", verb)
		s.quote(v.note)
		s.quoteDetails(v.note, scene.fold)
	}
	s.narrateReport(v)
	s.told = s.narratedUpTo(v)
}

// narratedUpTo is how much was narrated once all in the view is.
func (s *stage) narratedUpTo(v view) narrated {
	return narrated{
		labels: len(v.LabelEvents), weights: len(v.WeightEvents), notes: len(v.Notes), closed: v.State == "closed", note: v.note, asked: len(s.asked),
		report: v.Description,
	}
}

// signs are how the reactions look.
var signs = map[string]string{triage.DoneEmoji: "✅", triage.RefusedEmoji: "❌"}

// narrateAnswer prints how the bot answered the comment with the command.
func (s *stage) narrateAnswer(v view) {
	if len(s.asked) == s.told.asked {
		return
	}
	var how []string
	for _, name := range v.reactions {
		how = append(how, "reacts with "+signs[name])
	}
	switch {
	case v.reply.ID != 0 && v.reply.Internal:
		how = append(how, "replies internally:")
	case v.reply.ID != 0:
		how = append(how, "replies:")
	}
	if len(how) > 0 {
		s.printf("the bot %s", strings.Join(how, " and "))
	}
	text, _, rows := strings.Cut(aboveDetails(v.reply.Text), "\n\n- ")
	s.quote(text)
	if rows {
		s.printf("  | …")
	}
}

// narrateLabels prints what the bot added and removed.
func (s *stage) narrateLabels(events []sandbox.Event) {
	var added, removed []string
	for _, e := range events {
		switch {
		case e.User != botName:
		case e.Added:
			added = append(added, triage.Quoted(e.Label))
		default:
			removed = append(removed, triage.Quoted(e.Label))
		}
	}
	if len(added) > 0 {
		s.printf("the bot adds %s", strings.Join(added, " "))
	}
	if len(removed) > 0 {
		s.printf("the bot removes %s", strings.Join(removed, " "))
	}
}

// aboveDetails is the part of a note that stands above its fold.
func aboveDetails(note string) string {
	for _, end := range []string{"<details>", "<!--"} {
		note, _, _ = strings.Cut(note, end)
	}
	return strings.TrimSpace(note)
}
