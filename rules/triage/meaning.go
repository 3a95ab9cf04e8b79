package triage

import (
	"slices"
	"strings"
)

// Meaning is what a workflow state means to the rules, whatever a team calls it. Several states of a team may have one meaning, and a state may
// have none. If no state has a meaning, what depends on it is switched off.
type Meaning uint8

// The meanings. Those from Intake to Done follow each other as an issue's work does; Blocked and Dropped stand beside the path.
const (
	NoMeaning Meaning = iota // the team's own matter: the rules see that an issue is there, and nothing else

	Intake          // an issue is new and nobody has looked at it; every issue begins here, and triage comes by anyway
	DesignReady     // the problem is understood, and design work waits to begin
	Design          // a designer works on a solution
	Breakdown       // the solution is viable; the issue is estimated and split up where it is too large
	Refinement      // engineers find out what is missing until they can give the issue its weight
	Review          // product, design and engineering look at the weighted issue: can configuration be avoided?
	Ready           // weighted, typed and agreed on: somebody may begin when it is scheduled
	Development     // an engineer, its assignee, works on it
	CodeReview      // all that is to be merged for it is in review
	Verification    // merged and deployed, to be seen working there
	SecurityRelease // a fix that waits for the next security release; issues that are not about security pass this state by
	Done            // merged and verified; a closed issue belongs here

	Blocked // it cannot go on until something else is done, and returns to where it was
	Dropped // it will not be done

	meanings // their number
)

var meaningNames = [meanings]string{
	"", "intake", "design_ready", "design", "breakdown", "refinement", "review", "ready", "development", "code_review", "verification",
	"security_release", "done", "blocked", "dropped",
}

// Meanings lists those that a state may have, in their order.
func Meanings() []Meaning {
	all := make([]Meaning, 0, meanings-1)
	for m := Intake; m < meanings; m++ {
		all = append(all, m)
	}
	return all
}

// String is the meaning's name in configuration files, "" for none and for what is no meaning.
func (m Meaning) String() string {
	if m >= meanings {
		return ""
	}
	return meaningNames[m]
}

// onPath reports whether states of the meaning stand on the path of a workflow, not beside it.
func (m Meaning) onPath() bool { return m != Blocked && m != Dropped }

// Requirement is something that an issue has before it goes into a state, by its name in configuration files.
type Requirement string

// The requirements, beside those of labels.
const (
	RequireWeight    Requirement = "weight"    // an estimate with which it can be scheduled: "Issue refinement"
	RequireType      Requirement = "type"      // a type label: "Issue Selection"
	RequireAgreement Requirement = "agreement" // of a feature, the agreement of the review: "Convention over configuration"
	RequireAssignee  Requirement = "assignee"  // somebody who works on it: "Workflow labels"
	RequireMilestone Requirement = "milestone" // that it is planned for
)

// labelRequirement begins the requirement of a label: "label:security reviewed".
const labelRequirement = "label:"

// Requirements lists those that are no labels.
func Requirements() []Requirement {
	return []Requirement{RequireWeight, RequireType, RequireAgreement, RequireAssignee, RequireMilestone}
}

// Label is the label that is required, "" if the requirement is another.
func (r Requirement) Label() string {
	label, ok := strings.CutPrefix(string(r), labelRequirement)
	if !ok {
		return ""
	}
	return label
}

// Valid reports whether there is such a requirement.
func (r Requirement) Valid() bool { return r.Label() != "" || slices.Contains(Requirements(), r) }

// requirementNames are all requirements in a sentence.
func requirementNames() string {
	var names []string
	for _, r := range Requirements() {
		names = append(names, string(r))
	}
	return strings.Join(append(names, labelRequirement+"<name>"), ", ")
}
