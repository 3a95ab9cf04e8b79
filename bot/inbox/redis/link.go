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

// link is the way to the server, which need not have answered yet: then each call looks for it. Once it was found, the client library
// looks after its connections.
type link struct {
	server *goredis.Options
	rights rights
	log    *zap.Logger
	found  atomic.Pointer[goredis.UniversalClient]

	mu      sync.Mutex
	closing context.CancelFunc // ends the search that is under way
	closed  bool
	last    *search
}

// search is one look for the server, shared by all calls that want it meanwhile: it ends with none of them. Its err and over may be read
// after done is closed.
type search struct {
	again bool // it is not the first
	done  chan struct{}
	err   error
	over  time.Time
}

const (
	// lookEvery is how often a server that was never found is looked for, however many calls want it.
	lookEvery = 250 * time.Millisecond
	// lookTimeout bounds one look.
	lookTimeout = dialTimeout + 2*ioTimeout
)

// client is the connection, or why there is none yet.
func (l *link) client(ctx context.Context) (goredis.UniversalClient, error) {
	if c := l.found.Load(); c != nil {
		return *c, nil
	}
	look, err := l.look()
	if err != nil {
		return nil, err
	}
	select {
	case <-look.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := l.found.Load(); c != nil {
		return *c, nil
	}
	return nil, look.err
}

// look is the search under way, or the last one if that was a moment ago.
func (l *link) look() (*search, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, goredis.ErrClosed
	}
	if l.last != nil {
		select {
		case <-l.last.done:
			if l.found.Load() != nil || time.Since(l.last.over) < lookEvery {
				return l.last, nil
			}
		default:
			return l.last, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	l.last, l.closing = &search{again: l.last != nil, done: make(chan struct{})}, cancel
	go func(s *search) {
		defer cancel()
		defer close(s.done)
		s.err = l.find(ctx, s)
		s.over = time.Now()
	}(l.last)
	return l.last, nil
}

// find connects, checks what is allowed there and notes the connection.
func (l *link) find(ctx context.Context, s *search) error {
	c, err := connect(ctx, l.server)
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

func (l *link) close() error {
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
