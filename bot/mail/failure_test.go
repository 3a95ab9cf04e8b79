package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowkeeper/bot/mail"
	"flowkeeper/bot/testkit"
)

// answer is what a server says: "452 4.2.2 mailbox full".
func answer(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// toEric fails for one person.
func toEric(err error) func(*smtp.Conn, string) error {
	return func(_ *smtp.Conn, to string) error {
		if to == "eric@example.com" {
			return err
		}
		return nil
	}
}

// TestFailures has servers fail in each step, for a letter to eric and one to erin. mails are the addresses that get one.
func TestFailures(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }() // until we close ours
		return ours, ctx.Err()
	}
	for name, c := range map[string]struct {
		server  func(*server)
		options func(*mail.Options)
		cause   string
		state   string        // of eric's mail
		pause   time.Duration // until somebody's is tried again
		mails   []string
	}{
		"login refused": {
			options: func(o *mail.Options) { o.Password = "wrong" }, state: "waiting", pause: time.Hour,
			cause: `smtp.example.org:587 refused the login of "flowkeeper-bot" (535 5.7.8 Authentication failed); check smtp.username and FLOWKEEPER_SMTP_PASSWORD`,
		},
		"login refused, and shown": {
			server: func(s *server) {
				s.onLogin = func() error { return answer(535, smtp.EnhancedCode{5, 7, 8}, "not "+password+"\x1b[2J nor "+sasl64()) }
			},
			cause: "(535 5.7.8 not <secret>·[2J nor <secret>)", state: "waiting", pause: time.Hour,
		},
		"login out of order": {
			server: func(s *server) {
				s.onLogin = func() error { return answer(454, smtp.EnhancedCode{4, 7, 0}, "try later") }
			},
			cause: "454 4.7.0 try later", state: "waiting", pause: 5 * time.Minute,
		},
		"no login": {
			server: func(s *server) { s.noLogin = true },
			cause:  "smtp.example.org:587 offers no login by SCRAM, PLAIN or LOGIN here; leave smtp.username empty if it needs none", state: "waiting", pause: time.Hour,
		},
		"no STARTTLS": {
			server: func(s *server) { s.plain = true },
			cause:  "offers no STARTTLS, and nothing is sent unencrypted but to this machine itself; set smtp.port to 465", state: "waiting", pause: time.Hour,
		},
		"unknown authority": {
			options: func(o *mail.Options) { o.Roots = nil },
			cause:   "an authority that is not known here; put that authority's certificate into the file that SSL_CERT_FILE names", state: "waiting", pause: time.Hour,
		},
		"certificate for another name": {
			server: func(s *server) { s.names = []string{"mx.example.net"} },
			cause:  "a certificate for other names (mx.example.net); set smtp.host to one of them", state: "waiting", pause: time.Hour,
		},
		"certificate expired": {
			server: func(s *server) { s.age = time.Hour },
			cause:  "a certificate that is not valid", state: "waiting", pause: time.Hour,
		},
		"hangs": {
			options: func(o *mail.Options) { o.Dial = hang },
			cause:   "smtp.example.org:587 did not answer within 30s; check smtp.host, smtp.port and the firewall", state: "waiting", pause: 5 * time.Minute,
		},
		"no TLS at 465": {
			server:  func(s *server) { s.plain = true },
			options: func(o *mail.Options) { o.Port = 465 },
			cause:   "smtp.example.org:465 does not speak TLS from the start; set smtp.port to 587", state: "waiting", pause: time.Hour,
		},
		"no such host": {
			options: func(o *mail.Options) {
				o.Dial = refuse(&net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
			},
			cause: `there is no host "smtp.example.org"; check smtp.host`, state: "waiting", pause: time.Hour,
		},
		"nobody listens": {
			options: func(o *mail.Options) { o.Dial = refuse(errors.New("connection refused")) },
			cause:   "smtp.example.org:587 cannot be reached (connection refused); check smtp.host and smtp.port", state: "waiting", pause: 5 * time.Minute,
		},
		"sender refused": {
			server: func(s *server) {
				s.onFrom = func(*smtp.Conn) error { return answer(553, smtp.EnhancedCode{5, 7, 1}, "not owned by the user") }
			},
			cause: "does not take mail from flowkeeper@example.org (553 5.7.1 not owned by the user); set smtp.from to", state: "waiting", pause: time.Hour,
		},
		"recipient refused": {
			server: func(s *server) { s.onTo = toEric(answer(550, smtp.EnhancedCode{5, 1, 1}, "no eric@example.com here")) },
			cause:  "eric: the server refused the address (550 5.1.1 no <address of eric> here); correct team.emails.eric", state: "refused", mails: []string{"erin@example.com"},
		},
		"sender not taken for now": {
			server: func(s *server) {
				s.onFrom = func(*smtp.Conn) error { return answer(451, smtp.EnhancedCode{4, 3, 0}, "low disk") }
			},
			cause: "smtp.example.org:587 takes no more mail for now (451 4.3.0 low disk)", state: "waiting", pause: 5 * time.Minute,
		},
		"login wanted": {
			server: func(s *server) {
				s.onFrom = func(*smtp.Conn) error { return answer(530, smtp.EnhancedCode{5, 7, 0}, "log in first") }
			},
			options: func(o *mail.Options) { o.Username, o.Password = "", "" },
			cause:   "wants a login (530 5.7.0 log in first); set smtp.username and FLOWKEEPER_SMTP_PASSWORD", state: "waiting", pause: time.Hour,
		},
		"no relay": {
			server:  func(s *server) { s.onTo = toEric(answer(554, smtp.EnhancedCode{5, 7, 1}, "relay access denied")) },
			options: func(o *mail.Options) { o.Username, o.Password = "", "" },
			cause:   "correct team.emails.eric, or set smtp.username if it wants a login to hand mail on", state: "refused", mails: []string{"erin@example.com"},
		},
		"mailbox full": {
			server: func(s *server) { s.onTo = toEric(answer(452, smtp.EnhancedCode{4, 2, 2}, "mailbox full")) },
			cause:  "the server does not take it for now", state: "waiting", pause: 5 * time.Minute, mails: []string{"erin@example.com"},
		},
		"greylisted": {
			server: func(s *server) { s.onTo = toEric(answer(451, smtp.EnhancedCode{4, 7, 1}, "greylisted")) },
			cause:  "eric: the server does not take it for now (451 4.7.1 greylisted)", state: "waiting", pause: 5 * time.Minute, mails: []string{"erin@example.com"},
		},
		"takes no more": {
			server: func(s *server) { s.onTo = toEric(answer(421, smtp.EnhancedCode{4, 7, 0}, "too many")) },
			cause:  "smtp.example.org:587 takes no more mail for now", state: "waiting", pause: 5 * time.Minute,
		},
		"cuts before the mail": {
			server: func(s *server) { s.onTo = func(c *smtp.Conn, _ string) error { return c.Close() } },
			cause:  "the connection to smtp.example.org:587 broke", state: "waiting", pause: 5 * time.Minute,
		},
		"takes all for spam": {
			server: func(s *server) {
				s.onData = func() error { return answer(554, smtp.EnhancedCode{5, 7, 1}, "spam") }
			},
			cause: "the server refused the mail (", state: "refused",
		},
		"cuts behind the mail": {
			mails:  []string{"eric@example.com"}, // but who would know?
			server: func(s *server) { s.onTaken = (*smtp.Conn).Close },
			cause:  "the server did not say whether it took the mail; it is not sent again", state: "unknown", pause: 5 * time.Minute,
		},
		"hangs behind the mail": {
			server: func(s *server) {
				s.onData = func() error {
					<-s.ended
					return errors.New("too late")
				}
			},
			cause: "eric: the server did not say whether it took the mail; it is not sent again", state: "unknown", pause: 5 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, began := newRig(t, c.server), time.Now()
				out := r.send(r.mailer(c.options), letters("eric", "erin"))
				if took := time.Since(began); took > 45*time.Second && c.state != "unknown" {
					t.Errorf("it took %s", took)
				}
				if got := stateOf(out, "eric"); got != c.state {
					t.Errorf("the mail to eric is %q, want %q: %s", got, c.state, out)
				}
				if causes := strings.Join(out.Causes, "\n"); !strings.Contains(causes, c.cause) {
					t.Errorf("got\n%s\nwant it to say\n%s", causes, c.cause)
				}
				if got := max(0, time.Until(out.Again).Round(time.Minute)); got != c.pause {
					t.Errorf("it is tried again in %s, want %s", got, c.pause)
				}
				r.got(c.mails...)
			})
		})
	}
}

