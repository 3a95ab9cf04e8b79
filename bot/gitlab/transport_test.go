package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/gitlab"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hang answers no request before its context ends.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	refuse := func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }
	babble := func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("malformed %s", long) }
	tests := map[string]struct {
		transport roundTrip
		timeout   time.Duration // 0 is the default
		context   func(context.Context) (context.Context, context.CancelFunc)
		is        error
		says      string
	}{
		"refused":                  {transport: refuse, says: "no answer from https://gl.example: connection refused"},
		"babble":                   {transport: babble, says: "no answer from https://gl.example: malformed xxx"},
		"slow":                     {transport: hang, says: "no answer from https://gl.example within 10s"},
		"slow, with less patience": {transport: hang, timeout: 3 * time.Second, says: "no answer from https://gl.example within 3s"},
		"the caller has less time": {transport: hang, is: context.DeadlineExceeded,
			context: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Second)
			}},
		"the caller stops": {transport: hang, is: context.Canceled,
			context: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			}},
	}
	for name, tt := range tests {
		for call := range calls(nil) {
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := newClient(t, gitlab.Options{URL: "https://gl.example", Timeout: tt.timeout, HTTP: &http.Client{Transport: tt.transport}})
					ctx := t.Context()
					if tt.context != nil {
						limited, cancel := tt.context(ctx)
						defer cancel()
						ctx = limited
					}
					err := calls(c)[call](ctx)
					check(t, err, gitlab.Unavailable, tt.says)
					if tt.is != nil && !errors.Is(err, tt.is) {
						t.Errorf("the error %v is not %v", err, tt.is)
					}
					if len(err.Error()) > 800 {
						t.Errorf("the error has %d bytes", len(err.Error()))
					}
				})
			})
		}
	}
}

// limiter is a Limiter made of a function.
type limiter func(context.Context) error

func (f limiter) Wait(ctx context.Context, _ bool) error { return f(ctx) }

func (limiter) Observe(bool, int, http.Header) {}

func TestLimiter(t *testing.T) {
	t.Parallel()
	s := server{}
	var waited []string
	c := newClient(t, gitlab.Options{URL: s.start(t), Limit: limiter(func(context.Context) error {
		s.do(func() { waited = append(waited, fmt.Sprintf("%d updates before", len(s.Updates))) })
		return nil
	})})
	for range 2 {
		if err := calls(c)["write"](t.Context()); err != nil {
			t.Fatalf("updating: %v", err)
		}
	}
	if want := []string{"0 updates before", "1 updates before"}; fmt.Sprint(waited) != fmt.Sprint(want) {
		t.Errorf("the limiter was asked at %v, want %v", waited, want)
	}
}

// The wait for the limiter ends with the caller's context and has no part in the request's own timeout.
func TestLimiterWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wait := time.Hour
		slow := limiter(func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
				return nil
			}
		})
		answers := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{"Content-Type": {"application/json"}},
				Body: http.NoBody, Request: r}, r.Context().Err()
		})
		c := newClient(t, gitlab.Options{URL: "https://gl.example", HTTP: &http.Client{Transport: answers}, Limit: slow})
		_, err := c.Issue(t.Context(), ref)
		check(t, err, gitlab.NotFound)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.Issue(ctx, ref)
		check(t, err, gitlab.Unavailable, "loading issue 7#12: ", "deadline")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error %v does not wrap the context's", err)
		}
	})
}
