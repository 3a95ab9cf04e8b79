package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"

	"flowkeeper/bot/legible"
)

// failure is why a mail was not sent, and what would help.
type failure struct {
	text  string // for people, without secrets
	scope scope
	kind  kind
}

// scope is whom a failure is about.
type scope int

const (
	ofServer scope = iota // nobody gets mail
	ofPerson              // others may get theirs
)

// kind is what follows from a failure.
type kind int

const (
	passing kind = iota // tried again soon
	lasting             // of a person: not tried again. Of the server: tried again seldom, because whoever sees to it helps all
	unclear             // the server may have taken the mail
)

// maxServerText is how many characters of a server's answer are shown.
const maxServerText = 200

// notConnected is what went wrong before a mail could be handed over.
func (o Options) notConnected(err error, loggingIn bool) *failure {
	var (
		answer    *textproto.Error
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		dns       *net.DNSError
	)
	at := o.address()
	f := &failure{kind: lasting}
	switch {
	case errors.As(err, &authority):
		f.text = at + " has a certificate of an authority that is not known here; put that authority's certificate into the file that SSL_CERT_FILE names"
	case errors.As(err, &name):
		f.text = fmt.Sprintf("%s has a certificate for other names (%s); set smtp.host to one of them", at, legible.Cut(strings.Join(name.Certificate.DNSNames, ", "), maxServerText))
	case errors.As(err, &invalid):
		f.text = fmt.Sprintf("%s has a certificate that is not valid (%v); renew it, or check the clock of this machine", at, invalid)
	case errors.As(err, &noTLS):
		f.text = at + " does not speak TLS from the start; set smtp.port to 587 if it knows STARTTLS"
	case loggingIn && errors.As(err, &answer):
		f.text = fmt.Sprintf("%s refused the login of %q (%s); check smtp.username and FLOWKEEPER_SMTP_PASSWORD, and whether the server wants a password made for programs", at, o.Username, o.answer(answer))
		f.kind = kindOf(answer.Code)
	case loggingIn && errors.Is(err, errNoLogin):
		f.text = at + " offers no login by SCRAM, PLAIN or LOGIN here; leave smtp.username empty if it needs none, else set smtp.host to a name for which it offers STARTTLS"
	case errors.As(err, &answer):
		f.text = fmt.Sprintf("%s does not take mail (%s)", at, o.answer(answer))
		f.kind = kindOf(answer.Code)
	case errors.Is(err, context.Canceled):
		f.text, f.kind = "the bot was stopped while it connected to "+at, passing
	case errors.As(err, &dns) && dns.IsNotFound:
		f.text = fmt.Sprintf("there is no host %q; check smtp.host", o.Host)
	case isTimeout(err):
		f.text, f.kind = fmt.Sprintf("%s did not answer within %s; check smtp.host, smtp.port and the firewall, and set smtp.port to 465 if it is encrypted from the start", at, connectTime), passing
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		f.text = at + " offers no STARTTLS, and nothing is sent unencrypted but to this machine itself; set smtp.port to 465 if it is encrypted there, else name another server"
	default:
		f.text, f.kind = fmt.Sprintf("%s cannot be reached (%s); check smtp.host and smtp.port", at, o.clean(err.Error())), passing
	}
	return f
}

// notWritten is a letter of which no mail can be made.
func (o Options) notWritten(err error) *failure {
	return &failure{scope: ofPerson, kind: lasting, text: "the mail cannot be written: " + o.clean(err.Error())}
}

// notSent is what went wrong with the mail to one person, in one step.
func (o Options) notSent(person string, at step, err error) *failure {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		if at == stepTaken {
			return &failure{
				scope: ofPerson, kind: unclear,
				text: "the server did not say whether it took the mail; it is not sent again, and the report itself says the same",
			}
		}
		return &failure{kind: passing, text: fmt.Sprintf("the connection to %s broke (%s)", o.address(), o.clean(err.Error()))}
	}
	said := o.answer(answer)
	f := &failure{scope: ofPerson, kind: kindOf(answer.Code)}
	switch {
	case answer.Code == 421, at == stepSender && f.kind == passing:
		f.scope, f.text = ofServer, fmt.Sprintf("%s takes no more mail for now (%s)", o.address(), said)
	case answer.Code == 530:
		f.scope, f.text = ofServer, fmt.Sprintf("%s wants a login (%s); set smtp.username and FLOWKEEPER_SMTP_PASSWORD", o.address(), said)
	case at == stepSender:
		f.scope = ofServer
		f.text = fmt.Sprintf("%s does not take mail from %s (%s); set smtp.from to an address from which the login may send", o.address(), o.From, said)
	case f.kind == passing:
		f.text = fmt.Sprintf("the server does not take it for now (%s)", said)
	case at == stepRecipient:
		f.text = fmt.Sprintf("the server refused the address (%s); correct team.emails.%s", said, person)
		if o.Username == "" {
			f.text += ", or set smtp.username if it wants a login to hand mail on"
		}
	default:
		f.text = fmt.Sprintf("the server refused the mail (%s)", said)
	}
	return f
}

// kindOf reads the first digit of an answer: 4 is not now, 5 is never.
func kindOf(code int) kind {
	if code/100 == 4 {
		return passing
	}
	return lasting
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func (o Options) answer(e *textproto.Error) string {
	return o.clean(fmt.Sprintf("%d %s", e.Code, e.Msg))
}

// clean makes a text of the server fit for logs: on one line, not too long, and without what it may have repeated of the login or of a
// person's address.
func (o Options) clean(text string) string {
	encode := base64.StdEncoding.EncodeToString
	var pairs []string
	if o.Password != "" {
		pairs = append(pairs,
			encode([]byte("\x00"+o.Username+"\x00"+o.Password)), "<secret>", encode([]byte(o.Password)), "<secret>", o.Password, "<secret>")
	}
	for person, address := range o.Emails {
		pairs = append(pairs, address, "<address of "+person+">")
	}
	return legible.Cut(legible.Printable(strings.NewReplacer(pairs...).Replace(text)), maxServerText)
}
