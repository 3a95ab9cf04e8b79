package gitlab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// events answers the two lists of resource events.
func events(labels, weights func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/resource_label_events"):
			return labels(w, r)
		case strings.HasSuffix(r.URL.Path, "/resource_weight_events"):
			return weights(w, r)
		}
		return false
	}
}

func TestPast(t *testing.T) {
	t.Parallel()
	const (
		at0 = `"created_at":"2026-10-05T12:00:00.000Z"`
		at1 = `"created_at":"2026-10-05T12:01:00.000Z"`
		at2 = `"created_at":"2026-10-05T12:02:00.000Z"`
		ann = `"user":{"id":3,"username":"ann"}`
		bot = `"user":{"id":5,"username":"bot"}`
	)
	labels := always(http.StatusOK, "application/json", `[
		{"id":1,`+ann+`,`+at0+`,"action":"add","label":{"id":1,"name":"w::start"}},
		{"id":2,`+bot+`,`+at2+`,"action":"add","label":{"id":2,"name":"w::ready"}},
		{"id":3,`+bot+`,`+at2+`,"action":"remove","label":{"id":1,"name":"w::start"}},
		{"id":4,`+bot+`,`+at2+`,"action":"add","label":null},
		{"id":5,"user":null,`+at2+`,"action":"add","label":{"id":3,"name":"UX"}}]`)
	weights := always(http.StatusOK, "application/json", `[
		{"id":1,`+ann+`,`+at1+`,"weight":2},{"id":2,`+bot+`,`+at2+`,"weight":0},{"id":3,`+bot+`,`+at2+`,"weight":null}]`)
	annIs, botIs := triage.Person{ID: 3, Username: "ann"}, triage.Person{ID: 5, Username: "bot"}
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	ofLabels := []triage.ResourceEvent{
		{At: minute(0), Actor: annIs, Label: "w::start", Added: true},
		{At: minute(2), Actor: botIs, Label: "w::ready", Added: true},
		{At: minute(2), Actor: botIs, Label: "w::start"},
		{At: minute(2), Label: "UX", Added: true},
	}
	tests := map[string]struct {
		weights func(http.ResponseWriter, *http.Request) bool
		want    []triage.ResourceEvent
	}{
		"both, by time": {weights, []triage.ResourceEvent{
			ofLabels[0], {At: minute(1), Actor: annIs, Weight: triage.Int(2)}, ofLabels[1], ofLabels[2], ofLabels[3],
			{At: minute(2), Actor: botIs, Weight: triage.Int(0)}, {At: minute(2), Actor: botIs},
		}},
		"no licence":  {always(http.StatusForbidden, "application/json", `{"message":"403 Forbidden"}`), ofLabels},
		"no weights":  {always(http.StatusNotFound, "application/json", `{"error":"404 Not Found"}`), ofLabels},
		"none so far": {always(http.StatusOK, "application/json", `[]`), ofLabels},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: events(labels, tt.weights)}
			got, err := s.client(t).ResourceEvents(t.Context(), ref)
			if err != nil {
				t.Fatalf("loading: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("past (-want +got):\n%s", diff)
			}
		})
	}
}

// An outage must not pass for "there are no weight events".
func TestPastFailures(t *testing.T) {
	t.Parallel()
	none := always(http.StatusOK, "application/json", `[]`)
	gone := always(http.StatusNotFound, "application/json", `{"message":"404 Issue Not Found"}`)
	tests := map[string]struct {
		labels, weights func(http.ResponseWriter, *http.Request) bool
		class           gitlab.Class
		says            string
	}{
		"no issue":              {gone, gone, gitlab.NotFound, "loading the label events of issue 7#12: "},
		"weights, proxy 404":    {none, always(http.StatusNotFound, "text/html", "<html>"), gitlab.Unavailable, "loading the weight events"},
		"weights, proxy 403":    {none, always(http.StatusForbidden, "text/plain", "Forbidden"), gitlab.Unavailable, "loading the weight events"},
		"weights, 500":          {none, always(http.StatusInternalServerError, "application/json", `{}`), gitlab.Transient, "loading the weight events"},
		"weights, unreadable":   {none, always(http.StatusOK, "application/json", `[{"weight":"many"}]`), gitlab.Transient, "whole number"},
		"labels, not of a list": {always(http.StatusOK, "application/json", `{}`), none, gitlab.Transient, "loading the label events"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{Answer: events(tt.labels, tt.weights)}
			_, err := s.client(t).ResourceEvents(t.Context(), ref)
			check(t, err, tt.class, tt.says)
		})
	}
}
