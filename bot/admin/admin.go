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
	"go.uber.org/zap"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/history"
)

// Check is one thing that must be so for the bot to be ready. A nil error is good.
type Check struct {
	Name  string
	Check func(context.Context) error
}

// checkTimeout bounds one check, so that a load balancer gets its answer.
const checkTimeout = 2 * time.Second

// Options are what the admin address shows and does. Store is needed; what is nil or empty beside it is not there.
type Options struct {
	Checks   []Check
	Metrics  prometheus.Gatherer
	Store    Store
	Backlog  Backlog
	Reports  func() Reports
	Activity Activity       // of the last day
	History  *history.Index // of Store
	Bot      Bot
	Hosts    []string // names by which it may be asked
	Token    string   // whoever shows it may read and change; "" lets everybody read, and scripts change
	Log      *zap.Logger
}

// The paths that nobody has to sign in for.
const (
	alivePath   = "/healthz"
	readyPath   = "/readyz"
	metricsPath = "/metrics"
)

// New makes the handler of the admin address: the probes GET /healthz and /readyz, GET /metrics, and what is told and done about decisions,
// rules, dead letters, reports, shadow and backlogs, as pages for browsers and as JSON for all others. /readyz answers 200 or 503 and names every
// check with its outcome. All but the first two, and the outcomes, are only for who asks by IP address, for localhost or by one of the hosts; all
// but these three are, if there is a token, only for who shows it.
func New(o Options) http.Handler {
	e := echo.New()
	s := newSite(o)
	e.HTTPErrorHandler = s.answerError
	e.Use(onlyPrivate(o.Hosts, o.Token != "", alivePath, readyPath))
	if s.guard != nil {
		e.Use(s.onlySignedIn)
		s.registerSignIn(e)
	}
	s.registerOverview(e)
	s.registerDecisions(e)
	s.registerRules(e)
	s.registerDead(e)
	registerShadow(e, o.Store)
	s.registerReports(e)
	s.registerReference(e)
	registerAdopt(e, o.Backlog)
	e.GET(page.StylePath, func(c echo.Context) error {
		page.ServeStyle(c.Response(), c.Request())
		return nil
	})
	e.GET(alivePath, func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
	})
	e.GET(readyPath, func(c echo.Context) error {
		status, body := ready(c.Request().Context(), o.Checks)
		if !isLocalHost(c.Request().Host, o.Hosts) {
			body.Checks = nil
		}
		return c.JSON(status, body)
	})
	e.GET(metricsPath, echo.WrapHandler(promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{})))
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
