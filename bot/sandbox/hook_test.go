package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func note(id int64) string { return fmt.Sprintf("/projects/1/issues/1/notes/%d", id) }

func TestWhatIsDelivered(t *testing.T) {
	tests := map[string]struct {
		confidential bool
		do           func(l *lab, ref triage.Ref)
		want         []string
	}{
		"one PUT is one delivery": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"add_labels":"UX,a","weight":3,"title":"New"}`)
		}, []string{"Issue Hook update"}},
		"a PUT that changes nothing": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"add_labels":"backend"}`)
		}, []string{"Issue Hook update"}},
		"closing is two": {false, func(l *lab, _ triage.Ref) {
			l.must("PUT", "/projects/1/issues/1", `{"state_event":"close"}`)
		}, []string{"Issue Hook close", "Issue Hook update"}},
		"reopening is two": {false, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{Close: true})
			l.edit("omar", ref, sandbox.Change{Reopen: true})
		}, []string{"Issue Hook close", "Issue Hook update", "Issue Hook reopen", "Issue Hook update"}},
		"a comment": {false, func(l *lab, ref triage.Ref) { l.comment("omar", ref, "hi") }, []string{"Note Hook create"}},
		"an edited comment": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.EditNote("omar", ref, id, "ho"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create", "Note Hook update"}},
		"an edit that changes nothing": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.EditNote("omar", ref, id, "hi"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create"}},
		"a deleted comment says nothing": {false, func(l *lab, ref triage.Ref) {
			id := l.comment("omar", ref, "hi")
			if err := l.DeleteNote("omar", ref, id); err != nil {
				l.t.Error(err)
			}
		}, []string{"Note Hook create"}},
		"the bot's own comment": {false, func(l *lab, _ triage.Ref) {
			l.must("POST", "/projects/1/issues/1/notes", `{"body":"hi"}`)
		}, []string{"Note Hook create"}},
		"an internal note": {false, func(l *lab, ref triage.Ref) {
			if _, err := l.CommentInternally("omar", ref, "hi"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Confidential Note Hook create"}},
		"a confidential issue": {true, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{AddLabels: []string{"UX"}})
			l.comment("omar", ref, "hi")
		}, []string{"Confidential Issue Hook update", "Confidential Note Hook create"}},
		"made public: the state after counts": {true, func(l *lab, ref triage.Ref) {
			l.edit("omar", ref, sandbox.Change{Confidential: ptr(false)})
		}, []string{"Issue Hook update"}},
		"emoji of a confidential issue": {true, func(l *lab, ref triage.Ref) {
			if err := l.React("omar", ref, 0, "thumbsup"); err != nil {
				l.t.Error(err)
			}
			if err := l.Unreact("omar", ref, 0, "+1"); err != nil {
				l.t.Error(err)
			}
		}, []string{"Emoji Hook award", "Emoji Hook revoke"}},
		"a link": {false, func(l *lab, _ triage.Ref) {
			l.open(sandbox.IssueOptions{})
			l.must("POST", "/projects/1/issues/1/links", `{"target_project_id":1,"target_issue_iid":2}`)
		}, []string{"Issue Hook open"}},
		"a created label": {false, func(l *lab, _ triage.Ref) {
			l.must("POST", "/projects/1/labels", `{"name":"new","color":"#112233"}`)
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref := l.open(sandbox.IssueOptions{Labels: []string{"backend"}, Confidential: tt.confidential})
			tt.do(l, ref)
			got := events(l.sent(1))
			slices.Sort(got)
			want := slices.Clone(tt.want)
			slices.Sort(want) // hooks of different issues may overtake each other
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIssueHookTellsTheWholeStory(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"w::start"}, Assignees: []string{"omar"}, Description: "Long ago"})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"w::design,UX","weight":3}`)
	p := l.sent(1)[0]
	issue := l.Issue(ref)
	for path, want := range map[string]any{
		"object_kind":                           "issue",
		"event_type":                            "issue",
		"user.username":                         "flowkeeper-bot",
		"user.email":                            "[REDACTED]",
		"project.path_with_namespace":           "create/source-code",
		"object_attributes.action":              "update",
		"object_attributes.type":                "Issue",
		"object_attributes.state":               "opened",
		"object_attributes.iid":                 1.0,
		"object_attributes.weight":              3.0,
		"object_attributes.updated_at":          issue.UpdatedAt.Format("2006-01-02T15:04:05.000Z"),
		"changes.weight.previous":               nil,
		"changes.weight.current":                3.0,
		"changes.updated_at.current":            issue.UpdatedAt.Format("2006-01-02T15:04:05.000Z"),
		"changes.title":                         "-",
		"changes.assignees":                     "-",
		"object_attributes.last_edited_at":      nil,
		"object_attributes.discussion_locked":   nil,
		"object_attributes.moved_to_id":         nil,
		"object_attributes.description":         "Long ago",
		"object_attributes.total_time_spent":    0.0,
		"object_attributes.health_status":       nil,
		"object_attributes.duplicated_to_id":    nil,
		"repository.name":                       "source-code",
		"object_attributes.url":                 "http://gitlab.example/create/source-code/-/issues/1",
		"object_attributes.assignee_id":         p.at("object_attributes.assignee_ids").([]any)[0],
		"changes.updated_by_id.previous":        nil,
		"object_attributes.milestone_id":        nil,
		"object_attributes.human_time_estimate": nil,
		"object_attributes.severity":            "unknown",
		"object_attributes.confidential":        false,
		"object_attributes.closed_at":           nil,
		"object_attributes.state_id":            1.0,
	} {
		if diff := cmp.Diff(want, p.at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	for path, want := range map[string][]string{
		"labels": {"w::design", "UX"}, "object_attributes.labels": {"w::design", "UX"},
		"changes.labels.previous": {"w::start"}, "changes.labels.current": {"w::design", "UX"},
	} {
		if diff := cmp.Diff(want, p.titles(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if n := len(p.Delivery.Body); n < 3000 || n > 8000 {
		t.Errorf("the body has %d bytes, a real one of this kind 3 to 8 thousand", n)
	}
}

func TestOpenReportsNoLabelsAsChanges(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{Labels: []string{"UX"}, Weight: ptr(2)})
	p := l.sent(0)[0]
	for path, want := range map[string]any{
		"object_attributes.action": "open", "changes.labels": "-", "changes.weight.current": 2.0, "changes.title.previous": nil, "assignees": "-",
	} {
		if diff := cmp.Diff(want, p.at(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if diff := cmp.Diff([]string{"UX"}, p.titles("object_attributes.labels")); diff != "" {
		t.Error(diff)
	}
}

func TestClosingDeliversTwice(t *testing.T) {
	t.Run("with nothing else", func(t *testing.T) {
		l := newLab(t, sandbox.Options{})
		l.open(sandbox.IssueOptions{})
		l.must("PUT", "/projects/1/issues/1", `{"state_event":"close"}`)
		sent := l.sent(1)
		if a, b := sent[0].at("object_attributes.updated_at"), sent[1].at("object_attributes.updated_at"); a != b {
			t.Errorf("close says updated at %v, update %v", a, b)
		}
		if diff := cmp.Diff(sent[0].at("changes"), sent[1].at("changes")); diff != "" {
			t.Errorf("the update does not repeat the changes: %s", diff)
		}
	})
	t.Run("with a label", func(t *testing.T) {
		l := newLab(t, sandbox.Options{})
		l.open(sandbox.IssueOptions{})
		l.must("PUT", "/projects/1/issues/1", `{"state_event":"close","add_labels":"UX"}`)
		sent := l.sent(1)
		for n, want := range []map[string]any{
			{"object_attributes.action": "close", "object_attributes.state": "closed", "changes.state_id.current": 2.0, "changes.labels": "-"},
			{"object_attributes.action": "update", "object_attributes.state": "closed", "changes.state_id.current": 2.0},
		} {
			for path, v := range want {
				if diff := cmp.Diff(v, sent[n].at(path)); diff != "" {
					t.Errorf("delivery %d, %s: %s", n, path, diff)
				}
			}
		}
		if diff := cmp.Diff([]string{"UX"}, sent[1].titles("changes.labels.current")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestKindOfWorkItems(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Type: "Task"})
	l.edit("omar", ref, sandbox.Change{AddLabels: []string{"a"}})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"b"}`)
	var kinds []any
	for _, p := range l.sent(0) {
		kinds = append(kinds, p.at("object_kind"), p.at("object_attributes.type"))
	}
	if diff := cmp.Diff([]any{"work_item", "Task", "work_item", "Task", "issue", "Task"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestNoteAndEmojiHooks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Weight: ptr(2)})
	id := l.comment("omar", ref, "hello\r\nthere ")
	if err := l.EditNote("maria", ref, id, "edited"); err != nil {
		t.Fatal(err)
	}
	if err := l.React("omar", ref, id, "thumbsup"); err != nil {
		t.Fatal(err)
	}
	if err := l.React("omar", ref, 0, "👍"); err != nil {
		t.Fatal(err)
	}
	sent := l.sent(1)
	for n, want := range []map[string]any{
		{
			"object_kind": "note", "event_type": "note", "object_attributes.note": "hello\nthere", "object_attributes.action": "create",
			"object_attributes.created_at": "2026-11-23 12:00:00 UTC", "object_attributes.internal": false, "issue.weight": 2.0,
			"issue.updated_at": "2026-11-23 12:00:00 UTC", "issue.type": "Issue", "issue.action": "-", "object_attributes.noteable_type": "Issue",
		},
		{"object_attributes.action": "update", "user.username": "omar", "object_attributes.note": "edited"},
		{
			"object_kind": "emoji", "event_type": "award", "object_attributes.name": "thumbsup", "object_attributes.awardable_type": "Note",
			"object_attributes.awardable_id": float64(id), "note.id": float64(id), "issue.iid": 1.0, "object_attributes.action": "-",
		},
		{"event_type": "award", "object_attributes.awardable_type": "Issue", "work_item.iid": 1.0, "issue": "-", "object_attributes.name": "thumbsup"},
	} {
		for path, v := range want {
			if diff := cmp.Diff(v, sent[n].at(path)); diff != "" {
				t.Errorf("delivery %d, %s: %s", n, path, diff)
			}
		}
	}
	maria := sent[1].at("object_attributes.updated_by_id")
	if maria == sent[1].at("user.id") || maria == nil {
		t.Errorf("the editor is %v", maria)
	}
}

