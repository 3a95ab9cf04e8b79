// Package admin is the operator's window: is the process alive, is it ready for traffic, what does it measure. It listens on an address
// of its own, which is not meant for the public.
package admin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that must be so for the bot to be ready. A nil error is good.
type Check struct {
	Name  string
	Check func(context.Context) error
}

// checkTimeout bounds one check, so that a load balancer gets its answer.
const checkTimeout = 2 * time.Second

// New makes the handler of GET /healthz, /readyz, /metrics, /decisions, /shadow, /reports and /dead, and of POST /adopt. /readyz answers 200 or 503 and
// names every check with its outcome. All but the first two, and the outcomes, are only for who asks by IP address, for localhost or by one of
// the hosts.
func New(checks []Check, metrics prometheus.Gatherer, kept Store, backlog Backlog, reports func() Reports, hosts ...string) http.Handler {
	const alive, able = "/healthz", "/readyz"
	e := echo.New()
	e.Use(onlyPrivate(hosts, alive, able))
	registerDecisions(e, kept)
	registerDead(e, kept)
	registerShadow(e, kept)
	registerReports(e, reports)
	registerAdopt(e, backlog)
	e.GET(alive, func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
	})
	e.GET(able, func(c echo.Context) error {
		status, body := ready(c.Request().Context(), checks)
		if !isLocalHost(c.Request().Host, hosts) {
			body.Checks = nil
		}
		return c.JSON(status, body)
	})
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})))
	return e
}

// Degraded is the failure of a check that the bot gets along with: deliveries are still taken, so it stays in service.
type Degraded struct{ Err error }

func (d Degraded) Error() string { return d.Err.Error() }

// Unwrap gives the cause.
func (d Degraded) Unwrap() error { return d.Err }

// Remark is what the operator should know of a check that is good.
type Remark struct{ Text string }

func (r Remark) Error() string { return r.Text }

type readiness struct {
	Status string            `json:"status"`           // ready, degraded or not ready
	Checks map[string]string `json:"checks,omitempty"` // name → ok, or what is wrong
}

func ready(ctx context.Context, checks []Check) (int, readiness) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	outcomes := make([]error, len(checks))
	var wait sync.WaitGroup
	for i, c := range checks {
		wait.Go(func() { outcomes[i] = c.Check(ctx) })
	}
	wait.Wait()
	status, r := http.StatusOK, readiness{Status: "ready", Checks: map[string]string{}}
	for i, c := range checks {
		r.Checks[c.Name] = "ok"
		err := outcomes[i]
		if remark, ok := errors.AsType[Remark](err); ok {
			r.Checks[c.Name] = "ok: " + remark.Text
			continue
		}
		if degraded, ok := errors.AsType[Degraded](err); ok {
			r.Checks[c.Name] = "degraded: " + degraded.Error()
			if status == http.StatusOK {
				r.Status = "degraded"
			}
			continue
		}
		if err != nil {
			status, r.Status, r.Checks[c.Name] = http.StatusServiceUnavailable, "not ready", err.Error()
		}
	}
	return status, r
}

// Cached keeps a check's success for a while, so that whoever asks for readiness every second does not ask GitLab every second. A
// failure is kept for a second, so that readiness follows soon. Who asks may hang up without spoiling the answer for the others.
func Cached(c Check, keep time.Duration, now func() time.Time) Check {
	var mu sync.Mutex
	var until time.Time
	var outcome error
	return Check{c.Name, func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if now().Before(until) {
			return outcome
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		outcome = c.Check(ctx)
		until = now().Add(keep)
		if outcome != nil {
			until = now().Add(keepFailure)
		}
		return outcome
	}}
}

const keepFailure = time.Second
