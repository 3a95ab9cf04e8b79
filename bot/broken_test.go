package bot_test

import (
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
)

// TestCutShortIsLookedAt cuts deliveries on their way: what they told of is found at once, and sent again as a whole they are no duplicates.
func TestCutShortIsLookedAt(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	send := func(d sandbox.Delivery, length int) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.app.URL(), strings.NewReader(string(d.Body[:length])))
		r.must(nil, err)
		req.Header.Set("X-Gitlab-Token", secret)
		req.Header.Set("Webhook-Id", d.Event)
		answer, err := http.DefaultClient.Do(req)
		r.must(nil, err)
		defer answer.Body.Close()
		text := new(strings.Builder)
		r.must(nil, answer.Write(text))
		if answer.StatusCode != http.StatusAccepted {
			t.Fatalf("answered %s", text)
		}
		r.settle()
		return text.String()
	}
	held := func(event string) sandbox.Delivery {
		t.Helper()
		all := r.gitlab.HeldDeliveries()
		if len(all) == 0 || all[len(all)-1].Event != event {
			t.Fatalf("held are %d, the last no %s", len(all), event)
		}
		return all[len(all)-1]
	}

	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Hold})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::design"}})
	opened := held("Issue Hook")
	send(opened, len(opened.Body)-100)
	if i := r.gitlab.Issue(ref); !i.Has("UX") {
		t.Errorf("the opening is not answered: %v", i.Labels)
	}

	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Hold})
	id := r.say("omar", ref, "/flow weight 3")
	noted := held("Note Hook")
	send(noted, len(noted.Body)-100)
	r.done(ref, id)

	for _, whole := range []sandbox.Delivery{opened, noted} {
		if said := send(whole, len(whole.Body)); !strings.Contains(said, `"accepted"`) {
			t.Errorf("%s, sent again as a whole: %s", whole.Event, said)
		}
	}
	r.done(ref, id)
}
