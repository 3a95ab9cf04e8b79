package bot

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/access"
	"flowkeeper/bot/admin"
)

// newStatusGauge counts what keeps the team from keeping its workflow in statuses.
func newStatusGauge() prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "flowkeeper_statuses_missing", Help: "Groups without a licence for statuses of issues, and statuses of the workflow that a group does not have.",
	})
}

// checkStatuses finds out where the team cannot keep its workflow in statuses; nothing is asked if it does not want to.
func (a *App) checkStatuses(ctx context.Context) ([]string, error) {
	a.reloadable.mu.Lock()
	team := a.reloadable.policy.Team
	a.reloadable.mu.Unlock()
	if !team.KeepsStatus() {
		return nil, nil
	}
	projects, err := a.knownProjects(ctx)
	if err != nil {
		return nil, a.logUnchecked(err)
	}
	missing, err := access.MissingStatuses(ctx, a.gitlab, projects, team)
	return missing, a.logUnchecked(err)
}

// logStatuses says where the workflow cannot be kept in statuses, or that nothing is in the way any more.
func (a *App) logStatuses(missing []string) {
	said := fewOf(missing)
	a.lacking.Store(&said)
	a.lackingCount.Set(float64(len(missing)))
	for _, text := range missing {
		a.o.Log.Warn("the workflow cannot be kept in statuses: " + text)
	}
	if len(missing) == 0 {
		a.o.Log.Info("nothing keeps the workflow from statuses any more")
	}
}

// MissingStatuses says where the workflow cannot be kept in statuses, as far as that is known; "" if it can, or is not to be.
func (a *App) MissingStatuses() string {
	if lacking := a.lacking.Load(); lacking != nil {
		return *lacking
	}
	return ""
}

// statusesCheck is what /readyz says of that: it is no reason to take no deliveries.
func (a *App) statusesCheck() admin.Check {
	return admin.Check{Name: "statuses", Check: func(context.Context) error {
		if missing := a.MissingStatuses(); missing != "" {
			return admin.Degraded{Err: errors.New(missing)}
		}
		return nil
	}}
}