func refuse(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nil, err }
}

func stateOf(o mail.Outcome, person string) string {
	for state, people := range map[string][]string{
		"sent": o.Sent, "waiting": o.Waiting, "refused": o.Refused, "unknown": o.Unknown, "no address": o.NoAddress,
	} {
		if slices.Contains(people, person) {
			return state
		}
	}
	return ""
}

// TestTriesAgain has a server that takes the mail at the third try.
func TestTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := newRig(t, func(s *server) {
			s.onTo = func(*smtp.Conn, string) error {
				if tries++; tries < 3 {
					return answer(451, smtp.EnhancedCode{4, 7, 1}, "greylisted")
				}
				return nil
			}
		})
		m, all := r.mailer(nil), letters("eric")
		out := r.send(m, all)
		if r.sendAgain(m, all); tries != 1 {
			t.Errorf("tried %d times before it was due, want once", tries)
		}
		for !out.Again.IsZero() {
			testkit.Pass(time.Until(out.Again))
			out = r.sendAgain(m, all)
		}
		r.got("eric@example.com")
		if n := r.logs.FilterMessage("mail not sent yet; it is tried again").Len(); n != 1 {
			t.Errorf("the same cause was said %d times, want once", n)
		}
	})
}

// TestGivesUp has a server that refuses the login for days.
func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		r := newRig(t, func(s *server) { s.onLogin = func() error { logins++; return smtp.ErrAuthFailed } })
		m, all, began := r.mailer(nil), letters("eric", "erin"), time.Now()
		out := r.send(m, all)
		for !out.Again.IsZero() {
			testkit.Pass(time.Until(out.Again))
			out = r.sendAgain(m, all)
		}
		if took := time.Since(began); took > 24*time.Hour || took < 22*time.Hour {
			t.Errorf("gave up after %s, want a day", took)
		}
		if logins != 25 {
			t.Errorf("%d logins, want one an hour", logins)
		}
		if got := stateOf(out, "erin"); got != "refused" || len(out.Causes) != 1 || !strings.HasPrefix(out.Causes[0], "eric, erin: given up after a day: ") {
			t.Errorf("got %s, want both refused", out)
		}
		if n := r.logs.FilterLevelExact(zap.WarnLevel).Len() + r.logs.FilterLevelExact(zap.ErrorLevel).Len(); n != 2 {
			t.Errorf("it was said %d times, want twice: when it began and when it was given up", n)
		}
	})
}

