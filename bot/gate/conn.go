package gate

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// conn is a connection that went through the gate.
type conn struct {
	net.Conn
	gate  *Gate
	peer  peer
	heard atomic.Int64 // the number of its last read

	// Under the gate's lock.
	proven bool // one of its own requests was authentic
	idle   bool // it waits for its next request
}

// longerSilent is this connection, or the other one (nil is none) if that has been silent for longer.
func (c *conn) longerSilent(other *conn) *conn {
	if other != nil && other.heard.Load() < c.heard.Load() {
		return other
	}
	return c
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(c.gate.reads.Add(1))
	}
	return n, err
}

func (c *conn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.open, c)
	c.gate.changed.Broadcast()
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets the server say that it is done while the client is still sending, so that the client gets to see the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// gateConnOf is the gate's connection below TLS; nil if there is none.
func gateConnOf(c net.Conn) *conn {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	through, _ := c.(*conn)
	return through
}

type contextKey struct{}

// Context remembers, for Trust, through which connection a request comes. It is for http.Server.ConnContext.
func Context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, contextKey{}, gateConnOf(c))
}

// State notes whether a connection waits for a request. It is for http.Server.ConnState.
func State(c net.Conn, s http.ConnState) {
	through := gateConnOf(c)
	if through == nil {
		return
	}
	g := through.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	through.idle = s == http.StateIdle
	if through.idle {
		g.changed.Broadcast()
	}
}

// MarkTrusted says that the request with this context is authentic: its peer is no stranger any more.
func MarkTrusted(ctx context.Context) {
	c, _ := ctx.Value(contextKey{}).(*conn)
	if c == nil {
		return
	}
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.proven = true
	c.gate.known.add(c.peer, c.gate.reads.Load())
}

// peer is whom a connection comes from: one IPv4 address, or an IPv6 network, whose owner has all its addresses.
type peer struct{ netip.Prefix }

// network6 is the length in bits of the smallest IPv6 network that is given away.
const network6 = 64

func peerOf(a net.Addr) peer {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return peer{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = network6
	}
	network, _ := ip.Prefix(bits) // fails only for too many bits
	return peer{network}
}

// maxKnown is how many peers are remembered.
const maxKnown = 1024

// trustedPeers are the peers that authenticated, and which of them did so last.
type trustedPeers map[peer]int64

func (k trustedPeers) has(p peer) bool {
	_, found := k[p]
	return found
}

// add remembers a peer. Of too many the one that was silent for longest is forgotten.
func (k trustedPeers) add(p peer, now int64) {
	k[p] = now
	if len(k) <= maxKnown {
		return
	}
	oldest := p
	for other, at := range k {
		if at < k[oldest] {
			oldest = other
		}
	}
	delete(k, oldest)
}

// rateLimitedLog writes each message at most once a minute: whoever comes often must not fill the log.
func rateLimitedLog(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 1, 0)
	}))
}
