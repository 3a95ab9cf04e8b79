// Package gate bounds the connections of a listener in such a way that nobody can shut others out by holding some. When there is no room the
// newcomer gets in, and the connection that has been silent for longest is closed: a stranger's first, whoever authenticated before last.
package gate

import (
	"net"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// Options are what a Gate needs. Listener and Log are required, Most is at least 1.
type Options struct {
	Listener net.Listener
	Most     int // connections at the same time
	Log      *zap.Logger
}

// Gate is a bounded listener. Its connections belong to a peer: an IPv4 address, or the network of an IPv6 address. A peer is a stranger until
// Trust, which says that one of its requests was authentic.
//
// A quarter of the room is kept from strangers, and each of them may have no more than an eighth of it: of those that are known, a reverse proxy
// may carry everybody's traffic.
type Gate struct {
	listener  net.Listener
	most      int
	strangers int // connections of them
	each      int // of one of them
	log       *zap.Logger
	reads     atomic.Int64 // over all connections: the order in which they were heard

	mu      sync.Mutex
	changed *sync.Cond // a connection was closed or is idle, or the gate was closed
	open    map[*conn]struct{}
	known   trustedPeers
	closed  bool
}

// New puts a gate in front of a listener.
func New(o Options) *Gate {
	g := &Gate{
		listener: o.Listener, most: o.Most, strangers: max(1, o.Most-o.Most/4), each: max(1, o.Most/8), log: rateLimitedLog(o.Log),
		open: map[*conn]struct{}{}, known: trustedPeers{},
	}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// Accept implements net.Listener. It waits only while all connections are in the middle of authentic requests.
func (g *Gate) Accept() (net.Conn, error) {
	inner, err := g.listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: inner, gate: g, peer: peerOf(inner.RemoteAddr())}
	c.heard.Store(g.reads.Add(1))
	g.mu.Lock()
	for !g.closed && !g.makeRoom(c.peer) {
		g.changed.Wait()
	}
	if g.closed {
		g.mu.Unlock()
		_ = inner.Close()
		return nil, net.ErrClosed
	}
	g.open[c] = struct{}{}
	g.mu.Unlock()
	return c, nil
}

func (g *Gate) Close() error {
	g.mu.Lock()
	g.closed = true
	g.changed.Broadcast()
	g.mu.Unlock()
	return g.listener.Close()
}

func (g *Gate) Addr() net.Addr { return g.listener.Addr() }

// makeRoom makes sure that a connection of the peer fits in, if need be by closing another one. False: all are busy. The caller holds the lock.
func (g *Gate) makeRoom(newcomer peer) bool {
	var strangers, same int
	var own, stranger, unproven, idle *conn // of each kind the one that has been silent for longest
	for c := range g.open {
		switch {
		case !g.known.has(c.peer):
			strangers++
			stranger = c.longerSilent(stranger)
			if c.peer == newcomer {
				same++
				own = c.longerSilent(own)
			}
		case !c.proven:
			unproven = c.longerSilent(unproven)
		case c.idle:
			idle = c.longerSilent(idle)
		}
	}
	isStranger := !g.known.has(newcomer)
	switch {
	case isStranger && same >= g.each:
		g.evict(own)
	case isStranger && strangers >= g.strangers:
		g.evict(stranger)
	case len(g.open) < g.most:
	case stranger != nil:
		g.evict(stranger)
	case unproven != nil:
		g.evict(unproven)
	case idle != nil:
		g.evict(idle)
	default:
		return false
	}
	return true
}

// evict closes a connection to make room. The caller holds the lock.
func (g *Gate) evict(c *conn) {
	delete(g.open, c)
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // nothing of it is to stay in the kernel
	}
	_ = c.Conn.Close()
	g.log.Warn("there is no room for more webhook clients: those that were silent for longest are closed",
		zap.Int("limit", g.most), zap.Stringer("closed", c.peer), zap.Bool("known", g.known.has(c.peer)))
}