// TestStops has the bot stop while the server thinks about a mail: it may finish that one, and no other is begun.
func TestStops(t *testing.T) {
	for think, want := range map[time.Duration]string{3 * time.Second: "sent", time.Minute: "unknown"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			r := newRig(t, func(s *server) {
				s.onData = func() error {
					stop()
					select {
					case <-time.After(think):
					case <-s.ended:
					}
					return nil
				}
			})
			m, err := mail.New(r.options(), &failing{r.store, math.MaxInt})
			if err != nil {
				t.Fatal(err)
			}
			all := letters("eric", "erin")
			if _, err := m.Prepare(ctx, key, all, nil); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := m.Send(ctx, key, all); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want that it was stopped", err)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s to stop", took)
			}
			out := r.sendAgain(r.mailer(func(o *mail.Options) { o.Dial = refuse(errors.New("away")) }), all)
			if got := []string{stateOf(out, "eric"), stateOf(out, "erin")}; !slices.Equal(got, []string{want, "waiting"}) {
				t.Errorf("after %s of thinking the mails are %v, want %s and waiting", think, got, want)
			}
		})
	}
}

// TestEncryption has servers that need no STARTTLS.
func TestEncryption(t *testing.T) {
	for name, c := range map[string]struct {
		server  func(*server)
		options func(*server, *mail.Options)
	}{
		"from the start": {func(s *server) { s.names = []string{host} }, func(s *server, o *mail.Options) {
			o.Port = 465
			o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				ours, theirs := buffered()
				return ours, s.take(ctx, tls.Server(theirs, s.TLSConfig))
			}
		}},
		"on this machine": {func(s *server) { s.plain = true }, func(_ *server, o *mail.Options) { o.Host = "localhost" }},
		"on this machine, by address, without login": {func(s *server) { s.plain, s.noLogin = true, true }, func(_ *server, o *mail.Options) {
			o.Host, o.Username, o.Password = "::1", "", ""
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.server)
				out := r.send(r.mailer(func(o *mail.Options) { c.options(r.server, o) }), letters("eric"))
				if stateOf(out, "eric") != "sent" {
					t.Error(out)
				}
				r.got("eric@example.com")
			})
		})
	}
}

