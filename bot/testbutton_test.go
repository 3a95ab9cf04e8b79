package bot_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
)

// press sends a held webhook as GitLab does when somebody tries the webhook: it names who pressed the button, not who did what the webhook tells.
func (r *rig) press(who string, held sandbox.Delivery) {
	r.Helper()
	var body map[string]any
	r.must(nil, json.Unmarshal(held.Body, &body))
	body["user"] = map[string]any{"id": r.people[who], "username": who, "name": who}
	data, err := json.Marshal(body)
	r.must(nil, err)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, held.URL, strings.NewReader(string(data)))
	r.must(nil, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Gitlab-Event", held.Event)
	req.Header.Set("X-Gitlab-Token", secret)
	resp, err := http.DefaultClient.Do(req)
	r.must(nil, err)
	r.must(nil, resp.Body.Close())
	if resp.StatusCode != http.StatusAccepted {
		r.Fatal(resp.Status)
	}
	r.settle()
}

// TestTestButtonOnAComment: a comment is its author's, whoever tries the webhook with it.
func TestTestButtonOnAComment(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	var err error
	r.people["gus"], err = r.gitlab.AddUser("gus", "Gus", sandbox.Guest)
	r.must(nil, err)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	for writer, presser := range map[string]string{"gus": "mia", "omar": "gus"} {
		r.gitlab.NextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Hold})
		id, err := r.gitlab.Comment(writer, ref, "/flow weight 2")
		r.must(nil, err)
		r.must(nil, r.await(func() bool { return len(r.gitlab.HeldDeliveries()) > 0 }))
		held := r.gitlab.HeldDeliveries()
		r.press(presser, held[len(held)-1])
		if writer == "gus" {
			r.refused(ref, id, "Reporter")
		} else {
			r.done(ref, id)
		}
	}
}

// TestTestButtonOnAnOldIssue: GitLab tells of an old issue as if it had just been opened. It is left as it is.
func TestTestButtonOnAnOldIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.ahead.Store(-int64(30 * 24 * time.Hour))
	r.gitlab.NextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Hold})
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "An old one"})
	r.must(nil, err)
	r.ahead.Store(0)
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldDeliveries()) == 1 }))
	held := r.gitlab.HeldDeliveries()[0]
	var body map[string]any
	r.must(nil, json.Unmarshal(held.Body, &body))
	body["changes"] = map[string]any{}
	held.Body, err = json.Marshal(body)
	r.must(nil, err)
	r.press("mia", held)
	if i := r.gitlab.Issue(ref); len(i.Labels) > 0 || r.note(ref) != "" {
		t.Errorf("labels %v, note %q", i.Labels, r.note(ref))
	}
}
