//go:build linux

package bot_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
)

// attack is what somebody does who wants the bot to answer nobody else: connections that say something and then go on by single bytes, or never.
type attack struct {
	first string
	drip  string
	https bool
}

var attacks = map[string]attack{
	"idle":                    {},
	"dripping header":         {first: "POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX: ", drip: "x"},
	"dripping refused body":   {first: "POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: x\r\nContent-Length: 20000000\r\n\r\n", drip: "x"},
	"dripping chunks":         {first: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", drip: "1\r\nx\r\n"},
	"dripping signed body":    {first: seemsSigned(), drip: "x"},
	"HTTPS, idle":             {https: true},
	"HTTPS, half a handshake": {first: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", drip: "x", https: true},
	"HTTPS, no handshake":     {first: "GET / HTTP/1.1\r\n\r\n", drip: "x", https: true},
}

// seemsSigned is the header of a request whose signature can only be checked with its body.
func seemsSigned() string {
	return fmt.Sprintf("POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nWebhook-Id: 1\r\nWebhook-Timestamp: %d\r\nWebhook-Signature: v1,%s\r\nContent-Length: 20000000\r\n\r\n",
		time.Now().Unix(), base64.StdEncoding.EncodeToString(make([]byte, 32)))
}

// TestNobodyShutsGitLabOut attacks with 600 connections where 32 are served.
func TestNobodyShutsGitLabOut(t *testing.T) {
	t.Parallel()
	for name, a := range attacks {
		for from, address := range map[string]func(n int) net.IP{
			"one address":    func(int) net.IP { return net.IPv4(127, 6, 6, 6) },
			"many addresses": many,
		} {
			t.Run(name+" from "+from, func(t *testing.T) {
				t.Parallel()
				a.run(t, 600, 32, address)
			})
		}
	}
}

// TestNobodyShutsGitLabOutWithTenThousand attacks what is served by default with as many connections as this process may hold, at most 10,000.
func TestNobodyShutsGitLabOutWithTenThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("holds 10,000 connections")
	}
	const wanted, others = 10_000, 2_000 // the bot's side, and other tests
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if files.Cur < files.Max { // Go has done so already, unless it was told not to
		files.Cur = files.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
			t.Fatal(err)
		}
	}
	connections := min(wanted, int(files.Cur)-others)
	if connections < wanted {
		t.Logf("this process may hold %d files: attacking with %d connections instead of %d", files.Cur, connections, wanted)
	}
	if connections <= bot.DefaultConnections {
		t.Skip("that is no more than what is served")
	}
	for _, name := range []string{"idle", "dripping signed body"} {
		t.Run(name, func(t *testing.T) { attacks[name].run(t, connections, 0, many) })
	}
}

// many are different addresses, all of this machine.
func many(n int) net.IP { return net.IPv4(127, 1, byte(n>>8), byte(n)) }

// run attacks with so many connections and has GitLab deliver meanwhile: as a stranger at first, as somebody known then, and with a connection
// that it keeps.
func (a attack) run(t *testing.T, connections, served int, from func(n int) net.IP) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certificate := certify(t, cert, key, 1)
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Server.Connections = served
		if a.https {
			o.Server.TLSCert, o.Server.TLSKey = cert, key
		}
	})
	once := trusting(certificate, tls.VersionTLS13)
	once.Transport.(*http.Transport).DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext
	keeping := &http.Client{Transport: once.Transport.(*http.Transport).Clone()}
	keeping.Transport.(*http.Transport).DisableKeepAlives = false
	t.Cleanup(keeping.CloseIdleConnections)
	delivers := func(when string, c *http.Client) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), reachable)
		defer cancel()
		if status, err := knock(ctx, c, r.app.URL(), secret); err != nil || status != http.StatusAccepted {
			t.Errorf("%s: answered %d, %v", when, status, err)
		}
	}

	var held []net.Conn
	t.Cleanup(func() {
		for _, c := range held {
			_ = c.Close()
		}
	})
	more := func(n int) {
		t.Helper()
		for range n {
			held = append(held, a.open(t, r.app, from(len(held))))
		}
		for _, c := range held {
			_, _ = c.Write([]byte(a.drip)) // most are closed by now
		}
	}
	more(connections / 2)
	delivers("a stranger", once)
	delivers("somebody known", once)
	delivers("with a new connection", keeping)
	more(connections - connections/2)
	delivers("with the connection that was kept", keeping)
	delivers("somebody known, again", once)
	for _, path := range []string{"/healthz", "/readyz"} {
		if answer, err := http.Get(r.app.AdminURL() + path); err != nil || answer.StatusCode != http.StatusOK || answer.Body.Close() != nil {
			t.Errorf("%s meanwhile: %v, %v", path, answer, err)
		}
	}
}

// open makes one connection and says the first thing on it.
func (a attack) open(t *testing.T, app *bot.App, from net.IP) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: reachable}
	c, err := d.DialContext(t.Context(), "tcp", hostOf(app.URL()))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write([]byte(a.first)) // it may be closed by now
	return c
}
