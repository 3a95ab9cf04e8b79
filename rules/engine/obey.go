package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Comment is what somebody wrote with commands in it.
type Comment struct {
	Event  triage.Event // with its Note
	Lines  []Line
	Late   bool // it was looked for and found, after whatever happened since
	Unsure bool // and may not say what its writer wrote
	Level  int  // the writer's access level in the project, 0 for none
}

// Line is one line of a comment that is meant for the bot.
type Line struct {
	Text    string        // behind the prefix: "weight 3"
	Mention bool          // addressed by the bot's name, as conversation may be
	Wait    time.Duration // the writer has used up their commands: how long until the next; 0 if not
	Told    bool          // and was told so in answer to an earlier comment
}

// Facts are what commands asked for and somebody looked up.
type Facts struct {
	Found map[string]triage.FoundIssue // issues by what people wrote
	// Moved are the workflow states and weights that the bot set since the comment was written, as resource events tell, where it is not
	// remembered what has run. A command that is relative to the state it found must not be run on its own outcome.
	Moved []triage.ResourceEvent
	// Past is all that anybody changed, where a comment is late.
	Past []triage.ResourceEvent
	// Denied are labels that GitLab did not take. A command that wants one is refused.
	Denied map[string]bool
}

// Obeyed is what the commands of some comments come to, before the rules look at it.
type Obeyed struct {
	Issue   triage.Issue // as the commands want it
	Memory  triage.Memory
	Orders  triage.Intent  // without the Edit, which the rules may add to
	Wanted  []Wanted       // what leads to Issue, to be repeated on a newer state
	Events  []triage.Event // as if the writers had made the changes themselves
	Results []Result
	Why     []WhyAsked
	Look    bool // the rules look at everything, and nothing waits

	// If one of the next two is set, nothing was decided: look it up and obey again.
	Needs triage.Need
	Find  []string
}

// Wanted is a state that a command wants.
type Wanted struct {
	triage.Action
	Note int64 // the comment
}

// Result is one command for the record.
type Result struct {
	By      string `json:"by"`
	Command string `json:"command"` // its name, "" if there is none like it
	Reason  string `json:"reason"`
	Refused bool   `json:"refused,omitempty"`
}

// WhyAsked is a question for what the rules say, to be added to the reply of an answer in Intent. Rule is "" for all.
type WhyAsked struct {
	Answer int
	Rule   string
}

// Obey runs the commands of the comments, in order, each on what the ones before it made of the issue. One that is refused leaves nothing
// behind but its reply. Events are all that happened since the memory was kept; the issue shows what they made of it.
func Obey(p Policy, comments []Comment, events []triage.Event, issue triage.Issue, memory *triage.Memory, facts Facts, now time.Time) Obeyed {
	o := obeying{policy: p, facts: facts, events: events, now: now}
	if memory != nil {
		o.Memory = memory.Clone()
	}
	o.Issue = issue
	known := o.Memory.StateEntry
	since(new(o.input(slices.SortedStableFunc(slices.Values(events), byTime))))
	for _, c := range comments {
		o.comment(c)
	}
	o.Memory.StateEntry = known // the decision that follows finds out what moved, from the events
	return o.Obeyed
}

// CommandLimit is how many commands a person may write within CommandWindow.
const (
	CommandLimit  = 60
	CommandWindow = time.Hour
)

// obeying is a run of Obey.
type obeying struct {
	Obeyed
	policy Policy
	facts  Facts
	events []triage.Event
	now    time.Time
}

func (o *obeying) input(events []triage.Event) triage.Input {
	return triage.NewInput(o.policy.Team, events, o.Issue, &o.Memory, o.now)
}

// comment runs the lines of one comment and adds its answer.
func (o *obeying) comment(c Comment) {
	before := o.Issue
	answer := triage.Reaction{Note: c.Event.Note.ID, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal}
	var parts replies
	spoke := false
	for _, line := range c.Lines {
		h, meant := hear(o.policy, line)
		if !meant {
			continue
		}
		spoke = true
		call := o.policy.call(c, h.args)
		out := o.run(c, line, h, call)
		if out.FindIssue != "" {
			o.Find = append(o.Find, out.FindIssue)
		}
		o.Needs |= out.Needs
		if out.Explain != nil {
			o.Why = append(o.Why, WhyAsked{Answer: len(o.Orders.Answers), Rule: *out.Explain})
		}
		if h.command == nil || !h.command.Answers {
			answer.Emoji = triage.DoneEmoji
		}
		parts.add(line, out, len(c.Lines) > 1, o.policy.Team)
		o.Results = append(o.Results, Result{By: c.Event.Actor.Username, Command: h.name(), Reason: out.Reason, Refused: out.Refused})
		if !out.Refused {
			o.take(c, call, out)
		}
	}
	if !spoke {
		return // talk, not commands
	}
	if parts.refused {
		answer.Emoji = triage.RefusedEmoji
	}
	answer.Reply = parts.reply()
	o.Orders.Answers = append(o.Orders.Answers, answer)
	o.Memory.MarkExecuted(answer.Note)
	if o.Orders.By == (triage.Person{}) {
		o.Orders.By, o.Orders.At = c.Event.Actor, c.Event.At
	}
	if edit := triage.Difference(before, o.Issue); !edit.Empty() {
		o.Events = append(o.Events, edit.AsEvent(c.Event.Actor, before, c.Event))
	}
}
