package gitlab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Server is what an answer tells of the GitLab that gave it, beside its content.
type Server struct {
	Version     string       // "19.1.0-ee"; "" if GitLab did not say
	Community   bool         // it is the Community Edition, which can have no licence; false if GitLab did not say
	Date        time.Time    // its clock while it answered, whole seconds; zero if it did not say
	Asked       time.Time    // this client's clock before it asked
	Answered    time.Time    // and when the answer was there
	Certificate *Certificate // nil without TLS
}

// Certificate is the one that a server has shown, and that was found valid.
type Certificate struct {
	Issuer  string // who signed it: "Let's Encrypt"
	Expires time.Time
}

// Reach asks GitLab for its version. What can be told of the server is told beside an error as well, if something answered.
func (c *Client) Reach(ctx context.Context) (Server, error) {
	k := call{name: "version", op: "asking GitLab for its version", method: http.MethodGet, path: "version"}
	var w struct {
		Version    string `json:"version"`
		Enterprise *bool  `json:"enterprise"`
	}
	s := Server{Asked: c.now()}
	a, err := c.do(ctx, k, &w)
	s.Answered, s.Version, s.Certificate = c.now(), w.Version, certificateOf(a.tls)
	s.Community = w.Enterprise != nil && !*w.Enterprise
	if at, bad := http.ParseTime(a.header.Get("Date")); bad == nil {
		s.Date = at
	}
	if err == nil && s.Version == "" {
		err = c.newError(k, a.status, Transient, errors.New("the answer tells of no version"))
	}
	return s, err
}

// Behind is by how much this machine's clock is behind the server's; negative if it is ahead. It is 0 as long as the answer's way and its whole
// seconds explain a difference.
func (s Server) Behind() time.Duration {
	if s.Date.IsZero() {
		return 0
	}
	least, most := s.Date.Sub(s.Answered), s.Date.Add(time.Second).Sub(s.Asked)
	switch {
	case least > 0:
		return least
	case most < 0:
		return most
	}
	return 0
}

func certificateOf(state *tls.ConnectionState) *Certificate {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	c := CertificateOf(state.PeerCertificates[0])
	return &c
}

// CertificateOf is what can be told of a certificate.
func CertificateOf(c *x509.Certificate) Certificate {
	issuer := c.Issuer.CommonName
	if names := c.Issuer.Organization; len(names) > 0 {
		issuer = names[0]
	}
	return Certificate{Issuer: truncate(issuer), Expires: c.NotAfter}
}

// LastDelivery is the newest delivery of a webhook that GitLab has logged, within seven days. There is none, without an error, if nothing was
// delivered. NotFound if the webhook is not there or GitLab is older than 17.3.
func (c *Client) LastDelivery(ctx context.Context, place Place, hook int64) (newest HookEvent, found bool, err error) {
	k := call{
		name: "hook-events", op: fmt.Sprintf("loading the deliveries of webhook %d of %s", hook, place), method: http.MethodGet,
		path: place.sub("hooks", strconv.FormatInt(hook, 10), "events"), role: hookRole(place),
	}
	err = eachOf(ctx, c, k, page{PerPage: perHookPage}, func(w wireHookEvent) (bad error) {
		if newest, bad = w.event(); bad != nil {
			return bad
		}
		found = true
		return errEnough // the newest comes first
	})
	return newest, found, err
}
