package triage

import (
	"fmt"
	"time"
)

// Mode says how far a rule may go.
type Mode uint8

// The modes, from nothing to everything. Each includes what the ones before it do.
const (
	Off    Mode = iota // not decided at all
	Shadow             // decided and recorded, nothing shown
	Remind             // what it wants goes on the sticky note as an open item
	Act                // what it wants is done
)

var modeNames = [...]string{"off", "shadow", "remind", "act"}

// String is the mode's name in configuration files.
func (m Mode) String() string { return modeNames[m] }

// MarshalText writes the mode's name, so that records and explanations can be read.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mode) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMode(string(text))
	return err
}

// ParseMode reads a mode's name as written in a configuration file.
func ParseMode(name string) (Mode, error) {
	for i, n := range modeNames {
		if n == name {
			return Mode(i), nil
		}
	}
	return Off, fmt.Errorf("unknown mode %q, allowed: off, shadow, remind, act", name)
}

// Meta is everything about a rule besides its function. Configuration, reference, metrics and explanations all use it.
type Meta struct {
	ID      string // stable: configuration key, file name, metric label
	Summary string // one sentence for people who configure the bot
	Section string // heading of the handbook page that the rule carries out
	// OwnSummary is the summary for a team with a workflow of its own, where the other one speaks of the handbook's states: {done} is the name of
	// the team's state that means done, {in done} says that an issue is there. "" if the summary speaks of no state.
	OwnSummary string
	// States are what the rule is about: of each list the team has to have a state with one of the meanings, or the rule has nothing to do.
	States  [][]Meaning
	On      Kind        // looked at when one of these happened
	Mode    Mode        // default
	MaxMode Mode        // the furthest it may be configured to
	Prompt  bool        // answers what a person just did: its items do not wait for the grace period
	Follows bool        // only repeats what somebody did: no undoing concerns it
	Closed  bool        // also looks at closed issues
	Subject SubjectKind // what the rule looks at; the zero value is issues
	Edits   bool        // on merge requests: it changes them, not only what the bot says there
	Uses    Premise     // a team that does not have it has no use for the rule

	// Looks is what a policy looks at, beside On; nil for a rule of the catalogue.
	Looks *Looks
	// Names are the labels that a policy names, in conditions and actions, each once; nil for a rule of the catalogue.
	Names []string
	// Everywhere says that the rule also looks at issues that the team's own rules leave alone.
	Everywhere bool
	// PerHour is on how many issues the rule may begin to act in an hour, 0 for no bound.
	PerHour int

	Options []Option
	Shared  []Shared

	Words func(*Team) string // the summary in a team's own numbers; nil if it has none
}

// Looks is what a policy looks at. It need not be asked again after a change of labels that are not among these.
type Looks struct {
	Kinds    Kind // On may hold more: what the policy has to be told, though it need not be asked
	Labels   []string
	AnyLabel bool // it also counts whether there are others
	OnlyOpen bool // its conditions hold for nothing that is closed
	// Digest tells the policy from what it was before its file was changed.
	Digest string

	// What GitLab keeps no record of, each once, for who plays the past: Unrecorded cannot be answered for then ("votes"), AsNow is taken as it is
	// now ("the type").
	Unrecorded, AsNow []string
}

// SummaryFor is the summary in the words of a team.
func (m *Meta) SummaryFor(t *Team) string {
	switch {
	case m.Words != nil && t.Lacks(m.Uses) == "":
		return m.Words(t)
	case m.OwnSummary == "":
		return m.Summary
	}
	return t.Workflow.inOwnWords(m.Summary, m.OwnSummary)
}

// Idle says why the rule has nothing to do in a team, as a clause such as "the team's workflow has no state that means ready"; "" if it has.
func (m *Meta) Idle(t *Team) string { return t.idle(m.Uses, m.States) }

// Shared is a part of the configuration that rules share with others, as the value of an option by its section's name. A rule's own section of the
// configuration cannot set it.
type Shared struct {
	Section string // "slo"
	Default any
}

// Option is a number or a text that a configuration may set for a rule.
type Option struct {
	Name    string
	Help    string
	Default any // int or string
	Min     int // for numbers, both inclusive
	Max     int
	State   bool // the text is the label of a workflow state
}

// Rule is one statement of the handbook: data and a pure function. A rule cannot fail; what can fail happened while loading.
type Rule struct {
	Meta
	Decide func(Input, Options) Verdict
}

// DecideFor is what the rule says of an issue of the input's team: that the team has no use for it, or its function's verdict.
func (r *Rule) DecideFor(in Input, opt Options) Verdict {
	if why := in.Team.Lacks(r.Uses); why != "" {
		return Nothing(why)
	}
	return r.Decide(in, opt)
}

// Options are the values in force for one rule, complete: every declared option has a value of its declared type.
type Options map[string]any

// Int returns a declared number option.
func (o Options) Int(name string) int { return o[name].(int) }

// Text returns a declared text option.
func (o Options) Text(name string) string { return o[name].(string) }

// Defaults are the declared values of the rule's options.
func (m Meta) Defaults() Options {
	o := make(Options, len(m.Options)+len(m.Shared))
	for _, s := range m.Shared {
		o[s.Section] = s.Default
	}
	for _, opt := range m.Options {
		o[opt.Name] = opt.Default
	}
	return o
}

// Verdict is what a rule says of an issue. Reason is one finished sentence without capital and full stop that the author
// understands, also when there is nothing to do. It may quote people, so it is escaped before it is shown.
type Verdict struct {
	Reason     string
	Actions    []Action
	Items      []Item
	Lines      []string // what the bot did itself, each a short finished sentence in Markdown, free of people's text
	Suggestion *Item    // says in mode remind what the actions would do; nil is their quick actions
	Unasked    bool     // in mode remind nobody is asked for what the actions would do
	Bump       *Bump    // remembered once the actions are carried out

	// Holds says of a policy that its conditions hold: a spell begins or goes on. Itself says that they hold no more, but would had the bot not
	// acted: the spell goes on, and the actions are those that are suggested where the policy may only suggest them.
	Holds, Itself bool
	// Comment is what a policy says once in a spell, nil for nothing.
	Comment *PolicyComment

	// Needs are facts that the rule has to know before it can say anything. The rule is asked again when they are loaded; until then the verdict
	// counts as nothing. A rule asks for them only when everything else speaks for acting, because loading costs API calls.
	Needs Need
	// Memberships are those that NeedMemberships asks for.
	Memberships []Membership
	// Wake is when the rule wants to be asked again although nothing happens; zero is never.
	Wake time.Time
}

// Silent reports whether a verdict holds a reason and nothing else.
func (v *Verdict) Silent() bool {
	return len(v.Actions)+len(v.Items)+len(v.Lines) == 0 && v.Needs == 0 && v.Wake.IsZero() && !v.Holds && !v.Itself && v.Comment == nil
}

// Nothing is the verdict of a rule that wants nothing, with the reason.
func Nothing(reason string) Verdict { return Verdict{Reason: reason} }

// Want is the verdict of a rule that wants the issue in some state.
func Want(reason string, actions ...Action) Verdict {
	return Verdict{Reason: reason, Actions: actions}
}

// Load is the verdict of a rule that has to know more.
func Load(reason string, needs Need) Verdict { return Verdict{Reason: reason, Needs: needs} }

// Ask is the verdict of a rule that leaves something to people.
func Ask(reason string, items ...Item) Verdict { return Verdict{Reason: reason, Items: items} }
