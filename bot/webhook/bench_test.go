package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/webhook"
)

// bare has the fields that the receiver reads of an issue event, in plain types: what a handler without leniency would decode into.
type bare struct {
	Kind      string `json:"object_kind"`
	EventType string `json:"event_type"`
	User      struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
	} `json:"user"`
	Project struct {
		ID   int64  `json:"id"`
		Path string `json:"path_with_namespace"`
	} `json:"project"`
	Object struct {
		ID           int64       `json:"id"`
		IID          int64       `json:"iid"`
		ProjectID    int64       `json:"project_id"`
		AuthorID     int64       `json:"author_id"`
		Title        string      `json:"title"`
		State        string      `json:"state"`
		StateID      int64       `json:"state_id"`
		Type         string      `json:"type"`
		URL          string      `json:"url"`
		Confidential bool        `json:"confidential"`
		Weight       *int        `json:"weight"`
		MilestoneID  *int64      `json:"milestone_id"`
		MovedToID    *int64      `json:"moved_to_id"`
		DuplicatedTo *int64      `json:"duplicated_to_id"`
		Labels       []bareLabel `json:"labels"`
		AssigneeIDs  []int64     `json:"assignee_ids"`
		CreatedAt    time.Time   `json:"created_at"`
		UpdatedAt    time.Time   `json:"updated_at"`
		Action       string      `json:"action"`
	} `json:"object_attributes"`
	Labels    []bareLabel `json:"labels"`
	Assignees []struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
	} `json:"assignees"`
	Changes struct {
		Labels *struct {
			Previous, Current []bareLabel
		} `json:"labels"`
		Weight *struct {
			Previous, Current *int
		} `json:"weight"`
	} `json:"changes"`
}

type bareLabel struct {
	Title string `json:"title"`
}

// BenchmarkReceive compares the handler, with a receiver that only returns, with an echo handler that only reads the body and decodes
// it with encoding/json into the plain struct above. The body is an issue update of 6 KB.
func BenchmarkReceive(b *testing.B) {
	body := fixture(b, "issue_update.json", edit{"object_attributes.description", `"` + strings.Repeat("All hands on deck. ", 200) + `"`})
	answer := receiver(func(context.Context, webhook.Delivery) (webhook.Answer, error) {
		return webhook.Answer{Status: webhook.Accepted}, nil
	})
	run := func(b *testing.B, e *echo.Echo, header http.Header) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, webhook.Path, nil)
		r.Header, r.ContentLength = header, int64(len(body))
		for b.Loop() {
			r.Body = io.NopCloser(bytes.NewReader(body))
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code != http.StatusAccepted {
				b.Fatalf("answered %d %s", w.Code, w.Body)
			}
		}
	}
	b.Run("bare", func(b *testing.B) {
		e := echo.New()
		e.POST(webhook.Path, func(c echo.Context) error {
			body, err := io.ReadAll(c.Request().Body)
			if err != nil {
				return err
			}
			var p bare
			if err := json.Unmarshal(body, &p); err != nil {
				return err
			}
			return c.JSON(http.StatusAccepted, map[string]string{"status": p.Kind})
		})
		run(b, e, http.Header{})
	})
	for _, mode := range []struct {
		name   string
		header http.Header
	}{
		{"token", http.Header{"X-Gitlab-Token": {secret}, "Webhook-Id": {"d-1"}}},
		{"signature", signed(b, tokenOne, arrival, string(body))},
	} {
		b.Run(mode.name, func(b *testing.B) {
			h, err := webhook.New(webhook.Options{
				Secrets: []string{secret}, SigningTokens: []string{tokenOne}, Now: func() time.Time { return arrival },
				Receiver: answer, Registry: prometheus.NewRegistry(),
			})
			if err != nil {
				b.Fatal(err)
			}
			e := echo.New()
			h.Register(e)
			run(b, e, mode.header)
		})
	}
}
