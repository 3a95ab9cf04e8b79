package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/mail"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

const (
	host     = "smtp.example.org"
	username = "flowkeeper-bot"
	password = "correct-horse-battery"
	key      = "19.6"
)

// rig is a mail server, a store, and what the bot said.
type rig struct {
	t      *testing.T
	server *server
	store  *coordination.Coordinator
	log    *zap.Logger
	logs   *observer.ObservedLogs
	said   strings.Builder // outcomes and errors
}

// newRig starts a server that knows the login and speaks STARTTLS. change may alter it before it starts. In a bubble of synctest time is its time.
func newRig(t *testing.T, change func(*server)) *rig {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	values := coordination.NewMemory(time.Now)
	r := &rig{t: t, server: newServer(t, change), store: coordination.New(values, values, nil), log: zap.New(core), logs: logs}
	t.Cleanup(r.findSecrets)
	return r
}

// findSecrets searches all that was logged and returned for the password.
func (r *rig) findSecrets() {
	all := r.said.String()
	for _, entry := range r.logs.All() {
		all += fmt.Sprintf("%s %v\n", entry.Message, entry.ContextMap())
	}
	for _, secret := range []string{password, sasl64(), "correct-horse"} {
		if strings.Contains(all, secret) {
			r.t.Errorf("the password is shown:\n%s", all)
		}
	}
}

// options are those of a process of the bot.
func (r *rig) options() mail.Options {
	return mail.Options{
		Host: host, From: "flowkeeper@example.org", Username: username, Password: password, Team: "Create:Source Code BE",
		Emails: map[string]string{"eric": "eric@example.com", "erin": "erin@example.com"},
		Log:    r.log, Registry: prometheus.NewRegistry(), Dial: r.server.dial, Roots: r.server.roots,
	}
}

// mailer is a process of the bot. change may alter its options.
func (r *rig) mailer(change func(*mail.Options)) *mail.Mailer {
	r.t.Helper()
	o := r.options()
	if change != nil {
		change(&o)
	}
	m, err := mail.New(o, r.store)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// letters are those of a kickoff.
func letters(to ...string) []planning.Letter {
	var all []planning.Letter
	for _, person := range to {
		all = append(all, planning.Letter{
			To: person, Subject: "Kickoff of 19.6 for " + person,
			Text: []triage.Prose{triage.Say("Hello " + person + ", your budget is 10."), triage.Say("Likely yours: #12 ").Quote("Größe\r\nFrom: x")},
		})
	}
	return all
}

// send does what a publisher does.
func (r *rig) send(m *mail.Mailer, all []planning.Letter) mail.Outcome {
	r.t.Helper()
	if _, err := m.Prepare(r.t.Context(), key, all, nil); err != nil {
		r.t.Fatal(err)
	}
	return r.sendAgain(m, all)
}

func (r *rig) sendAgain(m *mail.Mailer, all []planning.Letter) mail.Outcome {
	r.t.Helper()
	out, err := m.Send(r.t.Context(), key, all)
	if err != nil {
		r.t.Fatal(err)
	}
	r.said.WriteString(out.String() + "\n")
	return out
}

// got checks to whom mail was delivered, in this order.
func (r *rig) got(want ...string) {
	r.t.Helper()
	var got []string
	for _, m := range r.server.delivered() {
		got = append(got, m.to)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// server is a mail server whose steps can be made to fail.
type server struct {
	*smtp.Server

	roots *x509.CertPool
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	take  func(ctx context.Context, c net.Conn) error

	plain   bool // it knows no STARTTLS
	noLogin bool
	names   []string      // of the certificate
	age     time.Duration // since the certificate has expired
	onLogin func() error
	onFrom  func(c *smtp.Conn) error
	onTo    func(c *smtp.Conn, to string) error
	onData  func() error             // before the mail is taken
	onTaken func(c *smtp.Conn) error // behind it

	ended chan struct{} // closed when the test ends
	mu    sync.Mutex
	mails []delivery
}

// delivery is a mail that the server took.
type delivery struct{ from, to, raw string }

func newServer(t *testing.T, change func(*server)) *server {
	t.Helper()
	s := &server{names: []string{host}, ended: make(chan struct{})}
	if change != nil {
		change(s)
	}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.Domain, s.ErrorLog, s.AllowInsecureAuth, s.EnableSMTPUTF8 = host, log.New(io.Discard, "", 0), true, true
	var pair tls.Certificate
	pair, s.roots = certificate(t, s.names, s.age)
	if !s.plain {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	wires := newPipes()
	s.dial, s.take = wires.dial, wires.take
	s.serve(t, wires)
	t.Cleanup(func() { close(s.ended) })
	return s
}

// serve takes connections until the test ends.
func (s *server) serve(t *testing.T, l net.Listener) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		_ = l.Close()
		<-done
	})
}

func (s *server) delivered() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]delivery(nil), s.mails...)
}

// session is one connection to the server.
type session struct {
	*server

	conn     *smtp.Conn
	from, to string
}

func (s *session) Reset()      { s.from, s.to = "", "" }
func (*session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.noLogin {
		return nil
	}
	return []string{"PLAIN"}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		switch {
		case s.onLogin != nil:
			return s.onLogin()
		case user != username || pass != password:
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	switch {
	case s.from != "":
		return answer(503, smtp.EnhancedCode{5, 5, 1}, "nested MAIL")
	case o.UTF8:
		return answer(553, smtp.EnhancedCode{5, 6, 7}, "the next server on the way is old")
	}
	s.from = from
	if s.onFrom != nil {
		return s.onFrom(s.conn)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.onTo != nil {
		return s.onTo(s.conn, to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.onData != nil {
		if err := s.onData(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.mails = append(s.mails, delivery{s.from, s.to, string(raw)})
	s.mu.Unlock()
	if s.onTaken != nil {
		return s.onTaken(s.conn)
	}
	return nil
}

// pipes is a listener within the process.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newPipes() *pipes { return &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := buffered()
	return ours, p.take(ctx, theirs)
}

// take hands a connection to the server.
func (p *pipes) take(ctx context.Context, theirs net.Conn) error {
	select {
	case p.waiting <- theirs:
		return nil
	case <-p.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// buffered is a pipe whose far end may write before the near one reads, as over a network. Without that both would wait for ever when a
// handshake of TLS fails.
func buffered() (ours, theirs net.Conn) {
	ours, end := net.Pipe()
	b := &bufferedConn{Conn: end, written: make(chan []byte, 1000)}
	go func() {
		for p := range b.written {
			_, _ = end.Write(p)
		}
		_ = end.Close()
	}()
	return ours, b
}

type bufferedConn struct {
	net.Conn

	mu      sync.Mutex
	closed  bool
	written chan []byte
}

func (b *bufferedConn) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, net.ErrClosed
	}
	b.written <- bytes.Clone(p)
	return len(p), nil
}

func (b *bufferedConn) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.written)
	}
	return b.Conn.SetReadDeadline(time.Now())
}

// certificate is one for names, of an authority of the test's own.
func certificate(t *testing.T, names []string, expiredFor time.Duration) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	until := time.Now().Add(24 * time.Hour)
	if expiredFor > 0 {
		until = time.Now().Add(-expiredFor)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		DNSNames: names, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(err)
	signed, err := x509.ParseCertificate(der)
	must(err)
	roots := x509.NewCertPool()
	roots.AddCert(signed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, roots
}
