package gather

import (
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Options is what is configured of what snapshots hold.
type Options struct {
	Team     *triage.Team
	Group    string   // whose issues they are about, a full path or an id; "": those of Projects
	Projects []string // full paths or ids
	Home     string   // the project where reports are opened, a full path or an id; "": nowhere

	Calendar planning.Options // without the milestones, which GitLab tells
	Location *time.Location   // the team's time zone, which tells what day it is; nil is UTC
	Document planning.ReportOptions
}
