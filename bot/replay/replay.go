// Package replay sends a payload to a running bot the way GitLab would: with the headers that fit it, the secret and a signature.
package replay

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"flowkeeper/bot/webhook"
)

// Options say where to send what. Secret and SigningToken may be empty.
type Options struct {
	URL          string // of the receiver: "http://127.0.0.1:8080/webhooks/gitlab"
	Secret       string
	SigningToken string
	Body         []byte
	Now          time.Time
}

// Answer is what the bot said.
type Answer struct {
	Code   int    `json:"-"`
	Status string `json:"status"`
	ID     string `json:"delivery"`
	Reason string `json:"reason"`
}

// timeout is how long GitLab waits for an answer.
const timeout = 10 * time.Second

// Send posts the payload under a delivery id of its own and returns the answer, whatever its code. Redirects are not followed: GitLab
// would lose the body on the way.
func Send(ctx context.Context, o Options) (Answer, error) {
	if !strings.HasPrefix(o.URL, "http://") && !strings.HasPrefix(o.URL, "https://") {
		return Answer{}, fmt.Errorf("%q is not where a bot can be reached: write http://host:port%s", o.URL, webhook.Path)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL, bytes.NewReader(o.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("preparing a request to %s: %w", o.URL, err)
	}
	if err := sign(req, o); err != nil {
		return Answer{}, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("sending the payload: %w; is the bot running there?", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	answer := Answer{Code: resp.StatusCode}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status == "" {
		return answer, fmt.Errorf("%s answered %s, which is not how Flowkeeper answers: its webhook address ends in %s", o.URL, resp.Status, webhook.Path)
	}
	return answer, nil
}

// sign sets the headers of GitLab 19.
func sign(req *http.Request, o Options) error {
	event, err := eventName(o.Body)
	if err != nil {
		return err
	}
	id := "replay-" + strings.ToLower(rand.Text())
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "GitLab/replay")
	h.Set("X-Gitlab-Event", event)
	h.Set("Idempotency-Key", id)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", fmt.Sprint(o.Now.Unix()))
	if o.Secret != "" {
		h.Set("X-Gitlab-Token", o.Secret)
	}
	if o.SigningToken != "" {
		signature, err := webhook.Sign(o.SigningToken, id, o.Now, o.Body)
		if err != nil {
			return err
		}
		h.Set("webhook-signature", signature)
	}
	return nil
}

// eventName is the X-Gitlab-Event header that GitLab sends with such a payload.
func eventName(body []byte) (string, error) {
	var p struct {
		ObjectKind string `json:"object_kind"`
		EventType  string `json:"event_type"`
		EventName  string `json:"event_name"` // in place of object_kind: of members, projects and subgroups
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return "", fmt.Errorf("the payload is not the JSON of a webhook: %w", err)
	}
	if p.ObjectKind == "" && p.EventName != "" {
		return namedEvent(p.EventName), nil
	}
	if p.ObjectKind == "" {
		return "", errors.New("the payload has no object_kind: it is not the body of a GitLab webhook")
	}
	name := header(p.ObjectKind)
	if strings.HasPrefix(p.EventType, "confidential_") {
		name = "Confidential " + name
	}
	return name, nil
}

// namedEvent is the header of an event that has a name and no kind: those of a group's webhook, else a system hook's.
func namedEvent(name string) string {
	switch {
	case strings.HasPrefix(name, "user_") && (strings.HasSuffix(name, "_group") || strings.Contains(name, "access_request")):
		return "Member Hook"
	case strings.HasPrefix(name, "subgroup_"):
		return "Subgroup Hook"
	case strings.HasPrefix(name, "project_"):
		return "Project Hook"
	}
	return "System Hook"
}

// header is GitLab's name of a kind of event: "Merge Request Hook" for "merge_request".
func header(kind string) string {
	switch kind {
	case "work_item":
		kind = "issue"
	case "build":
		kind = "job"
	case "access_token", "deploy_token":
		kind = "resource_" + kind
	}
	var name strings.Builder
	for word := range strings.FieldsFuncSeq(kind, func(r rune) bool { return r == '_' }) {
		first, size := utf8.DecodeRuneInString(word)
		name.WriteString(strings.ToUpper(string(first)) + word[size:] + " ")
	}
	return name.String() + "Hook"
}
