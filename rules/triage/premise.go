package triage

// Premise is what a team has to have for a rule or a command to be of use. Premises combine.
type Premise uint8

// The premises.
const (
	UsesWeights Premise = 1 << iota
	UsesSides           // weights of the backend and of the frontend
	UsesSeverities
	UsesPriorities
	UsesLevels // severities or priorities, whichever the team has
)

// Lacks says which of the premises a team does not meet, as a finished sentence without capital and full stop; "" if it meets all.
func (t *Team) Lacks(p Premise) string {
	switch {
	case p == 0:
		return ""
	case p&(UsesWeights|UsesSides) != 0 && t.Scale.Off():
		return WithoutWeights
	case p&UsesSides != 0 && !t.Scale.HasSides():
		return "the team's issues have one weight, not one for each side"
	case p&UsesLevels != 0 && t.Severity.Off() && t.Priority.Off():
		return "the team works without severities and priorities"
	case p&UsesSeverities != 0 && t.Severity.Off():
		return "the team works without severities"
	case p&UsesPriorities != 0 && t.Priority.Off():
		return "the team works without priorities"
	}
	return ""
}

// idle says why what is about these premises and states has nothing to do in the team, "" if it has.
func (t *Team) idle(uses Premise, states [][]Meaning) string {
	if why := t.Lacks(uses); why != "" {
		return why
	}
	return t.Workflow.without(states)
}
