// Package sandbox is a GitLab in memory, with the API and the webhooks: for the demo, for tests, for trying a policy. A page to look at
// is in its package page. It exists so that the bot can be met without a GitLab, and so that tests see what GitLab does and not what the bot hopes
// for: scoped labels that replace each other, weights that are ignored without a licence, hooks for the bot's own changes, quick
// actions that run in the bot's own comments.
//
// It knows nothing of the bot: whatever speaks GitLab's API can use it. Everything lives in memory and ends with the process.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/sandbox/graphql"
)

// Edition is what the instance can do.
type Edition int

// The editions. Premium has weights and scoped labels that exclude each other. Free is the same program without a licence: it takes
// weights and silently drops them, and "::" in a label means nothing. CE has no weight field at all.
const (
	Premium Edition = iota
	Free
	CE
)

// Options say what kind of GitLab to be. Only Token is needed.
type Options struct {
	Token    string  // the bot's API token
	BotUser  string  // the bot's username; default "flowkeeper-bot"
	BotLevel int     // the bot's access level; default Reporter
	Edition  Edition // default Premium

	Version string // of GitLab; default Version

	PlainRequestTimes bool // hooks of merge requests have times in whole seconds

	// AutoDisable stops webhooks that fail again and again, as gitlab.com does and other GitLabs only if told.
	AutoDisable bool

	URL         string            // where the server is reached, for links; default "http://gitlab.example". See SetURL
	RateLimit   int               // requests a minute that the answers name; default gitlab.com's 2000. They are counted, never refused
	PageSize    int               // the most rows of a page, whatever per_page asks for; default 100
	CountLimit  int               // rows up to which a list says how many it has; default GitLab's 10,000
	HookTimeout time.Duration     // how long a receiver may take; default 10 s, as GitLab's
	Transport   http.RoundTripper // sends the webhooks; default: over the network
	Now         func() time.Time  // default time.Now; several goroutines call it
	Log         *zap.Logger       // default: silent
}

// The access levels of GitLab.
const (
	Guest      = 10
	Planner    = 15
	Reporter   = 20
	Developer  = 30
	Maintainer = 40
	Owner      = 50
)

// Bounds of what is kept. The journals forget the oldest entries; the rest refuses more.
const (
	maxIssues     = 10_000
	maxNotes      = 5_000 // of an issue
	maxCalls      = 10_000
	maxDeliveries = 2_000
	maxPending    = 20_000 // deliveries that wait to be sent
	maxChains     = 1_000
	maxNotices    = 10_000
)

// Server is a GitLab in memory. It is an http.Handler: the API is under /api/v4. All methods may be called at the same time.
type Server struct {
	opt     Options
	log     *zap.Logger
	handler http.Handler
	client  *http.Client

	mu       sync.Mutex
	url      string
	lastID   int64
	bot      *user
	users    []*user
	tokens   map[string]*user
	scopes   map[string][]string // by token; one that is not there has the scope api
	expiries map[string]string   // by token, the day from which it is no good, "2026-12-01"
	groups   []*group
	projects []*project
	replica  *replica // nil if reads show the present
	schema   *graphql.Schema

	changed chan struct{} // closed and replaced whenever anything changes
	closed  bool
	done    chan struct{} // closed by Close: ends waiting requests

	calls     []Call
	notices   []Notification
	mails     []Mail
	faults    []*Fault
	heldCalls []string  // requests that wait because of a fault
	window    time.Time // the minute of the rate limits
	observed  int
	spent     map[throttle]int // in this minute

	jobs     []*job
	jobsHeld bool
	working  bool // the worker runs
	ownClock bool // Options.Now was not given
	timers   []*time.Timer

	senders    sync.WaitGroup
	slots      chan struct{} // bounds the deliveries on the wire
	queues     map[queueKey][]*sending
	pending    int
	deliveries []*Delivery
	held       []*sending
	hookFaults []*HookFault
	chains     map[string]map[int64]bool // X-Gitlab-Event-UUID → hooks that saw it
}

