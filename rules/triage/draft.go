package triage

// Draft is an issue to be opened for a command.
type Draft struct {
	Kind         DraftKind `json:"k,omitempty"`
	Title        string    `json:"t"`           // theirs
	Labels       []string  `json:"l,omitempty"` // in full: "type::bug"
	Weight       *int      `json:"w,omitempty"`
	Milestone    string    `json:"m,omitempty"` // a title, "" for none
	Confidential bool      `json:"conf,omitempty"`

	// Text is what the issue says, in paragraphs, and Asks are the roles that are mentioned in front of that. Follow-ups say where they come from.
	Text []Prose `json:"x,omitempty"`
	Asks []Role  `json:"as,omitempty"`
	// Tasks are issues of the same project, by number, in a task list below the text.
	Tasks []int64 `json:"ts,omitempty"`
}

// DraftKind is what a draft is for.
type DraftKind string

// The kinds of drafts.
const (
	DraftSpikeFollowUp DraftKind = "" // what a spike found out
	DraftFollowUp      DraftKind = "follow-up"
	DraftRetrospective DraftKind = "retrospective"
	DraftParent        DraftKind = "parent" // holds issues together where GitLab has no epics
)

// Name is what the issue is called in a sentence.
func (d *Draft) Name() string {
	switch d.Kind {
	case DraftRetrospective:
		return "retrospective"
	case DraftParent:
		return "parent issue"
	default:
		return "follow-up"
	}
}

// IsFollowUp reports whether the issue carries on what another one left over.
func (d *Draft) IsFollowUp() bool { return d.Kind == DraftSpikeFollowUp || d.Kind == DraftFollowUp }