// received is what a receiver saw of one request.
type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T) (url string, got chan received) {
	got = make(chan received, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Header, body}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestHeadersAndSignature(t *testing.T) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a key of thirty-two bytes, really"))
	l := newLab(t, sandbox.Options{Now: time.Now, URL: "https://gitlab.test"})
	url, got := receiver(t)
	l.addHook(sandbox.Hook{URL: url, Token: "s3cret", SigningToken: secret, Events: []string{"issues"}})
	ref := l.open(sandbox.IssueOptions{})
	l.comment("omar", ref, "not for this hook")
	if err := l.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("the hook got %d requests, want 1", len(got))
	}
	r := <-got
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitLab/19.1.0", "X-Gitlab-Event": "Issue Hook", "X-Gitlab-Token": "s3cret",
		"X-Gitlab-Instance": "https://gitlab.test",
	} {
		if v := r.header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if id := r.header.Get("webhook-id"); len(id) != 36 || id != r.header.Get("Idempotency-Key") {
		t.Errorf("webhook-id %q, Idempotency-Key %q", id, r.header.Get("Idempotency-Key"))
	}
	for _, name := range []string{"X-Gitlab-Event-UUID", "X-Gitlab-Webhook-UUID"} {
		if v := r.header.Get(name); len(v) != 36 || v == r.header.Get("webhook-id") {
			t.Errorf("%s is %q", name, v)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(r.body, r.header); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := verifier.Verify(append(r.body, ' '), r.header); err == nil {
		t.Error("the signature also fits another body")
	}
	if !json.Valid(r.body) {
		t.Error("the body is not JSON")
	}
}

func TestHooksThatCannotBe(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for name, h := range map[string]sandbox.Hook{
		"no URL":                 {},
		"no http":                {URL: "ftp://x"},
		"unknown event":          {URL: "http://x", Events: []string{"pushes"}},
		"signing token, no pref": {URL: "http://x", SigningToken: "YWJjZGVm"},
		"signing token, no key":  {URL: "http://x", SigningToken: "whsec_"},
		"signing token, no b64":  {URL: "http://x", SigningToken: "whsec_???"},
	} {
		if _, err := l.AddHook(l.project, h); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDeliveriesOfAnIssueStayInOrder(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	url, got := receiver(t)
	l.addHook(sandbox.Hook{URL: url})
	ref := l.open(sandbox.IssueOptions{Weight: ptr(0)})
	for n := 1; n < 30; n++ {
		l.edit("omar", ref, sandbox.Change{Weight: ptr(n)})
	}
	if err := l.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(got)
	n := 0
	for r := range got {
		var body struct {
			Attributes struct {
				Weight int `json:"weight"`
			} `json:"object_attributes"`
		}
		if err := json.Unmarshal(r.body, &body); err != nil {
			t.Fatal(err)
		}
		if body.Attributes.Weight != n {
			t.Errorf("delivery %d carries the weight %d", n, body.Attributes.Weight)
		}
		n++
	}
	if n != 30 {
		t.Errorf("%d deliveries, want 30", n)
	}
}

func TestFailuresAreNotRepeated(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	statuses := []int{500, 503, 200, 404}
	next := make(chan int, len(statuses))
	for _, s := range statuses {
		next <- s
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(<-next)
		io.WriteString(w, "sorry")
	}))
	t.Cleanup(broken.Close)
	id := l.addHook(sandbox.Hook{URL: broken.URL})
	ref := l.open(sandbox.IssueOptions{})
	var failures []int
	for n := range statuses {
		if n > 0 {
			l.edit("omar", ref, sandbox.Change{Weight: ptr(n)})
		}
		if err := l.Quiet(t.Context()); err != nil {
			t.Fatal(err)
		}
		failures = append(failures, l.Hooks(l.project)[1].Failures)
	}
	if diff := cmp.Diff([]int{1, 2, 0, 1}, failures); diff != "" {
		t.Errorf("failures in a row: %s", diff)
	}
	var answers []string
	for _, d := range l.Deliveries() {
		if d.Hook == id {
			answers = append(answers, d.State+" "+strconv.Itoa(d.Status)+" "+d.Answer)
		}
	}
	if diff := cmp.Diff([]string{"answered 500 sorry", "answered 503 sorry", "answered 200 sorry", "answered 404 sorry"}, answers); diff != "" {
		t.Error(diff)
	}
}

func TestAReceiverThatHangsTimesOut(t *testing.T) {
	l := newLab(t, sandbox.Options{HookTimeout: 20 * time.Millisecond})
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(release) })
	l.addHook(sandbox.Hook{URL: slow.URL})
	l.open(sandbox.IssueOptions{})
	if err := l.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := l.Deliveries()[1]; d.State != sandbox.Failed || d.Err == "" {
		t.Errorf("the delivery is %s (%s)", d.State, d.Err)
	}
}

