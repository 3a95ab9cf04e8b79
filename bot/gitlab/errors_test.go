package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// The calls of a client, by what they do to the issue.
func calls(c *gitlab.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := c.Issue(ctx, ref)
			return err
		},
		"write": func(ctx context.Context) error {
			_, err := c.UpdateIssue(ctx, triage.Issue{Ref: ref}, triage.Issue{Ref: ref, Labels: []string{"a"}})
			return err
		},
		"comment": func(ctx context.Context) error {
			_, err := c.CreateNote(ctx, ref, false, "hello")
			return err
		},
		"comments": func(ctx context.Context) error {
			_, err := c.OwnNotes(ctx, ref, by(5))
			return err
		},
		"past": func(ctx context.Context) error {
			_, err := c.ResourceEvents(ctx, ref)
			return err
		},
		"edit":   func(ctx context.Context) error { return c.EditNote(ctx, ref, 1, "hello") },
		"delete": func(ctx context.Context) error { return c.DeleteNote(ctx, ref, 1) },
		"self":   func(ctx context.Context) error { return c.Ping(ctx) },
		"react":  func(ctx context.Context) error { return c.AddReaction(ctx, ref, 1, "x") },
		"reply": func(ctx context.Context) error {
			_, err := c.Reply(ctx, ref, "d1", 1, false, "hello")
			return err
		},
		"thread": func(ctx context.Context) error {
			_, err := c.Reply(ctx, ref, "", 1, false, "hello")
			return err
		},
		"open": func(ctx context.Context) error {
			_, err := c.CreateIssue(ctx, 7, gitlab.NewIssue{Title: "hello"})
			return err
		},
		"find": func(ctx context.Context) error {
			_, _, err := c.FindIssueByMarker(ctx, 7, 5, "hello", time.Time{})
			return err
		},
		"link": func(ctx context.Context) error {
			_, err := c.CreateLink(ctx, ref, triage.Ref{Project: 7, IID: 13}, triage.Blocks)
			return err
		},
		"resolve": func(ctx context.Context) error {
			_, err := c.IssueByReference(ctx, 7, "g/p#1")
			return err
		},
		"updated": func(ctx context.Context) error {
			return c.EachUpdatedIssue(ctx, 7, time.Time{}, func(triage.Issue) error { return nil })
		},
		"hooks": func(ctx context.Context) error {
			_, err := c.Hooks(ctx, 7)
			return err
		},
		"events": func(ctx context.Context) error {
			_, err := c.HookEvents(ctx, 7, 1, time.Time{})
			return err
		},
		"test":   func(ctx context.Context) error { return c.TestHook(ctx, 7, 1) },
		"resend": func(ctx context.Context) error { return c.ResendHookEvent(ctx, 7, 1, 2) },
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	const (
		json = "application/json"
		html = "text/html; charset=utf-8"
		page = "<html><title>Error</title></html>"
	)
	tests := map[string]struct {
		status      int
		kind, body  string
		read, write gitlab.Class // write is read if empty
		says        string
	}{
		"301":             {status: 301, read: gitlab.Unavailable, says: "redirects to an address that cannot be read"},
		"304":             {status: 304, read: gitlab.Unavailable, says: "304 Not Modified"},
		"400":             {status: 400, kind: json, body: `{"error":"weight is invalid"}`, read: gitlab.Permanent, says: `400 Bad Request ("weight is invalid")`},
		"400, structured": {status: 400, kind: json, body: `{"message":{"note":["is too long"]}}`, read: gitlab.Permanent, says: "is too long"},
		"401":             {status: 401, kind: json, body: `{"message":"401 Unauthorized"}`, read: gitlab.Unavailable, says: "give the bot a valid one"},
		"401, of a proxy": {status: 401, kind: html, body: page, read: gitlab.Unavailable, says: "401 Unauthorized: "},
		"402":             {status: 402, kind: json, body: `{}`, read: gitlab.Permanent, says: "402 Payment Required"},
		"403":             {status: 403, kind: json, body: `{"message":"403 Forbidden"}`, read: gitlab.Permanent, says: "role Reporter or Planner"},
		"403, blocked":    {status: 403, kind: json, body: `{"message":"403 Forbidden - Your account has been blocked."}`, read: gitlab.Unavailable, says: "shuts the bot's account out"},
		// No issue is to be given up because the token is a wrong one: all are kept until there is another.
		"403, scope":             {status: 403, kind: json, body: `{"error":"insufficient_scope","scope":"api"}`, read: gitlab.Unavailable, says: "lacks the scope api"},
		"403, maintenance":       {status: 403, kind: json, body: `{"message":"You cannot perform write operations on a read-only instance"}`, read: gitlab.Unavailable, says: "maintenance"},
		"403, of a proxy":        {status: 403, kind: html, body: page, read: gitlab.Unavailable, write: gitlab.Transient, says: "text/html"},
		"404":                    {status: 404, kind: json, body: `{"message":"404 Not found"}`, read: gitlab.NotFound, says: "the token may not see it"},
		"404, of a proxy":        {status: 404, kind: "text/plain", body: "404 page not found", read: gitlab.Unavailable, write: gitlab.Transient, says: "check the GitLab URL"},
		"405":                    {status: 405, kind: json, body: `{"error":"405 Not Allowed"}`, read: gitlab.Permanent, says: "405"},
		"408":                    {status: 408, kind: html, body: page, read: gitlab.Transient, says: "408"},
		"409":                    {status: 409, kind: json, body: `{"message":"409 Conflict"}`, read: gitlab.Transient, says: "409"},
		"410":                    {status: 410, kind: json, body: `{}`, read: gitlab.NotFound, says: "410"},
		"412":                    {status: 412, kind: json, body: `{}`, read: gitlab.Transient, says: "412"},
		"413":                    {status: 413, kind: html, body: page, read: gitlab.Permanent, says: "allow larger requests"},
		"422":                    {status: 422, kind: json, body: `{"message":"422"}`, read: gitlab.Permanent, says: "422 Unprocessable Entity"},
		"423":                    {status: 423, kind: json, body: `{}`, read: gitlab.Transient, says: "423"},
		"425":                    {status: 425, kind: json, body: `{}`, read: gitlab.Transient, says: "425"},
		"429":                    {status: 429, kind: "text/plain", body: "Retry later\n", read: gitlab.Unavailable, says: "too many requests"},
		"500":                    {status: 500, kind: json, body: `{"message":"500 Internal Server Error"}`, read: gitlab.Transient, says: "500"},
		"501":                    {status: 501, kind: html, body: page, read: gitlab.Transient, says: "501"},
		"502":                    {status: 502, kind: html, body: page, read: gitlab.Unavailable, says: "not available"},
		"503":                    {status: 503, kind: html, body: page, read: gitlab.Unavailable, says: "not available"},
		"504":                    {status: 504, kind: html, body: page, read: gitlab.Unavailable, says: "not available"},
		"522":                    {status: 522, kind: html, body: page, read: gitlab.Unavailable, says: "behind its proxy"},
		"599":                    {status: 599, kind: html, body: page, read: gitlab.Transient, says: "599"},
		"a message without end":  {status: 400, kind: json, body: `{"message":"` + long + `"}`, read: gitlab.Permanent, says: "xxx…"},
		"a message with a break": {status: 400, kind: json, body: `{"message":"a\nb\u0000c"}`, read: gitlab.Permanent, says: `"a b·c"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: always(tt.status, tt.kind, tt.body)}
			all := calls(s.client(t))
			if tt.write == "" {
				tt.write = tt.read
			}
			for call, class := range map[string]gitlab.Class{"read": tt.read, "write": tt.write, "comment": tt.write} {
				err := all[call](t.Context())
				check(t, err, class, tt.says, "issue 7#12: ")
				if e, ok := errors.AsType[*gitlab.Error](err); !ok || e.Status != tt.status {
					t.Errorf("%s: the error %v does not hold the status %d", call, err, tt.status)
				}
				if len(err.Error()) > 800 {
					t.Errorf("%s: the error has %d bytes", call, len(err.Error()))
				}
			}
		})
	}
}

// long is what nobody wants in a log line.
var long = strings.Repeat("x", 10_000)

func TestAfter(t *testing.T) {
	t.Parallel()
	inSeconds := func(s int64) string { return fmt.Sprint(noon.Unix() + s) }
	tests := map[string]struct {
		status             int
		retry, reset, left string
		want               time.Duration
	}{
		"requests are left":      {status: 429, retry: "1", reset: inSeconds(20), left: "1990", want: time.Second},
		"no request is left":     {status: 429, retry: "1", reset: inSeconds(20), left: "0", want: 20 * time.Second},
		"nothing said":           {status: 429},
		"seconds":                {status: 429, retry: "30", want: 30 * time.Second},
		"a date":                 {status: 429, retry: noon.Add(45 * time.Second).Format(http.TimeFormat), want: 45 * time.Second},
		"a date that passed":     {status: 429, retry: noon.Add(-time.Hour).Format(http.TimeFormat)},
		"the reset":              {status: 429, reset: inSeconds(20), want: 20 * time.Second},
		"the reset passed":       {status: 429, reset: inSeconds(-20)},
		"the reset is later":     {status: 429, retry: "10", reset: inSeconds(20), want: 20 * time.Second},
		"the seconds are later":  {status: 429, retry: "30", reset: inSeconds(20), want: 30 * time.Second},
		"more than ten minutes":  {status: 429, retry: "3600", want: 10 * time.Minute},
		"more than a duration":   {status: 429, retry: "9223372036854775807", reset: "9223372036854775807", want: 10 * time.Minute},
		"negative":               {status: 429, retry: "-5", reset: "-5"},
		"nonsense":               {status: 429, retry: "soon", reset: "later"},
		"unavailable":            {status: 503, retry: "60", want: time.Minute},
		"unavailable, no limit":  {status: 503, reset: inSeconds(20)},
		"another status":         {status: 500, retry: "60", reset: inSeconds(20)},
		"refused, with a header": {status: 403, retry: "60", reset: inSeconds(20)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: func(w http.ResponseWriter, r *http.Request) bool {
				for key, v := range map[string]string{"Retry-After": tt.retry, "RateLimit-Reset": tt.reset, "RateLimit-Remaining": tt.left} {
					if v != "" {
						w.Header().Set(key, v)
					}
				}
				return always(tt.status, "text/plain", "Retry later\n")(w, r)
			}}
			c := newClient(t, gitlab.Options{URL: s.start(t), Now: func() time.Time { return noon }})
			_, err := c.Issue(t.Context(), ref)
			if got := gitlab.RetryDelay(fmt.Errorf("handling: %w", err)); got != tt.want {
				t.Errorf("after %v: %s, want %s", err, got, tt.want)
			}
		})
	}
}

func TestClassOfOtherErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want gitlab.Class
	}{
		"none":      {nil, ""},
		"cancelled": {fmt.Errorf("x: %w", context.Canceled), gitlab.Unavailable},
		"too late":  {context.DeadlineExceeded, gitlab.Unavailable},
		"foreign":   {errors.New("x"), gitlab.Transient},
		"wrapped":   {fmt.Errorf("x: %w", &gitlab.Error{Class: gitlab.NotFound, Err: errors.New("y")}), gitlab.NotFound},
	}
	for name, tt := range tests {
		if got := gitlab.ClassOf(tt.err); got != tt.want {
			t.Errorf("%s: class %q, want %q", name, got, tt.want)
		}
		if got := gitlab.RetryDelay(tt.err); got != 0 {
			t.Errorf("%s: after %s, want 0", name, got)
		}
	}
}
