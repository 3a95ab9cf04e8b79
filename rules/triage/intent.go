package triage

import "time"

// Intent is a log entry of what commands, and the rules that ran after them, want and GitLab may not show yet. It is stored before the first
// write. After a crash the intent is carried out; nothing is decided anew, so that no command runs twice.
type Intent struct {
	At      time.Time `json:"at"`         // when it was written
	By      Person    `json:"by"`         // who wrote the first command
	Base    time.Time `json:"b,omitzero"` // updated_at of the issue that Edit was decided on
	Edit    Edit      `json:"e,omitzero"` // still to be written
	Written Edit      `json:"m,omitzero"` // written already
	Opens   *Draft    `json:"o,omitempty"`
	OpensBy int64     `json:"ob,omitempty"` // the comment that asked for Opens
	// Promotes is the comment that asked for an epic in the place, 0 for none.
	Promotes int64        `json:"pr,omitempty"`
	Links    []WantedLink `json:"l,omitempty"`
	// Reports are the changes of reports, in the order of the commands. To make them twice is to make them once. Those written on a report's
	// issue are of that report; others are of the open reports that may list the issue.
	Reports []ReportEdit `json:"rp,omitempty"`
	Answers []Reaction   `json:"a,omitempty"`
}

// Reaction is how one comment is answered.
type Reaction struct {
	Note       int64  `json:"n"`
	Discussion string `json:"d,omitempty"`
	Internal   bool   `json:"i,omitempty"`
	Emoji      string `json:"e,omitempty"` // "" for none
	Reply      *Reply `json:"r,omitempty"`
}

// The reactions to a comment with commands.
const (
	DoneEmoji    = "white_check_mark"
	RefusedEmoji = "x"
)
