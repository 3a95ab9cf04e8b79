package gitlab_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/gitlab"
)

var (
	group   = gitlab.Place{Group: true, ID: 501, Path: "g"}
	project = gitlab.Place{ID: 7, Path: "g/sub/p"}
)

// canned is a GitLab that answers each request, "GET /groups/g", with a status and a body, and keeps what it was asked.
type canned struct {
	answers map[string]string // "200 {…}"

	mu    sync.Mutex
	asked []string
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4")
	body, _ := io.ReadAll(r.Body)
	c.asked = append(c.asked, strings.TrimSpace(line+" "+r.URL.RawQuery+string(body)))
	status, text, known := strings.Cut(c.answers[line], " ")
	w.Header().Set("Content-Type", "application/json")
	if !known {
		status, text = "404", `{"message":"404 Not Found"}`
	}
	w.WriteHeader(map[string]int{"200": 200, "201": 201, "400": 400, "403": 403, "404": 404, "409": 409}[status])
	io.WriteString(w, text)
}

// client is a client of c.
func (c *canned) client(t *testing.T) *gitlab.Client {
	t.Helper()
	web := httptest.NewServer(c)
	t.Cleanup(web.Close)
	return newClient(t, gitlab.Options{URL: web.URL})
}

func TestProjectAt(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{
		"GET /projects/g%2Fsub%2Fp": `200 {"id":7,"path_with_namespace":"g/sub/p","visibility":"private","issues_enabled":true,"merge_requests_enabled":true,"merge_requests_access_level":"enabled","namespace":{"full_path":"g/sub","kind":"group"}}`,
		"GET /projects/8":           `200 {"id":8,"path_with_namespace":"mia/own","visibility":"private","archived":true,"issues_access_level":"disabled","merge_requests_access_level":"disabled","namespace":{"full_path":"mia","kind":"user"}}`,
	}}
	c := web.client(t)
	tests := map[string]struct {
		want  gitlab.Project
		class gitlab.Class
	}{
		"g/sub/p": {want: gitlab.Project{Place: project, Groups: []string{"g", "g/sub"}}},
		"8":       {want: gitlab.Project{Place: gitlab.Place{ID: 8, Path: "mia/own"}, Archived: true, NoIssues: true, NoMergeRequests: true}},
		"g/gone":  {class: gitlab.NotFound},
		"../user": {class: gitlab.Permanent},
	}
	for name, tt := range tests {
		got, err := c.ProjectAt(t.Context(), name)
		if gitlab.ClassOf(err) != tt.class {
			t.Errorf("%s: %v, want class %q", name, err, tt.class)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{
		"GET /groups/g":            `200 {"id":501,"full_path":"g"}`,
		"GET /groups/501/projects": `200 [{"id":7,"path_with_namespace":"g/sub/p","visibility":"private","namespace":{"full_path":"g/sub","kind":"group"}},{"id":9,"path_with_namespace":"g/old","archived":true}]`,
	}}
	c := web.client(t)
	got, err := c.GroupAt(t.Context(), "g")
	if err != nil || got != group {
		t.Fatalf("the group is %v, %v", got, err)
	}
	projects, err := c.GroupProjects(t.Context(), got)
	if diff := cmp.Diff([]gitlab.Project{{Place: project, Groups: []string{"g", "g/sub"}}}, projects); diff != "" || err != nil {
		t.Errorf("projects: %v (-want +got)\n%s", err, diff)
	}
	if want := "GET /groups/501/projects archived=false&include_subgroups=true&order_by=id&page=1&per_page=100&sort=asc&with_shared=false"; web.asked[1] != want {
		t.Errorf("asked %q, want %q", web.asked[1], want)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{
		"GET /projects/7/labels":  `200 [{"name":"UX","is_project_label":true},{"name":"spike","archived":true}]`,
		"POST /groups/501/labels": `201 {"id":1,"name":"UX"}`, "POST /projects/7/labels": `409 {"message":"Label already exists"}`,
		"POST /projects/8/labels": `400 {"message":{"color":["must be a valid color code"]}}`,
	}}
	c := web.client(t)
	got, err := c.Labels(t.Context(), project)
	if diff := cmp.Diff([]gitlab.Label{{Name: "UX", Own: true}, {Name: "spike", Archived: true}}, got); diff != "" || err != nil {
		t.Errorf("labels: %v (-want +got)\n%s", err, diff)
	}
	ux := gitlab.NewLabel{Name: "UX", Color: "#c39953", Description: "Design"}
	for place, want := range map[gitlab.Place]struct {
		created bool
		class   gitlab.Class
	}{group: {created: true}, project: {}, {ID: 8, Path: "g/q"}: {class: gitlab.Permanent}} {
		if created, err := c.CreateLabel(t.Context(), place, ux); created != want.created || gitlab.ClassOf(err) != want.class {
			t.Errorf("in %s: %v, %v", place, created, err)
		}
	}
}

// A group with very many labels can be set up, too: what is not read is found by trying to create it.
func TestVeryManyLabels(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Next-Page", "2")
		io.WriteString(w, `[{"name":"one"}]`)
	}))
	t.Cleanup(web.Close)
	if labels, err := newClient(t, gitlab.Options{URL: web.URL}).Labels(t.Context(), group); err != nil || len(labels) != 50 {
		t.Errorf("%d labels, %v", len(labels), err)
	}
}

