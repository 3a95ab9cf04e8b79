package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Case is all that a decision rests on.
type Case struct {
	Issue    triage.Issue   // the newest state known
	Memory   triage.Memory  // the zero value if the issue was never seen
	Events   []triage.Event // those not handled yet, without the bot's own
	Comments []Comment      // those with commands that have not run, the oldest first; their events are among Events
	RunOn    *triage.Issue  // the issue as it was when the comments were taken up, on which their commands run; nil is Issue
	Pending  Pending        // what commands that have run want, as far as it is not done
	Facts    Facts          // what an earlier decision on the case needed to know
	Now      time.Time
}

// Pending is what commands want and GitLab does not show yet. It goes from one decision on an issue to the next until all of it is done.
type Pending struct {
	Intent        triage.Intent  // to be written down before any of it is done; its Edit and Base are left to whoever writes it down
	WantedActions []WantedAction // of the issue itself, to be repeated on a newer state
	Events        []triage.Event // as if the writers had made the changes themselves
	Results       []Result       // one for each command, for the record
	Questions     []Question
	RecheckAll    bool // the rules look at everything, and nothing waits
}

// Empty reports whether no command wants anything, not even an answer.
func (p *Pending) Empty() bool { return len(p.Intent.Answers) == 0 }

// Target is the issue as the commands want it.
func (p *Pending) Target(issue triage.Issue) triage.Issue {
	for _, w := range p.WantedActions {
		issue = w.Apply(issue)
	}
	return issue
}

// clone is a copy to which may be added without a trace in the original.
func (p Pending) clone() Pending {
	p.Intent.Answers, p.Intent.Links = slices.Clone(p.Intent.Answers), slices.Clip(p.Intent.Links)
	p.Intent.Reports = slices.Clip(p.Intent.Reports)
	p.WantedActions, p.Events, p.Results, p.Questions = slices.Clip(p.WantedActions), slices.Clip(p.Events), slices.Clip(p.Results), slices.Clip(p.Questions)
	return p
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

	Reports bool `json:"-"` // it changes reports, which may refuse it yet
}

// Question is what a comment asks about the rules on this issue. Rule is "" for all rules.
type Question struct {
	Note int64
	Rule string
}

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

// Facts are what commands and questions asked for and the caller has looked up.
type Facts struct {
	FoundIssues map[string]triage.FoundIssue // by what people wrote
	// PastFindings are the kept decisions at which a rule looked at the issue, by rule, the newest first.
	PastFindings map[string][]PastFinding
	// BotMoves are the workflow states and weights that the bot set after the comment was written, by GitLab's resource events. They are
	// loaded where the memory of what has run is lost: a command that is relative to a state must not run again on its own outcome.
	BotMoves []triage.ResourceEvent
	// History is everything that anybody changed, loaded where a comment is late.
	History []triage.ResourceEvent
	// AgreementsCounted says that the memory's agreements were counted because the rules asked for them, when the commands had run: those of a
	// review that a command began are among them, and none from before.
	AgreementsCounted bool
	// Report is what the issue shows of a report, nil if that was not looked up.
	Report *planning.Report
	// Epics says whether the project's group has epics, nil if that was not looked up.
	Epics *bool
	// Reactions are those of people to the issue and to the bot's note, nil if they were not looked up.
	Reactions *[]triage.GivenReaction
	// RefusedLabels are labels that GitLab did not accept. A command that wants one is refused.
	RefusedLabels map[string]bool
	// LimitReached are the policies that have begun to act on as many issues as they may in an hour, and when they may again.
	LimitReached map[string]time.Time
}

// Needs are what has to be looked up before an issue can be decided: put it into the case and decide again.
type Needs struct {
	Facts        triage.Need    // to be loaded into the memory's context, on top of Known
	Known        triage.Context // the part of the context that is known and still holds
	FindIssues   []string       // as people wrote them, for Facts.FoundIssues
	PastFindings []string       // rules, for Facts.PastFindings
	LookUp       triage.Lookup  // Facts.Report, Facts.Epics, Facts.Reactions

	Memberships []triage.Membership // those that triage.NeedMemberships in Facts is about, each once
}

// Empty reports whether the decision stands.
func (n Needs) Empty() bool {
	return n.Facts == 0 && len(n.FindIssues) == 0 && len(n.PastFindings) == 0 && n.LookUp == 0
}
