package signin

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many wrong tokens an address may show: burst at once, then one each interval. maxAddresses bounds how many addresses are remembered;
// beyond, all others share one count.
const (
	burst        = 10
	interval     = 6 * time.Second
	maxAddresses = 1000
)

// throttle counts wrong tokens by address.
type throttle struct {
	mu   sync.Mutex
	by   map[netip.Prefix]*rate.Limiter
	rest *rate.Limiter
}

func newThrottle() throttle {
	return throttle{by: map[netip.Prefix]*rate.Limiter{}, rest: newLimiter()}
}

func newLimiter() *rate.Limiter { return rate.NewLimiter(rate.Every(interval), burst) }

// allows reports whether a token of an address is looked at.
func (t *throttle) allows(remote string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	network := networkOf(remote)
	l := t.by[network]
	if l == nil && len(t.by) < maxAddresses {
		return true
	}
	if l == nil {
		l = t.rest
	}
	return l.TokensAt(now) >= 1
}

// failed counts a wrong token.
func (t *throttle) failed(remote string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	network := networkOf(remote)
	l := t.by[network]
	if l == nil {
		l = t.room(network, now)
	}
	l.AllowN(now, 1)
}

// room makes a count for an address. Addresses whose count is as new are forgotten first.
func (t *throttle) room(network netip.Prefix, now time.Time) *rate.Limiter {
	if len(t.by) >= maxAddresses {
		for old, l := range t.by {
			if l.TokensAt(now) >= burst {
				delete(t.by, old)
			}
		}
	}
	if len(t.by) >= maxAddresses {
		return t.rest
	}
	l := newLimiter()
	t.by[network] = l
	return l
}

// networkOf is whom an address stands for: itself, or the /64 network of IPv6, of which anybody has a whole one.
func networkOf(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits)
	return network
}
