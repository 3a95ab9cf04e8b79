package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Comment is what somebody wrote with commands in it.
type Comment struct {
	Event       triage.Event // with its Note
	Lines       []Line
	Late        bool // no delivery brought it: the bot looked for it, and much may have happened since
	MaybeEdited bool // the text may not be the one that its writer sent first
	Level       int  // the writer's access level in the project, 0 for none
}

// Line is one line of a comment that is meant for the bot.
type Line struct {
	Text           string        // behind the prefix: "weight 3"
	Mention        bool          // addressed by the bot's name, as conversation may be
	RetryIn        time.Duration // the writer has used up their commands: how long until the next one is allowed; 0 if not
	LimitAnnounced bool          // and the answer to an earlier comment said so
}

// Facts are what commands asked for and the caller has looked up.
type Facts struct {
	FoundIssues map[string]triage.FoundIssue // issues by what people wrote
	// BotMoves are the workflow states and weights that the bot set after the comment was written, by GitLab's resource events. They are loaded
	// where the memory of what has run is lost: a command that is relative to a state must not run again on its own outcome.
	BotMoves []triage.ResourceEvent
	// History is everything that anybody changed, loaded where a comment is late.
	History []triage.ResourceEvent
	// RefusedLabels are labels that GitLab did not accept. A command that wants one is refused.
	RefusedLabels map[string]bool
}

// CommandsResult is what the commands of some comments come to, before the rules run.
type CommandsResult struct {
	Issue           triage.Issue // as the commands want it
	Memory          triage.Memory
	Intent          triage.Intent  // without the Edit, which the rules may add to
	WantedActions   []WantedAction // the actions that lead to Issue, to be repeated on a newer state
	Events          []triage.Event // as if the writers had made the changes themselves
	Results         []Result
	ExplainRequests []ExplainRequest
	RecheckAll      bool // the rules look at everything, and nothing waits

	// If one of the next two is set, nothing was decided: look it up and run the commands again.
	Needs      triage.Need
	FindIssues []string
}

// WantedAction is a state that a command wants.
type WantedAction struct {
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

// ExplainRequest asks for what the rules say, to be added to the reply of an answer in Intent. Rule is "" for all.
type ExplainRequest struct {
	Answer int
	Rule   string
}

// RunCommands runs the commands of the comments, in order, each on what the ones before it made of the issue. One that is refused leaves nothing
// behind but its reply. Events are those since the memory was saved; the issue shows their outcome.
func RunCommands(p Policy, comments []Comment, events []triage.Event, issue triage.Issue, memory *triage.Memory, facts Facts, now time.Time) CommandsResult {
	o := commandRun{policy: p, facts: facts, events: events, now: now}
	if memory != nil {
		o.Memory = memory.Clone()
	}
	o.Issue = issue
	known := o.Memory.StateEntry
	updateStateEntry(new(o.input(slices.SortedStableFunc(slices.Values(events), byTime))))
	for _, c := range comments {
		o.comment(c)
	}
	o.Memory.StateEntry = known // the decision that follows finds out what moved, from the events
	return o.CommandsResult
}

// CommandLimit is how many commands a person may write within CommandWindow.
const (
	CommandLimit  = 60
	CommandWindow = time.Hour
)

// commandRun is a run of RunCommands.
type commandRun struct {
	CommandsResult
	policy Policy
	facts  Facts
	events []triage.Event
	now    time.Time
}

func (o *commandRun) input(events []triage.Event) triage.Input {
	return triage.NewInput(o.policy.Team, events, o.Issue, &o.Memory, o.now)
}

// comment runs the lines of one comment and adds its answer.
func (o *commandRun) comment(c Comment) {
	before := o.Issue
	answer := triage.Reaction{Note: c.Event.Note.ID, Discussion: c.Event.Note.Discussion, Internal: c.Event.Note.Internal}
	var parts replies
	spoke := false
	for _, line := range c.Lines {
		h, meant := parseLine(o.policy, line)
		if !meant {
			continue
		}
		spoke = true
		call := o.policy.call(c, h.args)
		out := o.run(c, line, h, call)
		if out.FindIssue != "" {
			o.FindIssues = append(o.FindIssues, out.FindIssue)
		}
		o.Needs |= out.Needs
		if out.Explain != nil {
			o.ExplainRequests = append(o.ExplainRequests, ExplainRequest{Answer: len(o.Intent.Answers), Rule: *out.Explain})
		}
		if h.command == nil || !h.command.Answers {
			answer.Emoji = triage.DoneEmoji
		}
		parts.add(line, out, len(c.Lines) > 1, o.policy.Team)
		o.Results = append(o.Results, Result{By: c.Event.Actor.Username, Command: h.name(), Reason: out.Reason, Refused: out.Refused})
		if !out.Refused {
			o.applyOutcome(c, call, out)
		}
	}
	if !spoke {
		return // talk, not commands
	}
	if parts.refused {
		answer.Emoji = triage.RefusedEmoji
	}
	answer.Reply = parts.reply()
	o.Intent.Answers = append(o.Intent.Answers, answer)
	o.Memory.MarkExecuted(answer.Note)
	if o.Intent.By == (triage.Person{}) {
		o.Intent.By, o.Intent.At = c.Event.Actor, c.Event.At
	}
	if edit := triage.Difference(before, o.Issue); !edit.Empty() {
		o.Events = append(o.Events, edit.AsEvent(c.Event.Actor, before, c.Event))
	}
}
