// Package gitlab is the bot's way to GitLab's REST API: it loads an issue, writes the difference between two states of it, and keeps
// the bot's comments. It exists so that nothing else depends on a client library, and so that every failure arrives as one of four
// classes that a worker can act on. It decides nothing, repeats nothing and remembers nothing.
package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	api "github.com/xanzy/go-gitlab"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// DefaultTimeout is how long one request may take if Options say nothing else.
const DefaultTimeout = 10 * time.Second

// Limiter is waited on before every request and told every answer. Note says whether the request writes a comment, of which GitLab allows
// fewer.
type Limiter interface {
	Wait(ctx context.Context, note bool) error
	Observe(note bool, status int, h http.Header)
}

// unlimited is the limiter that limits nothing.
type unlimited struct{}

func (unlimited) Wait(context.Context, bool) error { return nil }

func (unlimited) Observe(bool, int, http.Header) {}

// Options are what a Client needs. URL and Token are required. The token is left out wherever the options are printed.
type Options struct {
	URL     string // "https://gitlab.com", with the path of a GitLab below one; http and https
	Token   string // project, group or personal access token with the scope api; until SetToken
	Version string // of the bot, for the User-Agent; default "dev"

	HTTP    *http.Client  // its transport is used; default one of our own. Redirects are never followed
	Timeout time.Duration // of one request, its answer included; default DefaultTimeout
	Limit   Limiter       // default none

	Log      *zap.Logger           // default none
	Registry prometheus.Registerer // default none
	Now      func() time.Time      // default time.Now
}

// String names the GitLab that the options point to.
func (o Options) String() string { return "GitLab at " + o.URL }

// GoString implements fmt.GoStringer without the token.
func (o Options) GoString() string { return o.String() }

// MarshalJSON implements json.Marshaler without the token, for loggers that print by reflection.
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// Client talks to one GitLab with one token at a time. Its methods may be called at the same time. All their errors are *Error, unless they say otherwise.
type Client struct {
	base    string
	api     *api.Client
	limit   Limiter
	timeout time.Duration
	metrics metrics
	log     *zap.Logger

	statuses statusCache
	now      func() time.Time

	pages      atomic.Pointer[string] // where people see GitLab; nil until it has told
	admin      atomic.Bool            // the token is an administrator's, as far as GitLab has told
	milestones knownIDs[milestoneKey]
	users      knownIDs[string] // by triage.UsernameKey
	tokens     tokens
}

// New checks the options and prepares a client. It sends nothing.
func New(o Options) (*Client, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()

	lib, err := api.NewClient("", // the token is put into each request, because it may change
		api.WithBaseURL(o.URL),
		api.WithHTTPClient(hardened(o.HTTP)),
		// The library would repeat a POST on a 502, which leaves a second comment.
		api.WithoutRetries(),
		// Without a limiter of ours the library makes one from the first answer's RateLimit-Limit. Ours is waited on elsewhere,
		// outside the request's own timeout.
		api.WithCustomLimiter(rate.NewLimiter(rate.Inf, 0)),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the GitLab client for %s: %w", o.URL, err)
	}
	lib.UserAgent = "flowkeeper/" + o.Version

	c := &Client{
		base:    o.URL,
		api:     lib,
		limit:   o.Limit,
		timeout: o.Timeout,
		metrics: newMetrics(o.Registry),
		log:     o.Log,
		now:     o.Now,
	}
	c.tokens.setCurrent(o.Token)
	return c, nil
}

// String names the GitLab that the client talks to.
func (c *Client) String() string { return "GitLab at " + c.base }

func (c *Client) GoString() string { return c.String() }

// validate reports what is wrong with the options, without ever printing the token.
func (o Options) validate() error {
	u, err := url.Parse(o.URL)
	if err != nil {
		return errors.New("the GitLab URL cannot be read: it should look like https://gitlab.com")
	}
	switch {
	case o.URL == "":
		return errors.New("no GitLab URL is given: it should look like https://gitlab.com")
	case u.User != nil:
		return errors.New("the GitLab URL holds a user name or password: give only the address, and the token separately")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return fmt.Errorf("the GitLab URL %q is not a web address: it should look like https://gitlab.com", o.URL)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the GitLab URL %q has more than an address: leave out everything from the ? or # on", o.URL)
	case o.Timeout < 0:
		return fmt.Errorf("the GitLab timeout %s is negative: it should be something like %s", o.Timeout, DefaultTimeout)
	}
	return CheckToken(o.Token)
}

// withDefaults fills in what the caller left open.
func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: newTransport()}
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Limit == nil {
		o.Limit = unlimited{}
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
