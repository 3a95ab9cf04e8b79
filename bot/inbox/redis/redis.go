// Package redis is the inbox that any number of replicas share. Every operation is one Lua script, so that nobody sees half of it. The
// store has a time of its own, which the replicas set and the server counts on: neither one replica's clock nor the server's decides
// alone what is due. Leases are fenced by tokens, whatever the time.
package redis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/notifier"
)

// defaultPrefix begins all keys if Options say nothing else.
const defaultPrefix = "flowkeeper"

// Timeouts for one exchange with the server.
const (
	dialTimeout = 2 * time.Second
	ioTimeout   = 3 * time.Second
)

// Options say which server to use and how.
type Options struct {
	URL    string        // redis://[[user]:password@]host[:port][/db], or rediss:// for TLS
	Prefix string        // of all keys; default "flowkeeper"
	Lease  time.Duration // how long a claimed issue is kept from others; default 60 s
	Log    *zap.Logger   // default none

	// MaxDeliveries is how many deliveries may wait, of all issues together: beyond that Enqueue returns ErrFull. There is no bound of
	// its own for one issue. Default any number.
	MaxDeliveries int

	// Later opens the store although nobody answers at the URL: that is ErrUnavailable for each call until somebody does. A server that
	// answers and refuses is an error all the same.
	Later bool

	Now func() time.Time // this process's clock; default time.Now
}

// Store is an inbox.Inbox in Redis.
type Store struct {
	client   *lazyClient
	keys     keys
	enqueuer *enqueuer
	notifier *notifier.Notifier
	lease    time.Duration
	max      int // deliveries, 0 for any number
	now      func() time.Time
	log      *zap.Logger
	closing  chan struct{}
	close    sync.Once
	closed   error
}

var _ inbox.Inbox = (*Store)(nil)

// Open connects to the server and checks that it answers, see Options.Later, and allows all that the store does. A node of a Redis Cluster is recognised. What a power cut
// would cost is logged.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	goredis.SetLogger(quiet{}) // what it would print to the standard error comes back as an error, too
	if o.Now == nil {
		o.Now = time.Now
	}
	keys, err := newKeys(o.Prefix)
	if err != nil {
		return nil, fmt.Errorf("opening the inbox in Redis: %w", err)
	}
	server, err := parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("opening the inbox in Redis: %w", err)
	}
	to := &lazyClient{server: server, rights: rightsOf(server, keys), log: o.Log}
	switch _, err := to.get(ctx); {
	case err == nil:
	case o.Later && away(err):
		o.Log.Warn("Redis does not answer; what comes in waits for it", zap.String("address", server.Addr), zap.Error(err))
	default:
		return nil, errors.Join(failed("opening the inbox in Redis at "+server.Addr, err), to.close())
	}
	s := &Store{
		client: to, keys: keys, notifier: notifier.New(), lease: o.Lease, max: max(0, o.MaxDeliveries), now: o.Now, log: o.Log,
		closing: make(chan struct{}),
	}
	s.enqueuer = startEnqueuer(s)
	return s, nil
}

// parse reads the URL. It may hold a password, so no part of it goes into the error: an unescaped character in the password moves
// parts of that into any other field.
func parse(text string) (*goredis.Options, error) {
	options, err := goredis.ParseURL(text)
	if u, bad := url.Parse(text); err != nil || bad != nil || u.Fragment != "" {
		return nil, errors.New("the Redis URL cannot be read (not shown, it may hold a password); " +
			"want redis://[[user]:password@]host[:port][/db], or rediss:// for TLS, " +
			"with special characters in the password percent-encoded")
	}
	options.DialTimeout = dialTimeout
	options.ReadTimeout = ioTimeout
	options.WriteTimeout = ioTimeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1 // a command whose answer was lost may have run: whoever asked decides
	options.DialerRetries = 1
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return options, nil
}

// dial returns a client that the server answered.
func dial(ctx context.Context, o *goredis.Options) (goredis.UniversalClient, error) {
	single := goredis.NewClient(o)
	if err := single.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(err, single.Close())
	}
	// A server that forbids INFO is taken for one that stands alone. One that did not answer is not: that would be so for ever.
	info, err := single.Info(ctx, "cluster").Result()
	if err != nil && away(err) {
		return nil, errors.Join(err, single.Close())
	}
	if err != nil || !strings.Contains(info, "cluster_enabled:1") {
		return single, nil
	}
	cluster := goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs:    []string{o.Addr},
		Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		ContextTimeoutEnabled: true, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries, PoolSize: o.PoolSize,
		MaintNotificationsConfig: o.MaintNotificationsConfig,
	})
	if err := cluster.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(err, cluster.Close(), single.Close())
	}
	return cluster, single.Close()
}

func (s *Store) Ping(ctx context.Context) error {
	client, err := s.client.get(ctx)
	if err == nil {
		err = client.Ping(ctx).Err()
	}
	if err != nil {
		return failed("pinging Redis", err)
	}
	return nil
}

// Close implements inbox.Inbox. Deliveries that were sent are waited for; those behind them are refused.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		s.enqueuer.stop()
		if err := s.client.close(); err != nil {
			s.closed = fmt.Errorf("closing the connections to Redis: %w", err)
		}
	})
	return s.closed
}

// failed says what was being done when Redis did not do it. All but the end of the caller's own context may go through later.
func failed(doing string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, inbox.ErrUnavailable, err)
}

// clock is the first argument of every script that asks for the time, in milliseconds. They have the key numbers, too.
func (s *Store) clock() int64 { return s.now().UnixMilli() }

// millis rounds up, so that nothing is due too early.
func millis(d time.Duration) int64 {
	return int64((max(0, d) + time.Millisecond - 1) / time.Millisecond)
}

// quiet is the client library's logger.
type quiet struct{}

// Printf implements the library's interface and prints nothing.
func (quiet) Printf(context.Context, string, ...any) {}
