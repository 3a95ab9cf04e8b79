package gitlab

import (
	"bytes"
	"context"
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
)

// call is one request.
type call struct {
	name    string // for metrics and logs: one of a fixed few
	op      string // for errors: "loading issue 7#12"
	method  string
	path    string            // below /api/v4/; "" for a subject that is no issue
	send    any               // the query of a GET, as a struct with url tags; the JSON body of the others
	note    bool              // writes a comment
	graphql bool              // a question in GraphQL; the path is its own
	token   func(http.Header) // puts another token than the one in use into the request; nil for that one
	role    string            // what the token must be in the project, for errors; "" is what the bot is anyway
}

// answer is what came back; its zero value is nothing.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends the call once and decodes the answer into the value that into points to, unless that is nil.
func (c *Client) do(ctx context.Context, k call, into any) (answer, error) {
	if k.path == "" && !k.graphql {
		return answer{}, c.fail(k, 0, GiveUp, errOnlyIssues)
	}
	if err := c.limit.Wait(ctx, k.note); err != nil {
		return answer{}, c.fail(k, 0, Outage, err)
	}
	start := c.now()
	a, err := c.send(ctx, k)
	c.observe(k, a.status, c.now().Sub(start), err)
	if a.status > 0 {
		c.limit.Observe(k.note, a.status, a.header)
	}
	if err != nil {
		return a, err
	}
	if into == nil {
		return a, c.empty(ctx, k, a)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return a, c.unreadable(ctx, k, a, err)
	}
	return a, nil
}

// send makes the request and reads its answer.
func (c *Client) send(ctx context.Context, k call) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	req, err := c.api.NewRequest(k.method, k.path, k.send, []api.RequestOptionFunc{api.WithContext(limited)})
	if err != nil {
		return answer{}, c.fail(k, 0, GiveUp, fmt.Errorf("building the request: %w", err))
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
		return answer{}, c.fail(k, 0, Outage, c.unanswered(ctx, err))
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body.Bytes()}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		a.body = beginning(resp.Response)
		if refused, ok := errors.AsType[*api.ErrorResponse](err); ok {
			a.body = refused.Body
		}
		return a, c.doubt(ctx, k, a, c.refused(k, a))
	}
	if errors.Is(err, errTooLarge) {
		return a, c.fail(k, a.status, Retry, err)
	}
	if err != nil {
		return a, c.fail(k, a.status, Outage, fmt.Errorf("the answer was cut off: %w", c.unanswered(ctx, err)))
	}
	return a, nil
}

// unanswered says why a request got no answer, or no complete one. ctx is the caller's, without the request's own timeout.
func (c *Client) unanswered(ctx context.Context, err error) error {
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
	if text := c.tokens.hide(err.Error()); len(text) > maxText {
		err = errors.New(clip(text)) // what is no HTTP at all is quoted in full
	}
	return fmt.Errorf("no answer from %s: %w%s", c.base, err, help)
}

// unreadable is the failure of an answer that says it succeeded and cannot be understood.
func (c *Client) unreadable(ctx context.Context, k call, a answer, err error) error {
	if !saysJSON(a.header) {
		return c.doubt(ctx, k, a, c.fail(k, a.status, foreignClass(k.method), foreign(c.redacted(a))))
	}
	return c.fail(k, a.status, Retry, fmt.Errorf("reading the answer: %w", err))
}

// empty checks an answer of which only the status counts: a login page with status 200 is no success.
func (c *Client) empty(ctx context.Context, k call, a answer) error {
	if a.status == http.StatusNoContent || saysJSON(a.header) {
		return nil
	}
	return c.doubt(ctx, k, a, c.fail(k, a.status, foreignClass(k.method), foreign(c.redacted(a))))
}

// fail makes the error of a call, without the token whatever the other side wrote.
func (c *Client) fail(k call, status int, class Class, err error) *Error {
	if text := err.Error(); c.tokens.hide(text) != text {
		err = errors.New(c.tokens.hide(text))
	}
	return &Error{Op: k.op, Status: status, Class: class, Err: err}
}

// observe counts and logs a request; never its bodies.
func (c *Client) observe(k call, status int, took time.Duration, err error) {
	c.metrics.observe(k.name, status, took)
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
