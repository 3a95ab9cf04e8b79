package triage

import (
	"slices"
	"strings"
	"time"
)

// Permission says who may use a command.
type Permission uint8

// The permissions.
const (
	Anyone Permission = iota // anyone who can comment
	Member                   // Planner or Reporter and up
	Self                     // the issue's author and its assignees
	Lead                     // product and engineering managers of the roster; without any, Maintainer and up
)

// GitLab's access levels that permissions rest on.
const (
	Planner    = 15
	Maintainer = 40
)

// Requirement says what a person without the permission lacks, as the end of a sentence: "needs the Planner or Reporter role, or higher".
func (p Permission) Requirement() string {
	if p == Member {
		return "needs the Planner or Reporter role, or higher"
	}
	return "is for " + p.String()
}

// String says in words who may: "people with the Planner or Reporter role, or higher".
func (p Permission) String() string {
	switch p {
	case Member:
		return "people with the Planner or Reporter role, or higher"
	case Self:
		return "the issue's author and its assignees"
	case Lead:
		return "the product and the engineering manager"
	default:
		return "anyone who can comment"
	}
}

// Allows reports whether a person with GitLab's access level in the project (0 for none) may use a command with this permission.
func (p Permission) Allows(in Input, who Person, level int) bool {
	switch p {
	case Member:
		return level >= Planner
	case Self:
		return who.Is(in.Issue.Author) || slices.ContainsFunc(in.Issue.Assignees, who.Is)
	case Lead:
		leads := in.Team.People(ProductManager, EngineeringManager)
		if len(leads) == 0 {
			return level >= Maintainer
		}
		return HasUsername(leads, who.Username)
	default:
		return true
	}
}

// Command is one thing that people may ask for in a comment: a definition and a pure function. The parser, the help, the reference and the
// permission check all use the definition.
type Command struct {
	Name         string      // "spike done"
	Args         string      // "[weight=<n>] [title]"
	Summary      string      // one sentence for those who write comments
	Example      string      // all that follows the prefix: "spike done weight=2"
	Names        Meaning     // of the state that the example names, for the help to name the team's
	OwnSummary   string      // as that of a rule
	States       [][]Meaning // as those of a rule
	Section      string      // heading of the handbook page that the command carries out, "" for the bot's own matters
	Who          Permission
	Closed       bool    // also runs on a closed issue
	Answers      bool    // is answered by its reply alone, without a reaction
	Reviews      bool    // is part of the issue review
	Agrees       bool    // is an agreement in the issue review
	Opens        bool    // opens another issue
	OnlySilences bool    // only silences rules or lifts that: GitLab shows nothing of it but the comment
	Uses         Premise // a team that does not have it has no use for the command

	// Words, ArgsIn and ExampleIn are Summary, Args and Example in a team's own numbers; nil where a team has no numbers of its own.
	Words, ArgsIn, ExampleIn func(*Team) string

	Run func(Input, Call) Outcome
	// Unresolved reports whether an item that the command put on the note still has to be seen to. nil for a command that puts none there.
	Unresolved func(Input, RequestedItem) bool
}

// Usage is the command as it is written, without the prefix: "weight <n> [why]".
func (c *Command) Usage() string {
	if c.Args == "" {
		return c.Name
	}
	return c.Name + " " + c.Args
}

// UsageFor is the command as it is written in a team.
func (c Command) UsageFor(t *Team) string {
	if c.ArgsIn != nil {
		c.Args = c.ArgsIn(t)
	}
	return c.Usage()
}

// ExampleFor is the example in the words of a team.
func (c Command) ExampleFor(t *Team) string {
	switch {
	case c.ExampleIn != nil && t.Lacks(c.Uses) == "":
		return c.ExampleIn(t)
	case c.Names == NoMeaning:
		return c.Example
	}
	return strings.Replace(c.Example, HandbookWorkflow().Named(c.Names), t.Workflow.Named(c.Names, Intake), 1)
}

