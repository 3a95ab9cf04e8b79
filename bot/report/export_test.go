package report

import (
	"context"
	"time"

	"flowkeeper/rules/planning"
)

// PostOnce posts without trying again.
func (p *Publisher) PostOnce(ctx context.Context, k planning.Kind, milestone planning.Version, now time.Time) (Outcome, error) {
	return p.post(ctx, k, milestone, now)
}
