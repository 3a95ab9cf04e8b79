package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// How long a server may take.
const (
	connectTime = 30 * time.Second // until the login is through
	mailTime    = 2 * time.Minute  // for one mail; servers look for viruses before they say that they took it
	finishTime  = 5 * time.Second  // for the mail at hand when the bot stops: whether it was taken would be unknown
)

// connection is a server that takes mail.
type connection struct {
	client *gomail.Client
	server *smtp.Client
	wire   *wire
}

// connect dials, encrypts and logs in. The connection is cut soon after ctx ends.
func (s *sender) connect(ctx context.Context) (*connection, *failure) {
	connecting, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	w := &wire{o: s, until: connecting}
	auth := &login{username: s.Username, password: s.Password}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(mailTime), gomail.WithTLSPolicy(s.tlsPolicy()), gomail.WithTLSConfig(s.tlsConfig()),
		gomail.WithDialContextFunc(w.dial), gomail.WithoutSMTPUTF8(), // all addresses are ASCII, which every server on the way knows
	}
	if s.Username != "" {
		options = append(options, gomail.WithSMTPAuthCustom(auth))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, s.notConnected(err, false)
	}
	server, err := client.DialToSMTPClientWithContext(connecting)
	if err == nil && !w.prolong(ctx) {
		err = connecting.Err()
	}
	if err != nil {
		w.close()
		if connecting.Err() != nil {
			err = connecting.Err() // what is said of a connection that was cut misleads
		}
		return nil, s.notConnected(err, auth.began)
	}
	return &connection{client: client, server: server, wire: w}, nil
}

// step is what a server is asked while it takes a mail.
type step int

const (
	stepSender step = iota
	stepRecipient
	stepBody // until its last line is handed over
	stepTaken
)

// deliver hands over one mail. On an error it returns the step that failed. A server that was not asked whether it took the whole mail
// surely did not.
func (c *connection) deliver(msg *gomail.Msg) (step, error) {
	from, err := msg.GetSender(false)
	if err != nil {
		return stepSender, err
	}
	to, err := msg.GetRecipients()
	if err != nil {
		return stepRecipient, err
	}
	if err := c.server.UpdateDeadline(mailTime); err != nil {
		return stepSender, err
	}
	if err := c.server.Mail(from); err != nil {
		return stepSender, err
	}
	if err := c.server.Rcpt(to[0]); err != nil {
		return stepRecipient, err
	}
	body, err := c.server.Data()
	if err != nil {
		return stepBody, err
	}
	if _, err := msg.WriteTo(body); err != nil {
		return stepBody, err
	}
	return stepTaken, body.Close()
}

// forget has the server forget a mail that it did not take, so that it takes the next one. If it cannot, the next one fails.
func (c *connection) forget() { _ = c.server.Reset() }

// close says goodbye. What the server says to that changes nothing.
func (c *connection) close() {
	_ = c.client.CloseWithSMTPClient(c.server)
	c.wire.close()
}

// tlsPolicy is whether STARTTLS is demanded. Port 465 is encrypted already.
func (o Options) tlsPolicy() gomail.TLSPolicy {
	if o.isLoopback() || o.Port == portSubmissions {
		return gomail.NoTLS
	}
	return gomail.TLSMandatory
}

func (o Options) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
}

// wire is the connection below go-mail, which bounds the single steps only: it is cut when a context ends, and closed whatever go-mail does.
type wire struct {
	o     *sender
	until context.Context //nolint:containedctx // the one that go-mail hands to dial ends before the login
	conn  net.Conn
	stop  func() bool
}

// dial is called by go-mail. The address that it gives lacks the brackets around one of IPv6.
func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := w.o.Dial(ctx, "tcp", w.o.address())
	if err != nil {
		return nil, err
	}
	w.conn = conn
	w.stop = context.AfterFunc(w.until, func() { _ = conn.Close() })
	if w.o.Port != portSubmissions {
		return conn, nil
	}
	encrypted := tls.Client(conn, w.o.tlsConfig())
	return encrypted, encrypted.HandshakeContext(ctx)
}

// prolong lets the connection live until another context ends, and a little longer. It reports false if the first one has ended.
func (w *wire) prolong(ctx context.Context) bool {
	if !w.stop() {
		return false
	}
	w.stop = context.AfterFunc(ctx, func() { _ = w.conn.SetDeadline(time.Now().Add(finishTime)) })
	return true
}

func (w *wire) close() {
	if w.conn != nil {
		w.stop()
		_ = w.conn.Close()
	}
}

// login chooses how the password is given to the server, the safest way first. It notes that it came to that.
type login struct {
	smtp.Auth

	username, password string
	began              bool
}

// errNoLogin is given for a server that offers none of the ways.
var errNoLogin = errors.New("none of its ways to log in is known here")

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	l.began = true
	offered := func(way string) bool {
		return slices.ContainsFunc(server.Auth, func(s string) bool { return strings.EqualFold(s, way) })
	}
	switch {
	case offered("SCRAM-SHA-256"):
		l.Auth = smtp.ScramSHA256Auth(l.username, l.password)
	case offered("SCRAM-SHA-1"):
		l.Auth = smtp.ScramSHA1Auth(l.username, l.password)
	case offered("PLAIN"):
		l.Auth = smtp.PlainAuth("", l.username, l.password, server.Name, false)
	case offered("LOGIN"):
		l.Auth = smtp.LoginAuth(l.username, l.password, server.Name, false)
	default:
		return "", nil, errNoLogin
	}
	return l.Auth.Start(server)
}
