package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of a webhook.
const (
	HookExecutable = "executable"
	HookPaused     = "temporarily_disabled" // until Hook.DisabledUntil: what happens meanwhile is not delivered
	HookDisabled   = "disabled"             // until somebody tests it
)

// Hook is a webhook of a project.
type Hook struct {
	ID            int64
	URL           string
	AlertStatus   string    // one of the constants above
	DisabledUntil time.Time // zero if it is not
}

// HookEvent is a delivery of a webhook as GitLab logged it, for seven days.
type HookEvent struct {
	ID      int64
	At      time.Time // of the delivery; before GitLab 19 of the change it tells of. Zero if neither is known
	Trigger string    // "issue_hooks"
	Status  int       // of the receiver's answer; 0 if there was none
	Key     string    // the idempotency key, the same for all deliveries of one event; "" before GitLab 17.4
}

const (
	maintainer    = "Maintainer"
	perHookPage   = 20          // entries of the log of a webhook, the most GitLab gives
	resendEvery   = time.Minute // how long to wait if GitLab says only that there were too many
	internalError = "internal error"
)

// wireHook is a webhook as GitLab sends one. Old versions have no status.
type wireHook struct {
	ID            int64     `json:"id"`
	URL           string    `json:"url"`
	AlertStatus   string    `json:"alert_status"`
	DisabledUntil time.Time `json:"disabled_until"`
}

// Hooks lists the webhooks of the project; those of its groups are not among them. Permanent with status 403 if the token may not see
// them: that takes a Maintainer.
func (c *Client) Hooks(ctx context.Context, project int64) ([]Hook, error) {
	k := call{
		name: "hooks", op: fmt.Sprintf("loading the webhooks of project %d", project), method: http.MethodGet,
		path: projectPath(project, "hooks"), role: maintainer,
	}
	var hooks []Hook
	err := eachOf(ctx, c, k, page{}, func(w wireHook) error {
		hooks = append(hooks, Hook{ID: w.ID, URL: w.URL, AlertStatus: cmp.Or(w.AlertStatus, HookExecutable), DisabledUntil: w.DisabledUntil})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return hooks, nil
}

// TestHook has GitLab deliver the project's newest issue to the webhook, also to one that is disabled: if the receiver accepts it,
// GitLab starts it again. GitLab takes five tests a minute; RetryAfter of the error says when to come back. Permanent with status 422 if the
// receiver does not accept it or the project has no issues; NotFound if the webhook is not there or GitLab is older than 16.11.
func (c *Client) TestHook(ctx context.Context, project, hook int64) error {
	k := call{
		name: "test-hook", op: fmt.Sprintf("testing webhook %d of project %d", hook, project), method: http.MethodPost,
		path: projectPath(project, "hooks", strconv.FormatInt(hook, 10), "test", "issues_events"), role: maintainer,
	}
	a, err := c.do(ctx, k, nil)
	if err == nil && a.status != http.StatusCreated {
		return c.newError(k, a.status, Transient, errors.New("the answer does not say that the webhook was tested"))
	}
	return withResendDelay(err)
}

// wireHookEvent is a logged delivery as GitLab sends one.
type wireHookEvent struct {
	ID      int64           `json:"id"`
	At      time.Time       `json:"created_at"`
	Trigger string          `json:"trigger"`
	Status  json.RawMessage `json:"response_status"`
	Headers json.RawMessage `json:"request_headers"`
	Data    json.RawMessage `json:"request_data"` // whatever a template of the webhook made of it
}

// HookEvents lists the deliveries of the webhook since then that failed: answered with a status of 400 or more, or not at all. The
// newest come first. Of more than a thousand of a kind it gives the newest. NotFound if the webhook is not there or GitLab is older than 17.3.
func (c *Client) HookEvents(ctx context.Context, project, hook int64, since time.Time) ([]HookEvent, error) {
	k := call{
		name: "hook-events", op: fmt.Sprintf("loading the failed deliveries of webhook %d of project %d", hook, project), method: http.MethodGet,
		path: projectPath(project, "hooks", strconv.FormatInt(hook, 10), "events"), role: maintainer,
	}
	var events []HookEvent
	for _, class := range []string{"server_failure", "client_failure"} { // several at once are new
		err := eachOf(ctx, c, k, page{PerPage: perHookPage, Status: class}, func(w wireHookEvent) error {
			e, err := w.event()
			switch {
			case err != nil:
				return err
			case !e.At.IsZero() && e.At.Before(since):
				return errEnough
			}
			events = append(events, e)
			return nil
		})
		if err != nil && !errors.Is(err, errTooLong) {
			return nil, err
		}
	}
	slices.SortStableFunc(events, func(a, b HookEvent) int { return b.At.Compare(a.At) })
	return events, nil
}

// event translates into the bot's vocabulary.
func (w wireHookEvent) event() (HookEvent, error) {
	status, err := statusOf(w.Status)
	e := HookEvent{ID: w.ID, At: w.At, Trigger: w.Trigger, Status: status}
	if e.At.IsZero() {
		e.At = w.changed()
	}
	var headers map[string]string
	if json.Unmarshal(w.Headers, &headers) == nil {
		e.Key = headers["Idempotency-Key"]
	}
	return e, err
}

// changed is when the object that the delivery tells of changed; zero if it does not say so in a way that can be read.
func (w wireHookEvent) changed() time.Time {
	var data struct {
		Attributes struct {
			UpdatedAt string `json:"updated_at"`
		} `json:"object_attributes"`
	}
	if json.Unmarshal(w.Data, &data) != nil {
		return time.Time{}
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 MST"} {
		if t, err := time.Parse(form, data.Attributes.UpdatedAt); err == nil {
			return t
		}
	}
	return time.Time{}
}

// statusOf reads a status, sent as text or as a number: 0 for GitLab's word for no answer.
func statusOf(raw json.RawMessage) (int, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" || text == internalError {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("the status %q is no number", truncate(text))
	}
	return n, nil
}

// wireResent is what GitLab answers to a resend.
type wireResent struct {
	Status json.RawMessage `json:"response_status"`
}

// ResendHookEvent has GitLab deliver an event once more, under the same key, to the webhook, which must not be disabled. GitLab takes five a
// minute; RetryAfter of the error says when to come back. That the receiver does not accept it is an error, too: Transient. NotFound if the event is
// not there any more or GitLab is older than 17.4.
func (c *Client) ResendHookEvent(ctx context.Context, project, hook, event int64) error {
	k := call{
		name: "resend", op: fmt.Sprintf("resending event %d of webhook %d of project %d", event, hook, project), method: http.MethodPost,
		path: projectPath(project, "hooks", strconv.FormatInt(hook, 10), "events", strconv.FormatInt(event, 10), "resend"), role: maintainer,
	}
	var sent wireResent
	a, err := c.do(ctx, k, &sent)
	if err != nil {
		return withResendDelay(err)
	}
	status, err := statusOf(sent.Status)
	if err != nil {
		return c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	switch {
	case status == 0:
		return c.newError(k, a.status, Transient, errors.New("the receiver gave no answer"))
	case status < 200 || status > 399:
		return c.newError(k, a.status, Transient, fmt.Errorf("the receiver answered %d", status))
	}
	return nil
}

// withResendDelay adds a delay to a 429 without one: GitLab has limits per minute for this that are in no header.
func withResendDelay(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusTooManyRequests && e.RetryAfter == 0 {
		e.RetryAfter = resendEvery
	}
	return err
}
