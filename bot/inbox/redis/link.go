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
	log    *zap.Logger
	found  atomic.Pointer[goredis.UniversalClient]

	mu     sync.Mutex
	closed bool
	last   error // why it was not found
	next   time.Time
}

// lookEvery is how often a server that was never found is looked for, however many calls want it.
const lookEvery = 250 * time.Millisecond

// client is the connection, or why there is none yet.
func (l *link) client(ctx context.Context) (goredis.UniversalClient, error) {
	if c := l.found.Load(); c != nil {
		return *c, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c := l.found.Load(); {
	case c != nil:
		return *c, nil
	case l.closed:
		return nil, goredis.ErrClosed
	case time.Now().Before(l.next):
		return nil, l.last
	}
	c, err := connect(ctx, l.server)
	if err != nil {
		l.last, l.next = err, time.Now().Add(lookEvery)
		return nil, err
	}
	l.found.Store(&c)
	if l.last != nil {
		l.log.Info("Redis answers now", zap.String("address", l.server.Addr))
	}
	if warning, err := durability(ctx, c, l.log); err != nil {
		l.log.Warn("asking Redis how durable it is", zap.Error(err))
	} else if warning != "" {
		l.log.Warn(warning)
	}
	return c, nil
}

func (l *link) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
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
