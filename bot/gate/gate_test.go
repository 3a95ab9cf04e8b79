package gate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gate"
)

// line is a listener whose clients are given by the test.
type line struct{ clients chan net.Conn }

func (l line) Accept() (net.Conn, error) {
	c, open := <-l.clients
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (l line) Close() error { close(l.clients); return nil }
func (line) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection from an address.
type from struct {
	net.Conn
	address string
}

func (f from) RemoteAddr() net.Addr {
	a, _ := net.ResolveTCPAddr("tcp", f.address)
	return a
}

// house is a gate and those who came through it, by name.
type house struct {
	*testing.T
	gate   *gate.Gate
	line   line
	inside map[string]net.Conn // the server's ends
	ends   map[string]net.Conn // the clients' ends
}

func newHouse(t *testing.T, most int) *house {
	h := &house{T: t, line: line{make(chan net.Conn, 1)}, inside: map[string]net.Conn{}, ends: map[string]net.Conn{}}
	h.gate = gate.New(gate.Options{Listener: h.line, Most: most, Log: zap.NewNop()})
	return h
}

// come lets clients connect, one after the other: "name@address".
func (h *house) come(clients ...string) {
	h.Helper()
	for _, c := range clients {
		name, address, _ := strings.Cut(c, "@")
		client, server := net.Pipe()
		h.ends[name] = client
		h.line.clients <- from{server, address}
		through, err := h.gate.Accept()
		if err != nil {
			h.Fatal(err)
		}
		h.inside[name] = through
	}
}

// say lets a client send a byte.
func (h *house) say(name string) {
	h.Helper()
	sent := make(chan error, 1)
	go func() { _, err := h.ends[name].Write([]byte{'x'}); sent <- err }()
	if _, err := h.inside[name].Read(make([]byte, 1)); err != nil {
		h.Fatal(err)
	}
	if err := <-sent; err != nil {
		h.Fatal(err)
	}
}

// trust says that a client's request is authentic; the client is then in the middle of it.
func (h *house) trust(names ...string) {
	for _, name := range names {
		gate.State(h.inside[name], http.StateActive)
		gate.MarkTrusted(gate.Context(h.Context(), h.inside[name]))
	}
}

// gone are those whose connections were closed.
func (h *house) gone() string {
	var names []string
	for name, c := range h.ends {
		_ = c.SetReadDeadline(aLongTimeAgo)
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (h *house) wantGone(names string) {
	h.Helper()
	if got := h.gone(); got != names {
		h.Errorf("closed are [%s], want [%s]", got, names)
	}
}

var aLongTimeAgo = time.Unix(1, 0)

const (
	gitlab = "192.0.2.1:1"
	evil   = "198.51.100.1:1"
)

// stranger is the n-th of many.
func stranger(n int) string { return fmt.Sprintf("s%d@198.51.100.%d:1", n, n) }

func TestLongestSilentStrangerGoes(t *testing.T) {
	h := newHouse(t, 4) // three for strangers
	h.come("a@198.51.100.1:1", "b@198.51.100.2:1", "c@198.51.100.3:1")
	h.say("a")
	h.wantGone("")
	h.come("d@198.51.100.4:1")
	h.wantGone("b")
	h.come("e@198.51.100.5:1", "f@198.51.100.6:1")
	h.wantGone("a b c")
}

func TestOnePeerHasItsShare(t *testing.T) {
	for name, address := range map[string][2]string{
		"IPv4":            {"198.51.100.7:%d", "198.51.100.8:1"},
		"IPv6":            {"[2001:db8:0:1::%d]:1", "[2001:db8:0:2::1]:1"},
		"IPv4 as IPv6":    {"[::ffff:198.51.100.7]:%d", "198.51.100.8:1"},
		"with a zone":     {"[fe80::%d%%eth0]:1", "[2001:db8::1]:1"},
		"loopback is one": {"127.0.0.1:%d", "127.0.0.2:1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, 32) // four for each
			for n := range 6 {
				h.come(fmt.Sprintf("p%d@"+address[0], n, n+1))
			}
			h.come("other@" + address[1])
			h.wantGone("p0 p1")
		})
	}
}

func TestKnownPeersHaveRoom(t *testing.T) {
	h := newHouse(t, 8)
	h.come("first@" + gitlab)
	h.trust("first")
	for n := range 20 {
		h.come(stranger(n))
	}
	// A quarter is kept for those who are known, who have no share that they may not exceed; then strangers go.
	for n := range 7 {
		h.come(fmt.Sprintf("g%d@%s", n, gitlab))
	}
	if gone := strings.Fields(h.gone()); len(gone) != 20 || slices.ContainsFunc(gone, func(name string) bool { return name[0] != 's' }) {
		t.Errorf("closed are %v, want all strangers", gone)
	}
}

// TestSameAddressAsGitLab is for networks in which all clients seem to have one address: those that proved nothing themselves go first.
func TestSameAddressAsGitLab(t *testing.T) {
	h := newHouse(t, 3)
	h.come("busy@" + gitlab)
	h.trust("busy")
	h.come("kept@" + gitlab)
	h.trust("kept")
	gate.State(h.inside["kept"], http.StateIdle)
	h.come("x@" + gitlab)
	h.say("x")
	h.come("y@" + gitlab)
	h.wantGone("x")
	h.trust("y")
	h.come("z@" + gitlab)
	h.wantGone("kept x")
}

// TestNobodyIsClosedInTheMiddle has all connections busy: the next waits until one of them is idle, or closed.
func TestNobodyIsClosedInTheMiddle(t *testing.T) {
	for name, free := range map[string]func(net.Conn){
		"idle":   func(c net.Conn) { gate.State(c, http.StateIdle) },
		"closed": func(c net.Conn) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, 2)
				h.come("a@" + gitlab)
				h.trust("a")
				h.come("b@" + gitlab)
				h.trust("b")
				came := false
				go func() { h.come("c@" + evil); came = true }()
				synctest.Wait()
				if came {
					t.Fatal("a third one came in beside two in the middle of their requests")
				}
				free(h.inside["b"])
				synctest.Wait()
				if !came {
					t.Fatal("nobody may come in although one of two is done")
				}
				h.wantGone("b")
			})
		})
	}
}

func TestClosedGateLetsNobodyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, 1)
		h.come("a@" + gitlab)
		h.trust("a")
		refused := make(chan error, 1)
		_, server := net.Pipe()
		h.line.clients <- from{server, evil}
		go func() { _, err := h.gate.Accept(); refused <- err }()
		synctest.Wait()
		if err := h.gate.Close(); err != nil {
			t.Error(err)
		}
		if err := <-refused; !errors.Is(err, net.ErrClosed) {
			t.Errorf("waiting ended with %v", err)
		}
		if _, err := h.gate.Accept(); err == nil {
			t.Error("a closed gate lets in")
		}
	})
}

// TestFewConnections has the smallest gates, where shares are less than one.
func TestFewConnections(t *testing.T) {
	for _, most := range []int{1, 2, 3} {
		h := newHouse(t, most)
		for n := range 5 {
			h.come(stranger(n))
		}
		if left := 5 - len(strings.Fields(h.gone())); left > most {
			t.Errorf("%d strangers of at most %d are connected", left, most)
		}
		h.come("g@" + gitlab)
		h.trust("g")
		if most == 1 {
			continue // the only one is in the middle of its request
		}
		h.come(stranger(9))
		if strings.Contains(h.gone(), "g") {
			t.Errorf("who is known gave way, closed are %s", h.gone())
		}
	}
}

func TestManyKnownPeers(t *testing.T) {
	h := newHouse(t, 4)
	for n := range 1025 {
		name := fmt.Sprint("k", n)
		h.come(fmt.Sprintf("%s@192.0.%d.%d:1", name, n/256, n%256))
		h.say(name)
		h.trust(name)
		_ = h.inside[name].Close()
		_ = h.ends[name].Close()
		delete(h.ends, name)
	}
	// The first one is forgotten and goes before the second.
	h.come("first@192.0.0.0:1", "second@192.0.0.1:1", "x@"+evil)
	h.say("x")
	h.come("g@192.0.4.0:1", "h@192.0.4.0:1")
	h.wantGone("first")
}

func TestOtherConnectionsAreNobodys(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	gate.State(server, http.StateIdle)
	gate.MarkTrusted(gate.Context(t.Context(), server))
	gate.MarkTrusted(context.Background())
}