// SummaryFor is the summary in the words of a team.
func (c Command) SummaryFor(t *Team) string {
	switch {
	case c.Words != nil && t.Lacks(c.Uses) == "":
		return c.Words(t)
	case c.OwnSummary == "":
		return c.Summary
	}
	return t.Workflow.inOwnWords(c.Summary, c.OwnSummary)
}

// Idle says why the command can do nothing in a team, as Meta.Idle does.
func (c Command) Idle(t *Team) string {
	if c.Reviews && !slices.ContainsFunc(t.Workflow.states, State.Reviewed) {
		return "the team's workflow has no review"
	}
	return t.idle(c.Uses, c.States)
}

// Call is one use of a command.
type Call struct {
	By       Person
	Level    int       // their access level in the project, 0 for none
	Args     string    // what stands behind the command's name, words with one blank between them
	At       time.Time // when it was written, by GitLab's clock
	Note     int64     // the comment
	Internal bool      // only members see the comment, and may see what is answered

	Commands []Command          // all there are
	Rules    []string           // ids of all rules
	Options  map[string]Options // in force, by rule
	Found    *FoundIssue        // what Outcome.FindIssue asked for; nil if it was not looked for yet
	Report   *ReportFacts       // what LookUpReport asks for; nil if it was not looked for yet
	Epics    *bool              // what LookUpEpics asks for: the project's group has epics; nil if it was not looked for yet
	Given    *[]GivenReaction   // what LookUpReactions asks for; nil if it was not looked for yet
}

// Lookup is what a command has to have looked up before it can say anything. Lookups combine.
type Lookup uint8

// The lookups.
const (
	LookUpReport    Lookup = 1 << iota // Call.Report: whether the issue is a report
	LookUpEpics                        // Call.Epics
	LookUpReactions                    // Call.Given
)

// FoundIssue is an issue that a comment names. Problem says why there is none, a finished sentence of our own without full stop.
type FoundIssue struct {
	Ref     Ref
	Problem string
}

// Outcome is what a command makes of a call. The zero value does nothing, silently.
type Outcome struct {
	Reason  string       // one finished sentence without capital and full stop; may quote people
	Refused bool         // nothing of it is done, the Reply says why
	Actions []Action     // states wanted of the issue, in the name of who wrote the command
	Changes []Change     // of what is remembered
	Opens   *Draft       // an issue to be opened and linked
	Links   []WantedLink // to be made to other issues
	Report  *ReportEdit  // a change of the report whose issue this is or, on another issue, of the open reports that may list it
	Reply   *Reply       // nil: what happened shows on the issue

	RecheckAll     bool    // all rules look at the issue, and nothing waits
	Explain        *string // the reply is what the rules say: of all of them, or of the one named
	Needs          Need    // facts that the command has to know first; it is asked again with them
	FindIssue      string  // an issue that has to be looked up first, as written
	Promotes       bool    // the issue is to become an epic of its group, which closes it
	LookUp         Lookup  // what has to be looked up first; the command is asked again with it
	EvenOutOfScope bool    // also runs on issues that the rules leave alone
}

// GivenReaction is a reaction of a person to the issue or to the bot's note on it. Emoji is GitLab's name without colons: "eyes".
type GivenReaction struct {
	By    Person
	Emoji string
}

// WantedLink is a link wanted to another issue. Kind is one of Link's.
type WantedLink struct {
	Kind string `json:"k"`
	To   Ref    `json:"to"`
	Note int64  `json:"by,omitempty"` // the comment that wants it; set by the engine
}

// Did is the outcome of a command that was carried out.
func Did(reason string, actions ...Action) Outcome { return Outcome{Reason: reason, Actions: actions} }

// Refuse is the outcome of a command that was not carried out: what was wrong and what would work.
func Refuse(why Prose) Outcome {
	return Outcome{Reason: why.Plain(), Refused: true, Reply: &Reply{Text: []Prose{why}}}
}

// Answer is the outcome of a command that only says something.
func Answer(reason string, r Reply) Outcome { return Outcome{Reason: reason, Reply: &r} }
