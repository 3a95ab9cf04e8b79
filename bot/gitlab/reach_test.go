package gitlab_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/testkit"
)

// What can be told of a server is told when it refuses the token, too.
func TestReach(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		handler http.HandlerFunc
		version string
		behind  time.Duration
		fails   bool
	}{
		"told":      {handler: answer(200, `{"version":"19.1.0-ee"}`, now), version: "19.1.0-ee"},
		"ahead":     {handler: answer(200, `{"version":"19.1.0-ee"}`, now.Add(-time.Minute)), version: "19.1.0-ee", behind: -59 * time.Second},
		"refused":   {handler: answer(401, `{"message":"401 Unauthorized"}`, now.Add(5*time.Minute)), behind: 5 * time.Minute, fails: true},
		"no GitLab": {handler: answer(200, `{}`, now), fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewTLSServer(tt.handler)
			defer web.Close()
			c := newClient(t, gitlab.Options{URL: web.URL, HTTP: web.Client(), Now: func() time.Time { return now }})
			s, err := c.Reach(t.Context())
			if (err != nil) != tt.fails || s.Version != tt.version || s.Behind() != tt.behind {
				t.Errorf("it tells %+v, behind by %s, and %v", s, s.Behind(), err)
			}
			if s.Certificate == nil || s.Certificate.Issuer != "Acme Co" || !s.Certificate.Expires.Equal(web.Certificate().NotAfter) {
				t.Errorf("the certificate is %+v", s.Certificate)
			}
		})
	}
}

func answer(status int, body string, at time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", at.Format(http.TimeFormat))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// A slow answer and a date of whole seconds are no difference between the clocks.
func TestClocksAgreeWithinTheAnswer(t *testing.T) {
	date := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for asked, behind := range map[time.Duration]time.Duration{
		-9 * time.Second: 0, -11 * time.Second: time.Second, 999 * time.Millisecond: 0, 31 * time.Second: -30 * time.Second,
	} {
		s := gitlab.Server{Date: date, Asked: date.Add(asked), Answered: date.Add(asked + 10*time.Second)}
		if got := s.Behind(); got != behind {
			t.Errorf("asked at %s: behind by %s, want %s", asked, got, behind)
		}
	}
}

// A server that hangs ends with the request's own time.
func TestReachEnds(t *testing.T) {
	hang := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer web.Close()
	defer close(hang)
	c := newClient(t, gitlab.Options{URL: web.URL, Timeout: 50 * time.Millisecond})
	ended := make(chan error, 1)
	go func() {
		_, err := c.Reach(context.Background())
		ended <- err
	}()
	if err := testkit.Receive(t, "the end of a call to a server that hangs", ended); err == nil {
		t.Error("a server that hangs was reached")
	}
}
