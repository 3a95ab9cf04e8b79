package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// lazyClient is the way to the server, which need not have answered yet: then each call looks for it. Once it was found, the client library
// looks after its connections.
type lazyClient struct {
	server *goredis.Options
	rights rights
	log    *zap.Logger
	found  atomic.Pointer[goredis.UniversalClient]

	mu      sync.Mutex
	closing context.CancelFunc // ends the try that is under way
	closed  bool
	last    *attempt
}

// attempt is one try to connect, shared by all calls that want it meanwhile: it ends with none of them. Its err and over may be read
// after done is closed.
type attempt struct {
	again bool // it is not the first
	done  chan struct{}
	err   error
	over  time.Time
}

const (
	// connectEvery is how often a server that was never found is looked for, however many calls want it.
	connectEvery = 250 * time.Millisecond
	// connectTimeout bounds one try.
	connectTimeout = dialTimeout + 2*ioTimeout
)

// get returns the connection, or why there is none yet.
func (l *lazyClient) get(ctx context.Context) (goredis.UniversalClient, error) {
	if c := l.found.Load(); c != nil {
		return *c, nil
	}
	try, err := l.connecting()
	if err != nil {
		return nil, err
	}
	select {
	case <-try.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := l.found.Load(); c != nil {
		return *c, nil
	}
	return nil, try.err
}

// connecting is the try under way, or the last one if that was a moment ago.
func (l *lazyClient) connecting() (*attempt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, goredis.ErrClosed
	}
	if l.last != nil {
		select {
		case <-l.last.done:
			if l.found.Load() != nil || time.Since(l.last.over) < connectEvery {
				return l.last, nil
			}
		default:
			return l.last, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	l.last, l.closing = &attempt{again: l.last != nil, done: make(chan struct{})}, cancel
	go func(s *attempt) {
		defer cancel()
		defer close(s.done)
		s.err = l.connect(ctx, s)
		s.over = time.Now()
	}(l.last)
	return l.last, nil
}

// connect connects, checks what is allowed there and notes the connection.
func (l *lazyClient) connect(ctx context.Context, s *attempt) error {
	c, err := dial(ctx, l.server)
	if err != nil {
		return l.rights.explain(err)
	}
	if err := l.rights.check(ctx, c); err != nil {
		return errors.Join(err, c.Close())
	}
	if err := l.rights.keys.refuseOlder(ctx, c); err != nil {
		return errors.Join(l.rights.explain(err), c.Close())
	}
	l.found.Store(&c)
	if s.again {
		l.log.Info("Redis answers now", zap.String("address", l.server.Addr))
	}
	if warning, err := durability(ctx, c, l.log); err != nil {
		l.log.Warn("asking Redis how durable it is", zap.Error(err))
	} else if warning != "" {
		l.log.Warn(warning)
	}
	return nil
}

func (l *lazyClient) close() error {
	l.mu.Lock()
	l.closed = true
	last := l.last
	l.mu.Unlock()
	if last != nil {
		l.closing()
		<-last.done
	}
	if c := l.found.Load(); c != nil {
		return (*c).Close()
	}
	return nil
}

// away reports whether nobody answered, or a server that has only just started. One that refuses has to be put right.
func away(err error) bool {
	var said goredis.Error
	return !errors.As(err, &said) || strings.HasPrefix(said.Error(), "LOADING")
}