// TestOverTCP is outside of the bubble in which the other tests have their time.
func TestOverTCP(t *testing.T) {
	r := newRig(t, nil)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.server.serve(t, listener)
	r.server.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
	}
	if out := r.send(r.mailer(nil), letters("eric", "erin")); len(out.Sent) != 2 {
		t.Error(out)
	}
	r.got("eric@example.com", "erin@example.com")
}

// TestNoLoginInTheClear names a server on another machine that would take the password without encryption.
func TestNoLoginInTheClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := false
		r := newRig(t, func(s *server) { s.plain, s.onLogin = true, func() error { asked = true; return nil } })
		r.send(r.mailer(nil), letters("eric"))
		if asked {
			t.Error("the password was sent in the clear")
		}
	})
}

func TestNew(t *testing.T) {
	for want, change := range map[string]func(*mail.Options){
		`smtp.from: "" is no`:             func(o *mail.Options) { o.From = "" },
		`smtp.from: "<a@b>, <c@d>" is no`: func(o *mail.Options) { o.From = "<a@b>, <c@d>" },
		"team.emails.eric: ":              func(o *mail.Options) { o.Emails = map[string]string{"eric": "eric@example.com\r\nRCPT TO:<x@y>"} },
	} {
		o := mail.Options{Host: host, From: "flowkeeper@example.org", Password: password, Log: zap.NewNop(), Registry: prometheus.NewRegistry()}
		change(&o)
		if _, err := mail.New(o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, o); strings.Contains(text, password) {
				t.Errorf("the password is shown: %s", text)
			}
		}
	}
}

// TestSet switches mail on, and a wrong password to the right one, while the bot runs.
func TestSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, all := newRig(t, nil), letters("eric")
		m := r.mailer(func(o *mail.Options) { o.Host = "" })
		if mailed, err := m.Prepare(t.Context(), key, all, []string{"erin"}); err != nil || !slices.Equal(mailed, []string{"erin"}) {
			t.Errorf("got %v, %v without a server, want the names that were there", mailed, err)
		}
		if out := r.sendAgain(m, all); out.String() != "no mail" {
			t.Errorf("got %s without a server", out)
		}
		o := r.options()
		o.Password, o.Dial, o.Roots = "wrong", nil, nil
		if err := m.Set(o); err != nil {
			t.Fatal(err)
		}
		out := r.send(m, all)
		o.Password = password
		if err := m.Set(o); err != nil {
			t.Fatal(err)
		}
		o.From = "nobody"
		if err := m.Set(o); err == nil {
			t.Error("got no error for a wrong sender")
		}
		testkit.Pass(time.Until(out.Again))
		r.sendAgain(m, all)
		r.got("eric@example.com")
	})
}
