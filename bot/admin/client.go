package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"flowkeeper/bot/letter"
	"flowkeeper/rules/triage"
)

// ErrNoLetter says that an issue has no dead letter.
var ErrNoLetter = errors.New("there is no such dead letter")

// Bounds of a client's patience.
const (
	clientTimeout = 30 * time.Second
	largestAnswer = 256 << 20 // bytes; a letter's mail is a few hundred a delivery
)

// Client asks a running bot's admin address. It is for one goroutine or many.
type Client struct {
	base  string
	token string
	http  http.Client
}

// NewClient is a client for the base of an admin address, "http://127.0.0.1:8081", that shows the admin token if there is one.
func NewClient(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("that is not where an admin address can be reached: write http://host:port, such as http://127.0.0.1:8081")
	}
	return &Client{
		base:  strings.TrimRight(u.String(), "/"),
		token: token,
		http: http.Client{
			Timeout:       clientTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Letters are the newest dead letters, at most MaxLetters, without their mail.
func (c *Client) Letters(ctx context.Context) ([]letter.Letter, error) {
	var all []letter.Letter
	return all, c.do(ctx, http.MethodGet, "/dead", &all)
}

// Letter is the whole letter of an issue. ErrNoLetter.
func (c *Client) Letter(ctx context.Context, issue triage.Ref) (letter.Letter, error) {
	var l letter.Letter
	err := c.do(ctx, http.MethodGet, path(issue), &l)
	if err == nil && l.Issue() != issue {
		err = fmt.Errorf("%s answers with another letter than that of %s: is it a Flowkeeper of this version?", c.base, issue)
	}
	return l, err
}

// Retry puts a letter back into its issue's mailbox. ErrNoLetter.
func (c *Client) Retry(ctx context.Context, issue triage.Ref) error {
	return c.do(ctx, http.MethodPost, path(issue)+"/retry", &struct{}{})
}

// Drop forgets a letter. ErrNoLetter.
func (c *Client) Drop(ctx context.Context, issue triage.Ref) error {
	return c.do(ctx, http.MethodDelete, path(issue), &struct{}{})
}

// Close ends connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func path(subject triage.Ref) string {
	return "/dead" + subjectPath(strconv.FormatInt(subject.Project, 10), subject.Kind, strconv.FormatInt(subject.IID, 10))
}

// do makes one request and reads the answer's JSON.
func (c *Client) do(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("preparing a request to %s: %w", c.base, err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachableError(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer of %s: %w", c.base, err)
	case len(body) > largestAnswer:
		return fmt.Errorf("the answer of %s is larger than 256 MiB", c.base)
	case resp.StatusCode/100 == 2 && bytes.ContainsAny(body[:min(1, len(body))], "{[") && json.Unmarshal(body, into) == nil:
		return nil
	}
	return c.responseError(resp, body)
}

// unreachableError is the error of a request that got no answer.
func (c *Client) unreachableError(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("asking %s: %w", c.base, err)
	}
	what := "no answer from " + c.base
	if errors.Is(err, syscall.ECONNREFUSED) {
		what = "nobody listens on " + c.base
	}
	return fmt.Errorf("%s: %w\nWhat you ask for is with the running bot. Start it, or say where its admin address is: --admin URL, or FLOWKEEPER_ADMIN_LISTEN "+
		"as for serve\nIf it runs elsewhere, make a tunnel first, such as: kubectl -n flowkeeper port-forward deploy/flowkeeper 8081, or ssh -L 8081:127.0.0.1:8081 host", what, err)
}

// responseError is the error of an answer other than the wanted one.
func (c *Client) responseError(resp *http.Response, body []byte) error {
	var said struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &said) // the message stays empty if it is something else
	switch {
	case said.Message == "" || said.Message == http.StatusText(resp.StatusCode):
		return fmt.Errorf("%s answered %s, which is not how a Flowkeeper's admin address answers: is it the address of the webhooks, or an older version?", c.base, resp.Status)
	case resp.StatusCode == http.StatusNotFound:
		return ErrNoLetter
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("%s answered %s: %s; set FLOWKEEPER_ADMIN_TOKEN or FLOWKEEPER_ADMIN_TOKEN_FILE as for serve", c.base, resp.Status, said.Message)
	}
	return fmt.Errorf("%s answered %s: %s", c.base, resp.Status, said.Message)
}
