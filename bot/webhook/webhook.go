// Package webhook takes GitLab's deliveries: it checks that they are authentic, reads what they say and hands the few that matter to
// a Receiver. It exists so that nothing behind it ever sees GitLab's payloads with their two date formats, missing keys and numbers
// in quotes. It knows neither the store behind the Receiver nor GitLab's API.
//
// GitLab disables a webhook after a few answers that are not 2xx. Everything authentic is therefore answered 202, also what is not
// understood or did not arrive whole; only what is not authentic or cannot be stored is answered otherwise.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"flowkeeper/bot/tracing"
	"flowkeeper/rules/triage"
)

// Path is where the handler listens.
const Path = "/webhooks/gitlab"

// Defaults of Options, and what a body may be at most.
const (
	DefaultMaxBody = 25 << 20 // GitLab sends no more than 25 MB
	DefaultTimeout = 8 * time.Second
	largestMaxBody = 1 << 30
)

// Delivery is what one authentic request says about one issue or merge request.
type Delivery struct {
	// ID is for people and logs: at most 128 printable ASCII characters.
	ID string

	// IdempotencyKey names the delivery: GitLab repeats it when it sends the delivery again. ContentKey names what the delivery says: a second
	// webhook that reports the same change delivers the same one. Both are plain ASCII; an empty one matches nothing.
	IdempotencyKey string
	ContentKey     string

	Event triage.Event

	// Issue is the issue or merge request as the payload shows it, without its description. When the payload shows too little to be relied on (no
	// labels, no date, a value of an unexpected type), only Ref, ID, Path and URL are set: UpdatedAt is zero then, and whoever wants
	// the issue has to read it.
	Issue triage.Issue
}

// Status is what became of a delivery.
type Status string

// The statuses of an Answer.
const (
	Accepted  Status = "accepted"
	Duplicate Status = "duplicate"
	Dropped   Status = "ignored"
)

// Broken is the status of a delivery that did not arrive as GitLab sent it. A Receiver never gives it.
const Broken Status = "broken"

// Answer is what a Receiver makes of a delivery.
type Answer struct {
	Status Status
	Reason string // for people; may be empty

	// Class is the reason as a metric label: one of a few fixed words of the Receiver's own, never text from a delivery.
	Class string
}

// Receiver takes deliveries. When it returns Accepted, the delivery must be safe. An error is answered 503, so that GitLab shows the
// delivery as failed and it can be sent again. Receive must return once ctx is done; a client that hangs up does not end ctx.
type Receiver interface {
	Receive(ctx context.Context, d Delivery) (Answer, error)
}

// Options are what a Handler needs. Receiver is required, and at least one secret or signing token unless AllowUnsigned is set.
type Options struct {
	// Secrets are the accepted values of X-Gitlab-Token; several while one replaces another. SetSecrets changes them and the next.
	Secrets []string
	// SigningTokens are the accepted keys of signed deliveries, as GitLab shows them: "whsec_" and base64.
	SigningTokens []string
	// AllowUnsigned takes every delivery if there is neither a secret nor a signing token. With one of them it has no effect.
	AllowUnsigned bool

	MaxBody int64         // bytes; 0 is DefaultMaxBody
	Held    int64         // bytes of all bodies beyond their first 64 KiB that are held at the same time; 0 is four of the largest
	Timeout time.Duration // for Receive; 0 is DefaultTimeout, which leaves room within the ten seconds GitLab waits
	Now     func() time.Time

	Receiver Receiver
	// Trusted is told the context of each authentic request, before anything is done about it; may be nil.
	Trusted  func(context.Context)
	Traces   *tracing.Tracer       // nil traces nothing
	Log      *zap.Logger           // nil logs nothing
	Registry prometheus.Registerer // nil exports no metrics
}

