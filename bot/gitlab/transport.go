package gitlab

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	maxAnswer = 32 << 20 // bytes of a body. A page of a hundred long comments stays well below
	maxKept   = 4 << 10  // bytes of a refusal: GitLab's words fit many times over
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

// guarded is the client with its answers bounded and its redirects not followed: the token travels in a header that net/http would
// carry along to any other host, and a POST would arrive there as a GET.
func guarded(c *http.Client) *http.Client {
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{
		Transport:     guard{next},
		Jar:           c.Jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard is a transport that protects the library from what it reads.
type guard struct{ next http.RoundTripper }

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	// The library panics on a Link header with a parameter that has no value, which a proxy may add. Pages are found without it.
	resp.Header.Del("Link")
	body := &bounded{body: resp.Body, left: maxAnswer}
	if resp.ContentLength > maxAnswer {
		body.left = -1 // there is no need to read what will not be used
	}
	if resp.StatusCode == http.StatusNotFound {
		body.keep = maxKept
	}
	resp.Body = body
	return resp, nil
}

// bounded is a body that ends with errTooLarge after so many bytes. It keeps as many of the first as are asked for: the library reads
// the body of a 404 and throws it away.
type bounded struct {
	body io.ReadCloser
	left int64
	keep int
	head []byte
}

// beginning is what the guard kept of an answer's body.
func beginning(resp *http.Response) []byte {
	if b, ok := resp.Body.(*bounded); ok {
		return b.head
	}
	return nil
}

func (b *bounded) Read(p []byte) (int, error) {
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

func (b *bounded) Close() error { return b.body.Close() }