func TestRecursionIsBlocked(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.open(sandbox.IssueOptions{})
	first := l.sent(0)[0]
	put := func(chain string) {
		r := httptest.NewRequestWithContext(t.Context(), "PUT", "/api/v4/projects/1/issues/1?add_labels="+chain[:8], nil)
		r.Header.Set("Authorization", "Bearer "+botToken)
		r.Header.Set("X-Gitlab-Event-UUID", chain)
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("PUT: %d %s", w.Code, w.Body)
		}
	}
	put(first.Header.Get("X-Gitlab-Event-UUID"))
	put("11111111-2222-4333-8444-555555555555")
	var states []string
	for _, p := range l.sent(1) {
		states = append(states, p.State)
	}
	if diff := cmp.Diff([]string{sandbox.Dropped, sandbox.Answered}, states); diff != "" {
		t.Error(diff)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	t.Cleanup(slow.Close)
	id := l.addHook(sandbox.Hook{URL: slow.URL})
	ref := l.open(sandbox.IssueOptions{})
	l.edit("omar", ref, sandbox.Change{Weight: ptr(1)})
	<-arrived
	waiting := make(chan error, 1)
	go func() { waiting <- l.Await(t.Context(), func() bool { return false }) }()
	closed := make(chan struct{})
	go func() {
		l.Close()
		close(closed)
	}()
	if err := <-waiting; !errors.Is(err, sandbox.ErrClosed) {
		t.Errorf("Await gave %v", err)
	}
	close(release)
	<-closed
	var states []string
	for _, d := range l.Deliveries() {
		if d.Hook == id {
			states = append(states, d.State)
		}
	}
	if diff := cmp.Diff([]string{sandbox.Answered, sandbox.Dropped}, states); diff != "" {
		t.Error(diff)
	}
	l.edit("omar", ref, sandbox.Change{Weight: ptr(2)}) // works, is just not delivered
}
