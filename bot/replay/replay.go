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
	Code   int
	Status string `json:"status"`
	ID     string `json:"delivery"`
	Reason string `json:"reason"`
}

// timeout is how long GitLab waits for an answer.
const timeout = 10 * time.Second

// Send posts the payload under a delivery id of its own and returns the answer, whatever its code.
func Send(ctx context.Context, o Options) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL, bytes.NewReader(o.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("preparing a request to %s: %w", o.URL, err)
	}
	if err := sign(req, o); err != nil {
		return Answer{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("sending the payload: %w; is the bot running there?", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	answer := Answer{Code: resp.StatusCode}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("%s answered %s and no JSON: is it Flowkeeper's webhook address?", o.URL, resp.Status)
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
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return "", fmt.Errorf("reading the payload: %w", err)
	}
	names := map[string]string{"issue": "Issue Hook", "work_item": "Issue Hook", "note": "Note Hook", "emoji": "Emoji Hook"}
	name, known := names[p.ObjectKind]
	switch {
	case p.ObjectKind == "":
		return "", errors.New("the payload has no object_kind: it is not a GitLab webhook body")
	case !known:
		name = strings.ToUpper(p.ObjectKind[:1]) + strings.ReplaceAll(p.ObjectKind[1:], "_", " ") + " Hook"
	case strings.HasPrefix(p.EventType, "confidential_"):
		name = "Confidential " + name
	}
	return name, nil
}
