package letter

import (
	"regexp"
	"strconv"
	"strings"

	"flowkeeper/bot/command"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// removed stands for what people wrote.
const removed = "text"

// agreement is what every comment becomes that is nothing but agreement.
const agreement = "agreed"

// marks are what may stand around a word without being part of it.
const marks = "\"'`~:,.!?()"

var (
	amount    = regexp.MustCompile(`^(#?\d{1,9}|\d{1,4}[a-z]|\d{4}-\d\d-\d\d)$`)
	reference = regexp.MustCompile(`(?:#|/-/(?:issues|work_items)/)(\d{1,9})(?:[/?#]\S*)?$`)
	usageWord = regexp.MustCompile(`[a-z]+=?`)
)

// redactor leaves of a comment what the bot acts on: its commands, without the words that people put behind them. It keeps numbers, durations,
// references to issues without their project, and words of commands, rules, states and of the issue's labels, unless they are a username.
type redactor struct {
	prefix string
	reader *command.Reader
	people *people
	known  map[string]bool // words that stay, in lower case
	issues map[int64]bool  // that commands name
}

func newRedactor(p engine.Policy, who *people, labels []string) *redactor {
	r := &redactor{
		prefix: "/" + p.Team.CommandPrefix(), people: who, known: map[string]bool{}, issues: map[int64]bool{},
		reader: command.New(p.Team.CommandPrefix(), ""),
	}
	for _, cmd := range p.Commands {
		r.know(cmd.Name)
		for _, word := range usageWord.FindAllString(cmd.Args, -1) {
			r.know(word)
		}
	}
	for _, s := range p.Settings {
		r.know(s.ID)
	}
	for _, state := range p.Team.Workflow.Names() {
		r.know(state)
		r.know(p.Team.State(state))
	}
	for _, l := range labels {
		r.know(l)
	}
	r.know(triage.AllRules)
	return r
}

// know lets the words of a name stay.
func (r *redactor) know(name string) {
	for word := range strings.FieldsSeq(strings.ToLower(name)) {
		r.known[strings.Trim(word, marks)] = true
	}
}

// comment is what is left of a comment; "" if nobody told the bot anything.
func (r *redactor) comment(text string) string {
	if triage.IsAgreement(text) {
		return agreement
	}
	var lines []string
	for _, l := range r.reader.Read(text) {
		lines = append(lines, strings.TrimSpace(r.prefix+" "+r.line(l.Text)))
	}
	return strings.Join(lines, "\n\n")
}

// line is a command without people's words. Several in a row become one.
func (r *redactor) line(text string) string {
	var kept []string
	for word := range strings.FieldsSeq(text) {
		word = r.word(word)
		if word != removed || len(kept) == 0 || kept[len(kept)-1] != removed {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

func (r *redactor) word(word string) string {
	bare := strings.ToLower(strings.Trim(word, marks))
	if r.people.knows(strings.TrimPrefix(bare, "@")) {
		return removed
	}
	key, value, isOption := strings.Cut(bare, "=")
	switch {
	case r.known[bare], amount.MatchString(bare) && !strings.HasPrefix(bare, "#"):
		return word
	case isOption && r.known[key+"="] && amount.MatchString(value):
		return word
	}
	if m := reference.FindStringSubmatch(bare); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64) // the pattern has at most nine digits
		r.issues[n] = true
		return "#" + m[1]
	}
	return removed
}
