package gitlab

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/xanzy/go-gitlab"
	"go.uber.org/zap"

	"flowkeeper/bot/tracing"
)

// call is one request.
type call struct {
	name    string // for metrics and logs: one of a fixed few
	op      string // for errors: "loading issue 7#12"
	method  string
	path    string            // below /api/v4/; "" for a subject that is no issue
	send    any               // the query of a GET, as a struct with url tags; the JSON body of the others
	note    bool              // writes a comment
	graphql bool              // a GraphQL query, which has a path of its own
	token   func(http.Header) // sets another token in the request; nil for the one in use
	most    int64             // bytes that the answer may have; 0 is maxAnswer
	role    string            // the role that the token needs in the project, for errors; "" for the bot's usual one
}

// answer is what came back; its zero value is nothing.
type answer struct {
	status int
	header http.Header
	body   []byte
	tls    *tls.ConnectionState // nil without TLS
}

// do sends the call once and decodes the answer into the value that into points to, unless that is nil.
func (c *Client) do(ctx context.Context, k call, into any) (answer, error) {
	if k.path == "" && !k.graphql {
		return answer{}, c.newError(k, 0, Permanent, errOnlyIssues)
	}
	if err := c.limit.Wait(ctx, k.note); err != nil {
		return answer{}, c.unsent(k, err)
	}
	if err := mayWrite(ctx, k); err != nil {
		return answer{}, c.unsent(k, err)
	}
	countCall(ctx)
	start := c.now()
	traced, span := tracing.StartCall(ctx, k.name)
	a, err := c.send(traced, k)
	c.recordCall(k, a.status, c.now().Sub(start), err)
	describe(span, k, a.status, err)
	span.End()
	if a.status > 0 {
		c.limit.Observe(k.note, a.status, a.header)
	}
	if err != nil {
		return a, err
	}
	if into == nil {
		return a, c.requireJSON(ctx, k, a)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return a, c.decodeError(ctx, k, a, err)
	}
	return a, nil
}

// send makes the request and reads its answer.
func (c *Client) send(ctx context.Context, k call) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if k.most > 0 {
		limited = context.WithValue(limited, mostKey{}, k.most)
	}

	req, err := c.api.NewRequest(k.method, k.path, k.send, []api.RequestOptionFunc{api.WithContext(limited)})
	if err != nil {
		return answer{}, c.newError(k, 0, Permanent, fmt.Errorf("building the request: %w", err))
	}
	if k.graphql {
		req.URL.Path, req.URL.RawPath = graphqlPath(req.URL.Path), ""
	}
	show := k.token
	if show == nil {
		show = c.tokens.current()
	}
	show(req.Header)
	// A writer makes the library hand over the body as it is. Its own structs would lose what we must know: whether an issue has a
	// weight field, whether the weight is none or 0.
	var body bytes.Buffer
	resp, err := c.api.Do(req, &body)
	if resp == nil {
		return answer{}, c.newError(k, 0, Unavailable, c.noAnswerError(ctx, err))
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body.Bytes(), tls: resp.TLS}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		a.body = keptBody(resp.Response)
		if refused, ok := errors.AsType[*api.ErrorResponse](err); ok {
			a.body = refused.Body
		}
		return a, c.checkAccount(ctx, k, a, c.responseError(k, a))
	}
	if errors.Is(err, errTooLarge) {
		return a, c.newError(k, a.status, Transient, err)
	}
	if err != nil {
		return a, c.newError(k, a.status, Unavailable, fmt.Errorf("the answer was cut off: %w", c.noAnswerError(ctx, err)))
	}
	return a, nil
}

// noAnswerError says why a request got no answer, or no complete one. ctx is the caller's, without the request's own timeout.
func (c *Client) noAnswerError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer from %s within %s", c.base, c.timeout)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // drops a URL that says less than the operation does
	}
	help := connectionHelp(err)
	if text := c.tokens.redactText(err.Error()); len(text) > maxQuoted {
		err = errors.New(truncate(text)) // what is no HTTP at all is quoted in full
	}
	return fmt.Errorf("no answer from %s: %w%s", c.base, err, help)
}

// decodeError is the error for an answer that reports success and cannot be decoded.
func (c *Client) decodeError(ctx context.Context, k call, a answer, err error) error {
	if !saysJSON(a.header) {
		return c.checkAccount(ctx, k, a, c.newError(k, a.status, notGitLabClass(k.method), notGitLabError(c.redacted(a))))
	}
	return c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
}

// requireJSON checks an answer of which only the status counts: a login page with status 200 is no success.
func (c *Client) requireJSON(ctx context.Context, k call, a answer) error {
	if a.status == http.StatusNoContent || saysJSON(a.header) {
		return nil
	}
	return c.checkAccount(ctx, k, a, c.newError(k, a.status, notGitLabClass(k.method), notGitLabError(c.redacted(a))))
}

// newError makes the error of a call, with every token redacted.
func (c *Client) newError(k call, status int, class Class, err error) *Error {
	if text := err.Error(); c.tokens.redactText(text) != text {
		err = errors.New(c.tokens.redactText(text))
	}
	return &Error{Op: k.op, Status: status, Class: class, Err: err}
}

// unsent is the error of a call that was not sent.
func (c *Client) unsent(k call, err error) *Error {
	e := c.newError(k, 0, Unavailable, err)
	e.Unsent = true
	return e
}

// recordCall counts and logs a request, without its bodies.
func (c *Client) recordCall(k call, status int, took time.Duration, err error) {
	c.metrics.record(k.name, status, took)
	fields := []zap.Field{zap.String("call", k.name), zap.String("method", k.method), zap.String("path", k.path),
		zap.Int("status", status), zap.Duration("took", took)}
	if err != nil {
		fields = append(fields, zap.String("class", string(ClassOf(err))))
	}
	c.log.Debug("gitlab request", fields...)
}

// saysJSON reports whether an answer claims to be JSON, as all of GitLab's API does.
func saysJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}
