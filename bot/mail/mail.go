// Package mail sends what a report has to say to single people, one mail to each. It does not know what the report is about.
//
// Nothing is sent twice. Before anything is sent a person's record says "waiting"; right before the mail is handed over it says "sending",
// which one process of all can write; then it says what became of it. If a process dies in between, or the server does not say whether it
// took the mail, nobody knows whether the person got it: it is not sent again, and that is said. The records are checkpoints. The names of
// those who were to get mail stand in the published report, too: after the store was emptied these get nothing more.
package mail

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.uber.org/zap"
)

// Options are what a Mailer needs. The password is left out wherever they are printed.
type Options struct {
	Host     string // of the SMTP server; "" is no mail at all
	Port     int    // 465 is encrypted from the start, all others begin with STARTTLS; 0 is 587
	From     string // an address, with or without a name
	Username string // "" is no login
	Password string
	Emails   map[string]string // addresses by username
	Team     string            // for whom the mails are, for people

	Log      *zap.Logger                                                          // nil is none
	Registry prometheus.Registerer                                                // nil keeps the metrics to itself
	Now      func() time.Time                                                     // nil is time.Now
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // nil dials by TCP
	Roots    *x509.CertPool                                                       // who may sign the server's certificate; nil is the system's, or SSL_CERT_FILE
}

// Format leaves the password out.
func (o Options) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "mail as %s over %s", o.From, o.address())
}

// Ports of SMTP for those who send.
const (
	portSubmission  = 587 // begins without encryption, then STARTTLS
	portSubmissions = 465 // encrypted from the start
)

func (o Options) address() string { return net.JoinHostPort(o.Host, fmt.Sprint(o.Port)) }

// isLoopback reports whether what is sent stays on this machine. That needs no encryption, and a server there seldom has a certificate for
// such a name.
func (o Options) isLoopback() bool {
	ip := net.ParseIP(o.Host)
	return o.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// Checkpoints are how far the mail to each person has come.
type Checkpoints interface {
	Checkpoint(ctx context.Context, name string) ([]byte, error)
	SwapCheckpoint(ctx context.Context, name string, old, value []byte) (swapped bool, err error)
}

// Mailer sends mail. Many goroutines and processes may use the same checkpoints.
type Mailer struct {
	records records
	log     *zap.Logger
	mails   *prometheus.CounterVec
	now     atomic.Pointer[sender]
}

// sender is the options that are in force.
type sender struct {
	Options

	from mail.Address
}

// New checks the options. An error names the key of the configuration.
func New(o Options, c Checkpoints) (*Mailer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	s, err := newSender(o)
	if err != nil {
		return nil, err
	}
	m := &Mailer{
		records: records{c}, log: o.Log.Named("mail"),
		mails: promauto.With(o.Registry).NewCounterVec(prometheus.CounterOpts{
			Name: "flowkeeper_mails_total",
			Help: "Mails by what became of a try: sent, waiting (tried again), refused (for good), unknown (not sent again), no_address.",
		}, []string{"outcome"}),
	}
	m.now.Store(s)
	for _, outcome := range []state{stateSent, stateWaiting, stateRefused, stateUnknown, stateNoAddress} {
		m.mails.WithLabelValues(string(outcome)) // shown from the start, so that the first one counts as an increase
	}
	return m, nil
}

// Check says what is wrong with options, as New does.
func Check(o Options) error {
	_, err := newSender(o)
	return err
}

// Set has all that is sent from now on go by other options. What is no setting, from Log on, stays as it was.
func (m *Mailer) Set(o Options) error {
	before := m.now.Load()
	o.Log, o.Registry, o.Now, o.Dial, o.Roots = before.Log, before.Registry, before.Now, before.Dial, before.Roots
	s, err := newSender(o)
	if err == nil {
		m.now.Store(s)
	}
	return err
}

func newSender(o Options) (*sender, error) {
	if o.Port == 0 {
		o.Port = portSubmission
	}
	if o.Host == "" {
		return &sender{Options: o}, nil
	}
	from, err := parseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("smtp.from: %w", err)
	}
	if from.Name == "" {
		from.Name = "Flowkeeper"
	}
	for person, address := range o.Emails {
		if to, err := parseAddress(address); err != nil || to.Address != address {
			return nil, fmt.Errorf("team.emails.%s: %.60q is no address of mail alone, such as eric@example.com", person, address)
		}
	}
	return &sender{o, from}, nil
}

// parseAddress reads an address, with or without a name.
func parseAddress(address string) (mail.Address, error) {
	parsed, err := mail.ParseAddress(address)
	if err != nil || strings.ContainsFunc(parsed.Address, isNotAddress) {
		return mail.Address{}, fmt.Errorf("%.60q is no address of mail, such as flowkeeper@example.com", address)
	}
	return *parsed, nil
}

// isNotAddress is true of what an address may only hold in quotes or behind an extension that few servers have.
func isNotAddress(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>()[],;:\`, r) }