// GitLab echoes a secret in no answer; a proxy may.
func TestWriteHook(t *testing.T) {
	t.Parallel()
	const secret = "0123456789-secret"
	web := canned{answers: map[string]string{
		"POST /groups/501/hooks":  `201 {"id":3,"url":"https://bot.example/webhooks/gitlab","issues_events":true,"push_events":false,"token_present":true,"signing_token_present":false}`,
		"PUT /projects/7/hooks/4": `400 {"message":"` + secret + ` is too short"}`,
		"GET /projects/7/hooks":   `403 {"message":"403 Forbidden"}`, "GET /user": `200 {"id":5,"username":"bot"}`,
	}}
	c := web.client(t)
	yes, no := true, false
	got, err := c.CreateHook(t.Context(), group, gitlab.HookChange{URL: "https://bot.example/webhooks/gitlab", Events: map[string]bool{"issues": true, "push": false}, Secret: secret})
	want := gitlab.HookSettings{
		ID: 3, URL: "https://bot.example/webhooks/gitlab", AlertStatus: gitlab.HookExecutable, Secret: &yes, Signed: &no,
		Events: map[string]bool{"issues": true, "push": false},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("created: %v (-want +got)\n%s", err, diff)
	}
	_, sent, _ := strings.Cut(web.asked[0], "{")
	body := map[string]any{}
	if err := json.Unmarshal([]byte("{"+sent), &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"url": want.URL, "issues_events": true, "push_events": false, "token": secret}, body); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	_, err = c.ChangeHook(t.Context(), project, 4, gitlab.HookChange{URL: want.URL, Secret: secret})
	if gitlab.ClassOf(err) != gitlab.Permanent || strings.Contains(err.Error(), secret) {
		t.Errorf("the error shows the secret or is of another class: %v", err)
	}
	_, err = c.AllHooks(t.Context(), project)
	if err == nil || !strings.Contains(err.Error(), "needs the role Maintainer") {
		t.Errorf("a token that may not see the hooks: %v", err)
	}
}

func TestDeliveredSince(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{"GET /groups/501/hooks/3/events": `200 [{"id":1,"created_at":"2026-10-05T12:00:00Z","trigger":"issue_hooks","response_status":"202"}]`}}
	c := web.client(t)
	for since, want := range map[time.Time]bool{noon.Add(-time.Second): true, noon: false} {
		if got, err := c.DeliveredSince(t.Context(), group, 3, since); got != want || err != nil {
			t.Errorf("since %s: %v, %v", since, got, err)
		}
	}
}

func TestLicence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		want   gitlab.Licence
	}{
		"Premium": {`200 {"data":{"namespace":{"availableFeatures":{"hasIssueWeightsFeature":true,"hasScopedLabelsFeature":true}}}}`, gitlab.Licence{Known: true, Weights: true, ScopedLabels: true}},
		"Free":    {`200 {"data":{"namespace":{"availableFeatures":{"hasIssueWeightsFeature":false,"hasScopedLabelsFeature":false}}}}`, gitlab.Licence{Known: true}},
		"statuses": {
			`200 {"data":{"namespace":{"availableFeatures":{"hasIssueWeightsFeature":true,"hasScopedLabelsFeature":true,"hasWorkItemStatusFeature":true}}}}`,
			gitlab.Licence{Known: true, Weights: true, ScopedLabels: true, Statuses: true},
		},
		"a field is null, which is unknown": {`200 {"data":{"namespace":{"availableFeatures":{"hasIssueWeightsFeature":null,"hasScopedLabelsFeature":true}}},"errors":[{"message":"x"}]}`, gitlab.Licence{}},
		"too old":                           {`200 {"errors":[{"message":"Field 'availableFeatures' doesn't exist on type 'Namespace'"}]}`, gitlab.Licence{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := canned{answers: map[string]string{"POST /api/graphql": tt.answer}}
			if got, err := web.client(t).LicenceOf(t.Context(), "g"); got != tt.want || err != nil {
				t.Errorf("licence is %+v, %v", got, err)
			}
		})
	}
}

func TestTokenSelfAndEdition(t *testing.T) {
	t.Parallel()
	web := canned{answers: map[string]string{
		"GET /version":                     `200 {"version":"15.11.0-ee"}`,
		"GET /personal_access_tokens/self": `200 {"scopes":["api"],"expires_at":"2026-12-01"}`,
	}}
	c := web.client(t)
	for answer, want := range map[string]bool{`{"version":"15.11.0-ee"}`: false, `{"version":"19.1.0","enterprise":true}`: false, `{"version":"19.1.0","enterprise":false}`: true} {
		web.answers["GET /version"] = "200 " + answer
		if v, err := c.Reach(t.Context()); v.Community != want || err != nil {
			t.Errorf("%s: %+v, %v", answer, v, err)
		}
	}
	want := gitlab.TokenInfo{Scopes: []string{"api"}, Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if got, err := c.TokenSelf(t.Context()); !cmp.Equal(got, want) || err != nil {
		t.Errorf("token is %+v, %v", got, err)
	}
}
