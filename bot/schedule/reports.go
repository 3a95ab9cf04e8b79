package schedule

import (
	"context"
	"time"
)

// Reports is what the team gets by date, see package report.
type Reports interface {
	// RunDue does what is due. An error says that it could not look; it is called again soon.
	RunDue(ctx context.Context) error
}

// everyReport is how often it is looked at which reports are due.
const everyReport = time.Minute