// New starts an empty GitLab whose only user is the bot.
func New(opt Options) *Server {
	if opt.BotUser == "" {
		opt.BotUser = "flowkeeper-bot"
	}
	if opt.BotLevel == 0 {
		opt.BotLevel = Reporter
	}
	if opt.Version == "" {
		opt.Version = Version
	}
	if opt.URL == "" {
		opt.URL = "http://gitlab.example"
	}
	if opt.RateLimit <= 0 {
		opt.RateLimit = gitlabComLimit
	}
	if opt.PageSize <= 0 || opt.PageSize > 100 {
		opt.PageSize = 100
	}
	if opt.CountLimit <= 0 {
		opt.CountLimit = 10_000
	}
	if opt.HookTimeout <= 0 {
		opt.HookTimeout = 10 * time.Second
	}
	if opt.Transport == nil {
		// GitLab opens a connection for each webhook. One that is kept loses what is sent over it to a bot that has just been started anew.
		opt.Transport = &http.Transport{DisableKeepAlives: true}
	}
	ownClock := opt.Now == nil
	if ownClock {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = zap.NewNop()
	}
	s := &Server{
		opt: opt, log: opt.Log, url: opt.URL, lastID: 1000, ownClock: ownClock,
		client: &http.Client{
			Transport:     opt.Transport,
			Timeout:       opt.HookTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		tokens: map[string]*user{}, scopes: map[string][]string{}, expiries: map[string]string{},
		changed: make(chan struct{}), done: make(chan struct{}),
		slots:  make(chan struct{}, 8),
		queues: map[queueKey][]*sending{}, chains: map[string]map[int64]bool{},
	}
	s.bot = &user{id: s.nextID(), username: opt.BotUser, name: "Flowkeeper", level: opt.BotLevel, bot: true}
	s.users = []*user{s.bot}
	if opt.Token != "" {
		s.tokens[opt.Token] = s.bot
	}
	mux := http.NewServeMux()
	s.routeAPI(mux)
	s.handler = mux
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// SetURL says where the server is reached, once that is known: links and webhooks name it.
func (s *Server) SetURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = url
}

// Close stops sending webhooks and waits for those on their way, at most HookTimeout. What still waited to be sent is dropped; call
// Quiet before to have it delivered. Requests held by faults end.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	for _, t := range s.timers {
		t.Stop()
	}
	s.notify()
	s.mu.Unlock()
	s.senders.Wait()
	s.client.CloseIdleConnections()
}

// ErrClosed says that the server was closed while somebody waited for it.
var ErrClosed = errors.New("the sandbox is closed")

// Changed gives a channel that is closed at the next change of anything. It is not open if the server is closed: nothing changes any more.
func (s *Server) Changed() (next <-chan struct{}, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed, !s.closed
}

// Await returns when the condition holds. It is asked now and after every change: of an issue, of the journal of API calls, of the
// calls that are held, of the deliveries. It may call the server's methods.
func (s *Server) Await(ctx context.Context, condition func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-s.done:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("waiting for the sandbox: %w", context.Cause(ctx))
		}
	}
}

// AwaitDelivered returns when every webhook that was triggered has been answered or given up, and every background job that is due was run. Held
// ones do not count.
func (s *Server) AwaitDelivered(ctx context.Context) error {
	return s.Await(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.pending == 0 && !s.working && s.nextJob() < 0
	})
}

// notify wakes everybody who waits for a change. The caller holds the lock.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// nextID gives out ids that are unique over all kinds of things, so that a mixed-up id is never accidentally right.
func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}

// now is the server's clock in GitLab's precision.
func (s *Server) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

// appendBounded appends to a journal that holds at most limit entries.
func appendBounded[T any](journal []T, entry T, limit int) []T {
	if len(journal) >= limit {
		journal = append(journal[:0:0], journal[len(journal)-limit+1:]...)
	}
	return append(journal, entry)
}
