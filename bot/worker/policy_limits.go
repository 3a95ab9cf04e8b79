package worker

import (
	"context"
	"fmt"
	"time"

	"flowkeeper/bot/coordination"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// limitWindow is the time in which the issues are counted on which a policy begins to act.
const limitWindow = time.Hour

// limitPolicies counts that policies begin to act on this issue, over all replicas. It reports whether one of them has done so on as many issues
// as it may, so that all has to be decided again without it.
func (j *job) limitPolicies(ctx context.Context, d engine.Decision) (again bool, err error) {
	for _, rule := range d.Begins {
		limit := j.perHour(rule)
		if _, reached := j.in.Facts.LimitReached[rule]; reached || limit <= 0 {
			continue
		}
		until, err := j.beginPolicy(ctx, rule, d.Memory.Spells[rule], limit)
		if err != nil {
			return false, err
		}
		if until.IsZero() {
			continue
		}
		if j.in.Facts.LimitReached == nil {
			j.in.Facts.LimitReached = map[string]time.Time{}
		}
		j.in.Facts.LimitReached[rule], again = until, true
	}
	return again, nil
}

// beginPolicy counts one issue of a policy. A repeated attempt counts once. It returns when the next one is allowed; zero if this one is.
func (j *job) beginPolicy(ctx context.Context, rule string, spell triage.Spell, limit int) (until time.Time, err error) {
	use := coordination.Use{
		Who: rule, ID: fmt.Sprintf("%s/%d", j.batch.Issue, spell.Number), Limit: min(limit, coordination.MaxUses), Window: limitWindow,
	}
	permit, err := j.pool.o.Coordination.RateLimit(ctx, use)
	if err == nil && !permit.Allowed && permit.Again == 0 {
		// It was refused before, and its turn has come. The answer to a use is kept, so this is another one.
		use.ID += "/" + j.now().Truncate(limitWindow).UTC().Format(time.RFC3339)
		permit, err = j.pool.o.Coordination.RateLimit(ctx, use)
	}
	if err != nil || permit.Allowed {
		return time.Time{}, err
	}
	return j.now().Add(max(permit.Again, time.Second)), nil
}

// perHour is on how many issues a rule may begin to act in an hour, 0 for no bound.
func (j *job) perHour(rule string) int {
	for n := range j.rules.policy.Settings {
		if s := &j.rules.policy.Settings[n]; s.ID == rule {
			return s.PerHour
		}
	}
	return 0
}