// Handler is the receiving end of GitLab's webhooks. It may serve any number of requests at the same time.
//
// How long a client may take to send its request is the server's matter (http.Server.ReadTimeout).
type Handler struct {
	auth     atomic.Pointer[authenticator]
	unsigned bool
	maxBody  int64
	held     int64
	room     *semaphore.Weighted // of held bytes
	timeout  time.Duration
	now      func() time.Time
	receiver Receiver
	trusted  func(context.Context)
	traces   *tracing.Tracer
	log      *zap.Logger
	stray    *zap.Logger // for requests that are no deliveries; writes seldom
	metrics  metrics
}

// New checks the options, all at once, and makes a Handler. Its errors name a secret or token by its position, never by its content.
func New(o Options) (*Handler, error) {
	auth, err := newAuthenticator(o.Secrets, o.SigningTokens, o.AllowUnsigned)
	if o.Receiver == nil {
		err = errors.Join(err, errors.New("a receiver is missing"))
	}
	if o.MaxBody < 0 || o.MaxBody > largestMaxBody {
		err = errors.Join(err, fmt.Errorf("the largest body is %d bytes; it can be from 1 to %d, or 0 for %d",
			o.MaxBody, largestMaxBody, DefaultMaxBody))
	}
	if o.Held < 0 {
		err = errors.Join(err, fmt.Errorf("the bodies held at the same time are %d bytes; it must be positive, or 0 for four of the largest", o.Held))
	}
	if o.Timeout < 0 {
		err = errors.Join(err, fmt.Errorf("the timeout is %s; it must be positive, or 0 for %s", o.Timeout, DefaultTimeout))
	}
	if err != nil {
		return nil, fmt.Errorf("setting up the webhook receiver: %w", err)
	}
	h := &Handler{
		unsigned: o.AllowUnsigned, maxBody: o.MaxBody, held: o.Held, timeout: o.Timeout, now: o.Now,
		receiver: o.Receiver, trusted: o.Trusted, traces: o.Traces, log: o.Log, metrics: newMetrics(o.Registry),
	}
	if h.maxBody == 0 {
		h.maxBody = DefaultMaxBody
	}
	if h.held == 0 {
		h.held = 4 * h.maxBody
	}
	h.room = semaphore.NewWeighted(h.held)
	if h.timeout == 0 {
		h.timeout = DefaultTimeout
	}
	if h.now == nil {
		h.now = time.Now
	}
	auth.now = h.now
	h.auth.Store(&auth)
	if h.log == nil {
		h.log = zap.NewNop()
	}
	h.stray = rateLimitedLog(h.log)
	if h.trusted == nil {
		h.trusted = func(context.Context) {}
	}
	return h, nil
}

// SetSecrets replaces the accepted secrets and signing tokens for all requests from now on. If one of them cannot be right, or if there is none
// and unsigned deliveries are not allowed, those before stay in force; the error says what is wrong, all at once and without showing any.
func (h *Handler) SetSecrets(secrets, signingTokens []string) error {
	auth, err := h.newAuthenticator(secrets, signingTokens)
	if err == nil {
		h.auth.Store(auth)
	}
	return err
}

// CheckSecrets says what SetSecrets would, and replaces nothing.
func (h *Handler) CheckSecrets(secrets, signingTokens []string) error {
	_, err := h.newAuthenticator(secrets, signingTokens)
	return err
}

// newAuthenticator is one for other secrets.
func (h *Handler) newAuthenticator(secrets, signingTokens []string) (*authenticator, error) {
	auth, err := newAuthenticator(secrets, signingTokens, h.unsigned)
	if err != nil {
		return nil, fmt.Errorf("replacing the secrets of the webhook: %w", err)
	}
	auth.now = h.now
	return &auth, nil
}

// Register adds the handler's routes to the server: its own, and a hint for all others.
func (h *Handler) Register(e *echo.Echo) {
	for _, path := range []string{Path, Path + "/"} {
		e.Any(path, h.answerWrongMethod)
		e.POST(path, h.serve)
	}
	e.RouteNotFound("/*", h.answerWrongPath)
}
