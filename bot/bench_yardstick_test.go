package bot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/xanzy/go-gitlab"

	"flowkeeper/bot/webhook"
)

// startYardstick starts what the bot is compared with, and returns its URL: the handler that somebody would write in an afternoon with the same
// two libraries. It compares the token, reads the body, has the client library parse it, and answers. It stores nothing. None of our code is
// in it, so that it stays what it is when the bot gets faster or slower.
func startYardstick(b *testing.B) string {
	e := echo.New()
	e.POST(webhook.Path, func(c echo.Context) error {
		r := c.Request()
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Gitlab-Token")), []byte(secret)) != 1 {
			return echo.ErrUnauthorized
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return fmt.Errorf("reading the delivery: %w", err)
		}
		event, err := gitlab.ParseWebhook(gitlab.HookEventType(r), body)
		if err != nil {
			return fmt.Errorf("parsing the delivery: %w", err)
		}
		if issue, ok := event.(*gitlab.IssueEvent); !ok || issue.ObjectAttributes.IID == 0 {
			return echo.ErrBadRequest
		}
		return c.JSON(http.StatusAccepted, map[string]string{"status": "accepted"})
	})
	return serveBeside(b, e)
}

// startHandOver starts a handler that does what bots around a queue in memory do before they answer, as policy-bot's libraries do: read the
// body, check its signature, hand it over as it is. Nothing is parsed and nothing stored: what waits is lost with the process.
func startHandOver(b *testing.B) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signingToken, "whsec_"))
	if err != nil {
		b.Fatal(err)
	}
	queue := make(chan []byte, 1000)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for range queue { // the work would begin here
		}
	}()
	b.Cleanup(func() { // after the server was closed
		close(queue)
		<-drained
	})
	return serveBeside(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, r.Header.Get("Webhook-Id")+"."+r.Header.Get("Webhook-Timestamp")+".") // a hash takes everything
		_, _ = mac.Write(body)
		sent, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Webhook-Signature"), "v1,"))
		if err != nil || !hmac.Equal(mac.Sum(nil), sent) {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		select {
		case queue <- body:
		default:
			http.Error(w, "too much at once", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"status":"accepted"}`) // an error means that the client is gone
	}))
}

// serveBeside serves a handler with the bot's limits on clients, and returns its URL.
func serveBeside(b *testing.B, h http.Handler) string {
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout, server.Config.IdleTimeout = 5*time.Second, 30*time.Second, 2*time.Minute
	server.Start()
	b.Cleanup(server.Close)
	return server.URL + webhook.Path
}
