package redact

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowkeeper/bot/command"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Placeholder replaces people's words.
const Placeholder = "text"

// agreement replaces every comment that is nothing but agreement.
const agreement = "agreed"

// punctuation are the characters that may stand around a word without being part of it.
const punctuation = "\"'`~:,.!?()"

var (
	amount    = regexp.MustCompile(`^(#?\d{1,9}|\d{1,4}[a-z]|\d{4}-\d\d-\d\d)$`)
	reference = regexp.MustCompile(`(?:#|/-/(?:issues|work_items)/)(\d{1,9})(?:[/?#]\S*)?$`)
	usageWord = regexp.MustCompile(`[a-z]+=?`)
)

// Comments reduces comments to what the bot acts on, its commands, without people's own words. It keeps numbers, durations,
// references to issues without their project, and words of commands, rules, states and of the issue's labels, unless they are a username.
type Comments struct {
	prefix    string
	reader    *command.Reader
	people    *People
	keptWords map[string]bool // words that are kept, in lower case
	issues    map[int64]bool  // that commands name
}

// NewComments keeps words of the policy's commands, rules and states, and of these labels.
func NewComments(p engine.Policy, who *People, labels []string) *Comments {
	r := &Comments{
		prefix: "/" + p.Team.CommandPrefix(), people: who, keptWords: map[string]bool{}, issues: map[int64]bool{},
		reader: command.New(p.Team.CommandPrefix(), ""),
	}
	for _, cmd := range p.Commands {
		r.keepWords(cmd.Name)
		for _, word := range usageWord.FindAllString(cmd.Args, -1) {
			r.keepWords(word)
		}
	}
	for _, s := range p.Settings {
		r.keepWords(s.ID)
	}
	for _, state := range p.Team.Workflow.Names() {
		r.keepWords(state)
		r.keepWords(p.Team.State(state))
	}
	for _, l := range labels {
		r.keepWords(l)
	}
	r.keepWords(triage.AllRules)
	return r
}

// keepWords keeps the words of a name from being redacted.
func (r *Comments) keepWords(name string) {
	for word := range strings.FieldsSeq(strings.ToLower(name)) {
		r.keptWords[strings.Trim(word, punctuation)] = true
	}
}

// Redact is a redacted comment; "" if it holds no command.
func (r *Comments) Redact(text string) string {
	if triage.IsAgreement(text) {
		return agreement
	}
	var lines []string
	for _, l := range r.reader.Read(text) {
		lines = append(lines, strings.TrimSpace(r.prefix+" "+r.redactLine(l.Text)))
	}
	return strings.Join(lines, "\n\n")
}

// Issues are the numbers of the issues that the comments name, sorted.
func (r *Comments) Issues() []int64 { return slices.Sorted(maps.Keys(r.issues)) }

// redactLine is a command with people's words replaced; several words in a row become one Placeholder.
func (r *Comments) redactLine(text string) string {
	var kept []string
	for word := range strings.FieldsSeq(text) {
		word = r.redactWord(word)
		if word != Placeholder || len(kept) == 0 || kept[len(kept)-1] != Placeholder {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

func (r *Comments) redactWord(word string) string {
	bare := strings.ToLower(strings.Trim(word, punctuation))
	if r.people.Knows(strings.TrimPrefix(bare, "@")) {
		return Placeholder
	}
	key, value, isOption := strings.Cut(bare, "=")
	switch {
	case r.keptWords[bare], amount.MatchString(bare) && !strings.HasPrefix(bare, "#"):
		return word
	case isOption && r.keptWords[key+"="] && amount.MatchString(value):
		return word
	}
	if m := reference.FindStringSubmatch(bare); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64) // the pattern has at most nine digits
		r.issues[n] = true
		return "#" + m[1]
	}
	return Placeholder
}
