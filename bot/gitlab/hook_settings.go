package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// What a webhook can ask for, as GitLab calls it, without "_events". HookFlags has the rest.
const (
	OnIssues             = "issues"
	OnConfidentialIssues = "confidential_issues"
	OnComments           = "note"
	OnConfidentialNotes  = "confidential_note"
	OnEmoji              = "emoji"
	OnPush               = "push"
	OnMergeRequests      = "merge_requests"
)

// HookFlags are all events that a webhook of a project or a group can ask for.
func HookFlags() []string {
	return []string{
		OnIssues, OnConfidentialIssues, OnComments, OnConfidentialNotes, OnEmoji, OnMergeRequests, OnPush, "tag_push", "job", "pipeline", "wiki_page",
		"deployment", "feature_flag", "releases", "milestone", "vulnerability", "resource_access_token", "member", "subgroup", "project",
	}
}

// HookSettings is a webhook of a project or a group. GitLab never shows a secret; whether there is one it tells from 19.0 on.
type HookSettings struct {
	ID          int64
	URL         string
	Events      map[string]bool // by the names of HookFlags; an event that is not there is one that this GitLab does not know
	AlertStatus string          // HookExecutable, HookPaused or HookDisabled
	Secret      *bool           // it has a secret token; nil if GitLab does not tell
	Signed      *bool           // it has a signing token; nil if GitLab does not tell or knows none
}

// HookChange is what is written to a webhook. What is empty stays as it is, but for the URL, without which GitLab changes nothing.
type HookChange struct {
	URL          string
	Events       map[string]bool
	Secret       string // X-Gitlab-Token
	SigningToken string // "whsec_…", from 19.0 on
}

// wireHookSettings is a webhook as GitLab sends one, without its events.
type wireHookSettings struct {
	ID          int64  `json:"id"`
	URL         string `json:"url"`
	AlertStatus string `json:"alert_status"`
	Secret      *bool  `json:"token_present"`
	Signed      *bool  `json:"signing_token_present"`
}

// AllHooks lists the webhooks of a place with their settings; those of the groups above are not among them. Permanent with status 403 if the
// token may not see them: that takes a Maintainer of the project or an Owner of the group. NotFound, too, for a group without a licence.
func (c *Client) AllHooks(ctx context.Context, place Place) ([]HookSettings, error) {
	k := call{
		name: "hooks", op: fmt.Sprintf("loading the webhooks of %s", place), method: http.MethodGet, path: place.sub("hooks"), role: hookRole(place),
	}
	var hooks []HookSettings
	err := eachOf(ctx, c, k, page{}, func(w anyHook) error {
		hooks = append(hooks, w.HookSettings)
		return nil
	})
	return hooks, err
}

// CreateHook creates a webhook and gives it as GitLab answers. After a failure it may exist all the same: look for it before trying again.
func (c *Client) CreateHook(ctx context.Context, place Place, change HookChange) (HookSettings, error) {
	k := call{
		name: "create-hook", op: fmt.Sprintf("creating a webhook of %s", place), method: http.MethodPost, path: place.sub("hooks"), role: hookRole(place),
	}
	return c.writeHook(ctx, k, change)
}

// ChangeHook changes a webhook and gives it as GitLab answers.
func (c *Client) ChangeHook(ctx context.Context, place Place, id int64, change HookChange) (HookSettings, error) {
	k := call{
		name: "change-hook", op: fmt.Sprintf("changing webhook %d of %s", id, place), method: http.MethodPut,
		path: place.sub("hooks", strconv.FormatInt(id, 10)), role: hookRole(place),
	}
	return c.writeHook(ctx, k, change)
}

// writeHook sends a webhook. No secret is in an error of it, whatever GitLab echoes.
func (c *Client) writeHook(ctx context.Context, k call, change HookChange) (HookSettings, error) {
	body := map[string]any{"url": change.URL}
	for event, on := range change.Events {
		body[event+"_events"] = on
	}
	for name, secret := range map[string]string{"token": change.Secret, "signing_token": change.SigningToken} {
		if secret != "" {
			c.tokens.addRedacted(secret)
			body[name] = secret
		}
	}
	k.send = body
	var w anyHook
	a, err := c.do(ctx, k, &w)
	if err == nil && w.ID == 0 {
		err = c.newError(k, a.status, Transient, errors.New("the answer is no webhook"))
	}
	return w.HookSettings, err
}

// hookRole is the role that managing the webhooks of a place takes.
func hookRole(place Place) string {
	if place.Group {
		return "Owner"
	}
	return maintainer
}

// anyHook reads the settings of a webhook out of GitLab's answer.
type anyHook struct{ HookSettings }

// UnmarshalJSON implements json.Unmarshaler.
func (h *anyHook) UnmarshalJSON(data []byte) error {
	var w wireHookSettings
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	h.HookSettings = HookSettings{
		ID: w.ID, URL: w.URL, AlertStatus: cmp.Or(w.AlertStatus, HookExecutable), Secret: w.Secret, Signed: w.Signed, Events: map[string]bool{},
	}
	for _, event := range HookFlags() {
		if on, ok := fields[event+"_events"].(bool); ok {
			h.Events[event] = on
		}
	}
	return nil
}

// DeliveredSince reports whether the webhook has delivered something since then that the receiver accepted. NotFound if the webhook is not there
// or GitLab is older than 17.3.
func (c *Client) DeliveredSince(ctx context.Context, place Place, hook int64, since time.Time) (bool, error) {
	k := call{
		name: "hook-events", op: fmt.Sprintf("loading the deliveries of webhook %d of %s", hook, place), method: http.MethodGet,
		path: place.sub("hooks", strconv.FormatInt(hook, 10), "events"), role: hookRole(place),
	}
	delivered := false
	err := eachOf(ctx, c, k, page{PerPage: perHookPage, Status: "successful"}, func(w wireHookEvent) error {
		delivered = w.At.After(since)
		return errEnough // the newest comes first
	})
	return delivered, err
}
