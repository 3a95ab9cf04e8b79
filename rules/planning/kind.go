package planning

// Kind is a report: a document that the team has by date.
type Kind string

// The kinds of reports.
const (
	KindTriage        Kind = "triage"
	KindPlanning      Kind = "planning"
	KindNeedsWeight   Kind = "needs-weight"
	KindCapacity      Kind = "capacity"
	KindBuild         Kind = "build"
	KindKickoff       Kind = "kickoff"
	KindSLO           Kind = "slo"
	KindRetrospective Kind = "retrospective"
)

// Kinds lists all reports in the order of the reference.
func Kinds() []Kind {
	return []Kind{KindTriage, KindPlanning, KindNeedsWeight, KindCapacity, KindBuild, KindKickoff, KindSLO, KindRetrospective}
}

// Place is where a report stands.
type Place string

// The places of reports.
const (
	OwnIssue        Place = "issue"   // a block on an issue of its own
	PlanningBlock   Place = "block"   // a block on the milestone's planning issue
	PlanningComment Place = "comment" // a comment on the milestone's planning issue
	OnlyPrinted     Place = ""        // never in GitLab
)

// Place is where the report stands.
func (k Kind) Place() Place {
	switch k {
	case KindCapacity:
		return PlanningBlock
	case KindKickoff:
		return PlanningComment
	case KindSLO:
		return OnlyPrinted
	default:
		return OwnIssue
	}
}

// IsOfMilestone reports whether the report is about one milestone, whose title is its key. The key of the others is their date.
func (k Kind) IsOfMilestone() bool { return k != KindTriage && k != KindSLO }
