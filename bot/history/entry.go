package history

import (
	"slices"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Outcome is what came of a decision, in a word.
type Outcome string

// The outcomes, the first that fits.
const (
	Failed    Outcome = "failed"     // it was not carried out to its end
	Changed   Outcome = "changed"    // something was written to GitLab
	LeftAlone Outcome = "left alone" // the issue is not the team's
	Shadowed  Outcome = "shadow"     // rules in shadow would have done something
	Nothing   Outcome = "unchanged"
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{Changed, Shadowed, Nothing, LeftAlone, Failed} }

// Entry is what is shown of a kept decision in lists.
type Entry struct {
	Issue        triage.Ref
	At           time.Time
	Path         string // of the project, "" if it is not known
	Confidential bool
	Outcome      Outcome
	Events       []string
	Done         []string
	Reason       string // why the issue was left alone
	Error        string
	Findings     []Finding // of the rules that had something to say
}

// Finding is what one rule said.
type Finding struct {
	Rule   string
	Wanted bool // something that was not so, or would have in shadow
	Undone bool // it is suspended here, because a person undid what it did
}

// Has reports whether a rule had something to say.
func (e Entry) Has(rule string) bool {
	return slices.ContainsFunc(e.Findings, func(f Finding) bool { return f.Rule == rule })
}

// Undone reports whether a person undid what a rule did.
func (e Entry) Undone() bool {
	return slices.ContainsFunc(e.Findings, func(f Finding) bool { return f.Undone })
}

// newEntry reads a kept decision. One that cannot be read, as of another release, is shown as failed with the reason.
func newEntry(kept inbox.Record) Entry {
	e := Entry{Issue: kept.Issue, At: kept.At}
	d, err := record.DecodeDecision(kept.Body)
	if err != nil {
		e.Outcome, e.Error = Failed, err.Error()
		return e
	}
	e.Path, e.Confidential, e.Events, e.Done, e.Reason, e.Error = d.Path, d.Confidential, d.Events, d.Done, d.Reason, d.Error
	e.Outcome = OutcomeOf(d)
	for _, f := range d.Findings {
		said := Finding{Rule: f.Rule, Wanted: len(f.Wants)+len(f.Would) > 0 || f.Notable, Undone: f.Overridden}
		if said.Wanted || said.Undone {
			e.Findings = append(e.Findings, said)
		}
	}
	return e
}

// OutcomeOf is what came of a decision.
func OutcomeOf(d record.Decision) Outcome {
	switch {
	case d.Error != "":
		return Failed
	case len(d.Done) > 0:
		return Changed
	case !d.InScope:
		return LeftAlone
	case slices.ContainsFunc(d.Findings, func(f engine.Finding) bool { return len(f.Would) > 0 }):
		return Shadowed
	}
	return Nothing
}
