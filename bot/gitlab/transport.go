package gitlab

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	maxAnswer   = 32 << 20 // bytes of a body. A page of a hundred long comments stays well below
	maxKeptBody = 4 << 10  // bytes of a refusal: GitLab's words fit many times over
)

var errTooLarge = errors.New("the answer is larger than 32 MiB")

// newTransport is the transport of a client that was given none.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	// A connection that a firewall dropped silently would otherwise swallow every request until the kernel gives it up.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}

// hardened is the client with limited answers and without redirects: net/http would send the header with the token to any other host,
// and a POST would arrive there as a GET.
func hardened(c *http.Client) *http.Client {
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{
		Transport:     hardenedTransport{next},
		Jar:           c.Jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// hardenedTransport protects the library from answers that it cannot cope with.
type hardenedTransport struct{ next http.RoundTripper }

func (g hardenedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	// The library panics on a Link header with a parameter that has no value, which a proxy may add. Pages are found without it.
	resp.Header.Del("Link")
	most := int64(maxAnswer)
	if less, ok := req.Context().Value(mostKey{}).(int64); ok {
		most = less
	}
	body := &limitedBody{body: resp.Body, left: most}
	if resp.ContentLength > most {
		body.left = -1 // there is no need to read what will not be used
	}
	if resp.StatusCode == http.StatusNotFound {
		body.keep = maxKeptBody
	}
	resp.Body = body
	return resp, nil
}

// mostKey is the key of a context whose answers may have fewer bytes than maxAnswer.
type mostKey struct{}

// limitedBody is a body that ends with errTooLarge after so many bytes. It keeps the first ones, as many as keep says: the library reads the
// body of a 404 and throws it away.
type limitedBody struct {
	body io.ReadCloser
	left int64
	keep int
	head []byte
}

// keptBody is the kept beginning of an answer's body.
func keptBody(resp *http.Response) []byte {
	if b, ok := resp.Body.(*limitedBody); ok {
		return b.head
	}
	return nil
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	// One byte more than allowed tells a body that just fits from one that is too large.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	b.head = append(b.head, p[:min(n, b.keep-len(b.head))]...)
	if b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

func (b *limitedBody) Close() error { return b.body.Close() }
