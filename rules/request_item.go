package rules

import (
	"strings"
	"time"
	"unicode"

	"flowkeeper/rules/triage"
)

// matter is something that a command asks people to see to, in the words of its writer.
type matter struct {
	command string
	title   string
	then    string // what to do about it, a sentence
	asks    []triage.Role
}

// requestItem puts a matter on the note. What was written in an internal comment is asked there, in an internal reply, and the note says only that
// there is something.
func requestItem(in triage.Input, m matter, words string, call triage.Call) triage.Outcome {
	up := triage.RequestItem{Command: m.command, Item: triage.Item{Title: m.title, Quote: words, Then: m.then, Asks: m.asks}}
	out := triage.Outcome{}
	if call.Internal {
		up.Item = triage.Item{Title: m.title, Text: "in an internal comment. " + m.then}
		out.Reply = &triage.Reply{Text: []triage.Prose{triage.Say(m.title + ": ").Quote(words).Say(closingStop(words) + " " + m.then)}}
		if !in.Memory.Mentioned[m.command] {
			out.Reply.Asks, up.AlreadyMentioned = m.asks, true
		}
	}
	out.Changes = []triage.Change{up}
	return out
}

// closingStop is the full stop after a quote that does not end a sentence itself.
func closingStop(quote string) string {
	if strings.ContainsAny(quote[max(0, len(quote)-1):], ".?!") || strings.HasSuffix(quote, "…") {
		return ""
	}
	return "."
}

// maxWords is how many runes of what people write behind a command are kept. Notes and replies show less.
const maxWords = 400

// quotableText is the text that people wrote after a command, "" if it says nothing.
func quotableText(call triage.Call) string {
	text := triage.Unquote(call.Args)
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
		return ""
	}
	return truncate(text, maxWords)
}

// truncate is the text in at most so many runes.
func truncate(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// refuseWithout refuses a command without the text that it is about.
func refuseWithout(team *triage.Team, usage, example string) triage.Outcome {
	return triage.Refuse(triage.Say("the text is missing; write " + team.CommandCode(usage) + ", for example " + team.CommandCode(example)))
}

// answerSlack is how long after a comment GitLab may still carry out what was written with it: comments come with times in whole seconds and
// are written before their own quick actions.
const answerSlack = 5 * time.Second

// hasMovedOn reports whether the issue came into another workflow state after something was requested. A command in the same comment moves it at
// the comment's time, which is not after.
func hasMovedOn(in triage.Input, requested triage.RequestedItem) bool {
	since := in.Memory.StateEntry
	return since.State != requested.State && since.At.After(requested.At.Add(answerSlack))
}

// answeredAfter reports whether, after the item was requested, there was an event for which such is true.
func answeredAfter(in triage.Input, requested triage.RequestedItem, such func(triage.Event) bool) bool {
	for _, e := range in.Events {
		if e.At.After(requested.At.Add(answerSlack)) && such(e) {
			return true
		}
	}
	return false
}
