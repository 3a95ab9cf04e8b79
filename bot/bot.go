// Package bot puts the parts together: the receiver in front of the inbox, the workers behind it, the operator's window beside them. It
// is the program without its command line, so that tests and the demo run the very same thing.
package bot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"flowkeeper/bot/access"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/gate"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/tracing"
	"flowkeeper/bot/webhook"
)

// App is the running bot.
type App struct {
	o            Options
	inbox        inbox.Inbox
	spool        *spool.Spool // nil without Redis
	coordination *coordination.Coordinator
	gitlab       *gitlab.Client
	mailer       *mail.Mailer
	reports      atomic.Pointer[reports] // nil until GitLab has told who the bot is
	intake       *intake
	registry     *prometheus.Registry
	traces       *tracing.Tracer // nil if there are none
	cleanups     []cleanup       // to be undone by Stop, last first
	ready        chan struct{}
	failed       chan error
	draining     atomic.Bool
	watching     atomic.Pointer[string] // Options.Watching of now
	missing      atomic.Pointer[string] // what the token may not do; nil until that is known
	another      atomic.Pointer[string] // says that the bot was another user before this start
	access       *access.Watch
	lacking      atomic.Pointer[string] // what keeps the workflow from statuses; nil until that is known
	lackingCount prometheus.Gauge
	statuses     *access.Watch
	stop         func() error

	reloadable  reloadable
	shown       atomic.Pointer[inForce] // what pages tell of the configuration, without waiting for a reload
	certificate *certificate            // nil without TLS

	webhooks net.Listener
	admin    net.Listener
}

// cleanup is something started that Stop has to end.
type cleanup struct {
	name string
	end  func(context.Context) error
}

// goCollector tells of the Go runtime, which all bots of a program share. What it tells is chosen by regular expressions among a hundred metrics.
var goCollector = sync.OnceValue(func() prometheus.Collector { return collectors.NewGoCollector() })

// New opens everything that can fail: the store, both addresses, the client. What was opened before a failure is closed again. It sends
// nothing to GitLab and takes no deliveries yet.
func New(ctx context.Context, o Options) (app *App, err error) {
	a := &App{o: o, registry: prometheus.NewRegistry(), ready: make(chan struct{}), failed: make(chan error, 1)}
	a.access = access.NewWatch(a.checkAccess, a.logAccess)
	a.statuses, a.lackingCount = access.NewWatch(a.checkStatuses, a.logStatuses).Always(), newStatusGauge()
	a.stop = sync.OnceValue(a.teardown)
	a.registry.MustRegister(a.lackingCount, goCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop())
		}
	}()
	if a.traces, err = openTraces(ctx, o); err != nil {
		return nil, err
	}
	a.onStop("traces", a.closeTraces) // last of all, so that it sends what the others still do
	if a.admin, err = a.listen(o.Admin.Listen, "admin"); err != nil {
		return nil, err
	}
	if a.inbox, a.coordination, err = openStores(ctx, o); err != nil {
		return nil, err
	}
	a.onStop("inbox", func(context.Context) error { return a.inbox.Close() })
	if a.spool, err = openSpool(o, a.inbox, a.registry); err != nil {
		return nil, err
	}
	if a.gitlab, err = openGitLab(o, a.coordination, a.registry); err != nil {
		return nil, err
	}
	if a.mailer, err = openMail(o, a.coordination, a.registry); err != nil {
		return nil, err
	}
	if a.certificate, err = openCertificate(o); err != nil {
		return nil, err
	}
	if a.webhooks, err = a.listen(o.Server.Listen, "webhook"); err != nil {
		return nil, err
	}
	return a, nil
}

// openGitLab makes a client that keeps to the budget, which all processes on one store share.
func openGitLab(o Options, store budget.Store, registry prometheus.Registerer) (*gitlab.Client, error) {
	b, g := o.Budget, o.GitLab
	b.Store, b.Log, b.Registry = store, o.Log, registry
	limit, err := budget.New(b)
	if err != nil {
		return nil, err
	}
	g.Version, g.Limit, g.Log, g.Registry = o.Version, limit, o.Log, registry
	return gitlab.New(g)
}

// openMail makes what sends kickoffs by mail. All processes on one store know what was sent.
func openMail(o Options, store mail.Checkpoints, registry prometheus.Registerer) (*mail.Mailer, error) {
	m := o.Reports.mail()
	m.Log, m.Registry = o.Log, registry
	mailer, err := mail.New(m, store)
	if err != nil {
		return nil, fmt.Errorf("preparing mail: %w", err)
	}
	return mailer, nil
}

