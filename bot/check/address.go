package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"flowkeeper/bot/gitlab"
)

// addressTime is how long the bot's own address may take to answer. GitLab waits ten seconds.
const addressTime = 10 * time.Second

// Address asks the address to which GitLab delivers. That it is not reached from here does not say that GitLab does not reach it, so nothing of it is
// a failure. Client may be nil.
func Address(address string, client *http.Client, now func() time.Time) Part {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return func(ctx context.Context) []Finding {
		const what = "own address"
		ctx, cancel := context.WithTimeout(ctx, addressTime)
		defer cancel()
		status, state, err := get(ctx, &own, address)
		switch {
		case err != nil:
			return []Finding{warned(what, fmt.Sprintf("%s cannot be reached from here: %v", address, err), unreachedHelp(err))}
		case status != http.StatusMethodNotAllowed: // the bot's word to whoever does not post
			return []Finding{warned(what, fmt.Sprintf("%s answers %d, as the bot would not: something else is there, or a proxy before it does not find it", address, status),
				"check server.url (FLOWKEEPER_URL) and what stands before the bot; GitLab follows no redirects")}
		}
		all := []Finding{Good(what, address+" answers")}
		if state != nil && len(state.PeerCertificates) > 0 {
			leaf := state.PeerCertificates[0]
			if f := certificate(what, "its certificate", gitlab.CertificateOf(leaf), now()); f.Status != OK {
				all = append(all, f)
			}
		}
		return all
	}
}

// unreachedHelp says what would help where the address was not reached.
func unreachedHelp(err error) string {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return "if it is the certificate of an authority of your own, name its file in SSL_CERT_FILE here, and have GitLab know it, too"
	}
	return "see to it that the bot runs and that GitLab reaches it there; it may be that only this machine does not"
}

// get asks an address without posting anything.
func get(ctx context.Context, client *http.Client, address string) (status int, state *tls.ConnectionState, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the address is said already
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", addressTime)
	}
	if err != nil {
		return 0, nil, err
	}
	resp.Body.Close()
	return resp.StatusCode, resp.TLS, nil
}
