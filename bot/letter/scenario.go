package letter

import (
	"errors"
	"fmt"
	"slices"

	"flowkeeper/bot/redact"
	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Saved is a letter as a scenario. Notes are what somebody who keeps or plays it has to know, each a sentence without full stop.
type Saved struct {
	File  []byte // a txtar archive for bot/scenario
	Notes []string
}

// ErrNoState says that a letter cannot become a scenario, because no delivery shows the issue.
var ErrNoState = errors.New("no delivery of the letter shows the issue's state")

// ErrNoIssue says that a letter cannot become a scenario, because it is of a merge request.
var ErrNoIssue = errors.New("scenarios are about issues, and the letter is of a merge request")

// Save writes a letter as a scenario, with the decisions that the policy makes of it. People get other names; the title, the project and
// the words in comments are left out; labels stay as they are. What people did before is known only from the decision at
// the time: rules that were suspended then are suspended in the scenario.
func Save(l Letter, p engine.Policy) (Saved, error) {
	events := l.events()
	after := latestState(events)
	if after == nil {
		return Saved{}, ErrNoState
	}
	if after.Kind != triage.SubjectIssue {
		return Saved{}, ErrNoIssue
	}
	who := redact.NewPeople(named(events), p.Team.Roster)
	w := scenarioWriter{people: who, redactor: redact.NewComments(p, who, labels(events)), after: *after}
	file := scenario.File{About: header(l), Team: redact.Team(p.Team, who), Issue: redact.Issue(stateBefore(*after, events), events[0].At, who), Memory: suspendedRules(l, p)}
	for _, e := range events {
		file.Steps = append(file.Steps, scenario.Step{Event: w.event(e)})
	}
	if l.Woken { // the wake-up comes last
		file.Steps = append(file.Steps, scenario.Step{Event: scenario.Event{Kind: scenario.KindName(triage.Woken)}})
	}
	file.Around = w.around()
	data := file.Encode()
	played, err := scenario.Parse(data, p.Team.TeamConfig)
	if err != nil {
		return Saved{}, fmt.Errorf("reading the scenario of %s: %w", l.Issue(), err)
	}
	decisions, err := played.Play(p)
	if err != nil {
		return Saved{}, fmt.Errorf("playing the scenario of %s: %w", l.Issue(), err)
	}
	return Saved{File: scenario.InsertDecisions(data, decisions), Notes: w.notes(events, p)}, nil
}

// header is the beginning of the file. It does not quote the cause, which may name a project or a person.
func header(l Letter) string {
	return fmt.Sprintf("A dead letter, saved without names: given up at attempt %d.\n"+
		"Its events were decided together; here they are played one after the other.", l.Attempts)
}

// named are the people of the letter, in the order in which the scenario speaks of them.
func named(events []mailEvent) []triage.Person {
	var all []triage.Person
	for _, e := range events {
		all = append(all, e.issue.Author, e.Actor)
		all = append(all, e.issue.Assignees...)
	}
	return all
}

// labels are all labels that the letter speaks of.
func labels(events []mailEvent) []string {
	var all []string
	for _, e := range events {
		all = slices.Concat(all, e.issue.Labels, e.Changes.Added, e.Changes.Removed)
	}
	return all
}

// stateBefore is the issue before the events, as far as they say what they changed. It is computed backwards from the last state known, which
// the decision was about.
func stateBefore(i triage.Issue, events []mailEvent) triage.Issue {
	for _, e := range slices.Backward(events) {
		c := e.Changes
		i.Labels = slices.DeleteFunc(slices.Clone(i.Labels), func(l string) bool { return slices.Contains(c.Added, l) })
		for _, l := range c.Removed {
			if !i.Has(l) {
				i.Labels = append(i.Labels, l)
			}
		}
		if c.Weight != nil {
			i.Weight = c.Weight.From
		}
		if c.Status != nil {
			i.StatusName = c.Status.From
		}
		switch {
		case e.Kind&triage.Closed != 0:
			i.Closed = false
		case e.Kind&triage.Reopened != 0:
			i.Closed = true
		}
		if e.Kind&triage.AssigneesChanged != 0 {
			i.Assignees = nil
		}
		if e.Kind&triage.MilestoneChanged != 0 {
			i.Milestone = opposite(i.Milestone)
		}
	}
	return i
}

func opposite(milestone int64) int64 {
	if milestone == 0 {
		return 1
	}
	return 0
}

// suspendedRules is a memory with the rules that were suspended when the letter was written, nil if none were. Only rules of the policy are named.
func suspendedRules(l Letter, p engine.Policy) *scenario.Memory {
	rest := map[string]string{}
	for _, f := range l.decision().Findings {
		known := slices.ContainsFunc(p.Settings, func(s engine.Setting) bool { return s.ID == f.Rule })
		if f.Overridden && known {
			rest[f.Rule] = "what the rule had done"
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return &scenario.Memory{Suspended: rest}
}