// listen opens an address, so that one already taken is an error at the start.
func (a *App) listen(address, name string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for %s requests: %w", name, err)
	}
	a.onStop(name+" address", func(context.Context) error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}

func (a *App) onStop(name string, end func(context.Context) error) {
	a.cleanups = append(a.cleanups, cleanup{name, end})
}

// Start accepts deliveries from now on and handles them as soon as GitLab has said who the bot is. It returns at once; see Ready and Failed.
func (a *App) Start() error {
	a.intake = &intake{inbox: a.deliveryQueue()}
	a.intake.setConfig(a.o.Policy)
	w := a.o.Webhook
	w.Receiver, w.Trusted, w.Traces, w.Log, w.Registry = a.intake, gate.MarkTrusted, a.traces, a.o.Log, a.registry
	receiver, err := webhook.New(w)
	if err != nil {
		return err
	}
	a.reloadable.receiver, a.reloadable.token, a.reloadable.policy, a.reloadable.reports = receiver, a.o.GitLab.Token, a.o.Policy, a.o.Reports
	a.shown.Store(&inForce{a.o.Policy, a.o.Admin.Config})
	a.logShadowReason(a.o.Watching)
	a.registry.MustRegister(inboxCollector{a.inbox})
	a.serve("admin server", a.admin, &http.Server{Handler: admin.New(a.adminOptions(a.startPages()))})
	claimNoMore := a.startWorkers()
	e := echo.New()
	e.HideBanner = true
	receiver.Register(e)
	a.serve("webhook server", a.limitConnections(a.webhooks), &http.Server{Handler: e, ConnContext: gate.Context, ConnState: gate.State})
	a.onStop("readiness", func(context.Context) error {
		a.draining.Store(true)
		claimNoMore()
		return nil
	})
	return nil
}

// Limits against slow and greedy clients. GitLab sends its 25 MB within ten seconds or not at all.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 45 * time.Second // from the end of the header: a client that reads no answer would keep its connection for ever
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// serve runs an HTTP server until Stop, which lets requests under way finish; a slow client may use up a quarter of the drain time.
func (a *App) serve(name string, l net.Listener, s *http.Server) {
	s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = headerTimeout, readTimeout, writeTimeout, idleTimeout
	s.MaxHeaderBytes, s.ErrorLog = maxHeader, zap.NewStdLog(a.o.Log)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.reportFailure(fmt.Errorf("running the %s: %w", name, err))
		}
	}()
	a.onStop(name, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, a.o.Drain/4)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			a.o.Log.Warn("clients that are still sending are cut off", zap.String("server", name))
			_ = s.Close()
		}
		<-ended
		return nil
	})
}

// Ready is closed when GitLab has answered and issues are being handled.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Failed yields the error after which the app cannot go on, at most one.
func (a *App) Failed() <-chan error { return a.failed }

func (a *App) reportFailure(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

// URL is where webhooks are received; AdminURL where the operator looks.
func (a *App) URL() string {
	scheme := "http"
	if a.certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + a.webhooks.Addr().String() + webhook.Path
}

// AdminURL is the base of the operator's pages.
func (a *App) AdminURL() string { return "http://" + a.admin.Addr().String() }

// Coordination is what the processes of the bot agree on, for whoever looks at it.
func (a *App) Coordination() *coordination.Coordinator { return a.coordination }

// Inbox is the store, for commands that look at it.
func (a *App) Inbox() inbox.Inbox { return a.inbox }

// Stop takes no more deliveries, finishes or gives back the issues in hand within the drain time and closes everything, in that
// order. All steps are taken even if one fails. A second call returns the same.
func (a *App) Stop() error { return a.stop() }

// teardownMargin is what closing may take beyond the drain time.
const teardownMargin = 5 * time.Second

func (a *App) teardown() error {
	ctx, cancel := context.WithTimeout(context.Background(), a.o.Drain+teardownMargin)
	defer cancel()
	var all []error
	for _, s := range slices.Backward(a.cleanups) {
		if err := s.end(ctx); err != nil {
			all = append(all, fmt.Errorf("stopping the %s: %w", s.name, err))
		}
	}
	return errors.Join(all...)
}
