// Package engine decides: it runs the rules of a policy on an issue until nothing more is wanted and says what to change, what the
// sticky note should say, what to remember and why. It is pure; the same input always gives the same decision.
package engine

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Policy is what a team has configured, complete and checked.
type Policy struct {
	Team     *triage.Team
	Settings []Setting // one for every rule of the catalogue, in its order, then one for every policy, in the order of the files
	Commands []triage.Command
	Grace    time.Duration // how long what only reminds waits after a person's last touch
	Settle   time.Duration // how long GitLab may take to finish what it tells of
	// TriageDays is how many working days after an issue's opening the items wait that triage sees to anyway; 0 makes them wait like all others.
	TriageDays int
	// Index is NewIndex of Settings. Without it, or with that of other settings, it is made for every decision.
	Index *Index
}

// Setting is one rule as configured.
type Setting struct {
	triage.Rule
	Mode    triage.Mode // at most the rule's MaxMode
	Options triage.Options
}

// Defaults are the settings of rules that nobody configured.
func Defaults(catalogue []triage.Rule) []Setting {
	settings := make([]Setting, len(catalogue))
	for i, r := range catalogue {
		settings[i] = Setting{Rule: r, Mode: r.Mode, Options: r.Defaults()}
	}
	return settings
}

// Kinds is the union of the kinds that the active rules look at, and of those that give an issue what a state of the team's own workflow needs.
func (p Policy) Kinds() triage.Kind {
	var on triage.Kind
	if p.Team != nil && !p.Team.Workflow.IsHandbook() {
		for _, s := range p.Team.Workflow.States() {
			if len(s.Needs) > 0 {
				on |= triage.LabelsChanged | triage.WeightChanged | triage.AssigneesChanged | triage.MilestoneChanged
			}
		}
	}
	for _, s := range p.Settings {
		if s.Mode != triage.Off {
			on |= s.On
		}
	}
	return on
}

// isOn reports whether a rule is on.
func (p Policy) isOn(rule string) bool {
	n := p.index(rule)
	return n >= 0 && p.Settings[n].Mode != triage.Off
}

// LooksAtMergeRequests reports whether an active rule that has something to do looks at merge requests, as its subject or beside an issue.
func (p Policy) LooksAtMergeRequests() bool {
	return slices.ContainsFunc(p.Settings, p.looksAtMergeRequests)
}

func (p Policy) looksAtMergeRequests(s Setting) bool {
	return s.Mode != triage.Off && (s.Subject == triage.SubjectMergeRequest || s.On&triage.MergeRequestChanged != 0) && (p.Team == nil || s.Idle(p.Team) == "")
}

// FollowsClosing reports whether an active rule that has something to do looks at which issues merge requests close. Policies do not.
func (p Policy) FollowsClosing() bool {
	return slices.ContainsFunc(p.Settings, func(s Setting) bool { return s.Looks == nil && p.looksAtMergeRequests(s) })
}

// setting is a rule as configured. The rule is one of the policy's.
func (p Policy) setting(rule string) *Setting { return &p.Settings[p.index(rule)] }

// sectionOf is the section of a rule for people to read: of a policy its own, of the handbook's rules the handbook's if the team goes by its workflow
// and has a use for the rule, else "".
func (p Policy) sectionOf(s *Setting) string {
	if s.Looks == nil && (!p.Team.Workflow.IsHandbook() || p.Team.Lacks(s.Uses) != "") {
		return ""
	}
	return s.Section
}

// DecidesMergeRequests reports whether an active rule decides on merge requests themselves.
func (p Policy) DecidesMergeRequests() bool {
	return slices.ContainsFunc(p.Settings, func(s Setting) bool { return s.Mode != triage.Off && s.Subject == triage.SubjectMergeRequest })
}

// HearsMergeRequests reports whether an active rule decides on merge requests when one of the kinds of events tells of them.
func (p Policy) HearsMergeRequests(kinds triage.Kind) bool {
	return slices.ContainsFunc(p.Settings, func(s Setting) bool {
		return s.Mode != triage.Off && s.Subject == triage.SubjectMergeRequest && s.On&kinds != 0
	})
}

// EditsMergeRequests are the rules in mode act that change merge requests, for which GitLab wants a Developer.
func (p Policy) EditsMergeRequests() []string {
	var ids []string
	for _, s := range p.Settings {
		if s.Edits && s.Mode == triage.Act {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// index is the place of a rule in the policy, -1 if it is not there.
func (p Policy) index(rule string) int {
	if p.Index.isOf(p.Settings) && p.Index.policies != nil {
		if n, ok := p.Index.policies.places[rule]; ok {
			return n
		}
		return -1
	}
	return slices.IndexFunc(p.Settings, func(s Setting) bool { return s.ID == rule })
}
