package bot_test

import (
	"encoding/json"
	"fmt"
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
		r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Hold})
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
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Issue Hook", Do: sandbox.Hold})
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

// tries presses "Test" for a kind of events as a person who may, and gives the answer of the bot.
func (r *rig) tries(who, trigger string) string {
	r.Helper()
	r.must(nil, r.gitlab.AddToken(who, "glpat-of-"+who))
	address := fmt.Sprintf("%s/api/v4/projects/%d/hooks/%d/test/%s", r.options.GitLab.URL, r.project, r.hook, trigger)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, address, nil)
	r.must(nil, err)
	req.Header.Set("PRIVATE-TOKEN", "glpat-of-"+who)
	resp, err := http.DefaultClient.Do(req)
	r.must(nil, err)
	r.must(nil, resp.Body.Close())
	if resp.StatusCode != http.StatusCreated {
		r.Fatal(resp.Status)
	}
	r.settle()
	all := r.gitlab.Deliveries()
	return all[len(all)-1].Answer
}

// TestTestButtonOnWhatWasEdited: GitLab tells of an edited comment as if its text had just been written by its author.
func TestTestButtonOnWhatWasEdited(t *testing.T) {
	t.Parallel()
	for name, presser := range map[string]string{"by somebody else": "mia", "by its author": "max"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.must(r.gitlab.AddUser("max", "Max", sandbox.Maintainer))
			ref := r.open(sandbox.IssueOptions{Title: "t"})
			id := r.say("max", ref, "Good morning.")
			r.ahead.Store(int64(time.Minute))
			r.must(nil, r.gitlab.EditNote("mia", ref, id, "/flow weight 5"))
			r.settle()
			r.tries(presser, "note_events")
			if w := r.gitlab.Issue(ref).Weight; w != nil {
				t.Errorf("the text of an edit was run: weight %d", *w)
			}
			if reactions, replies := r.answer(ref, id); len(reactions)+len(replies) > 0 {
				t.Errorf("it is answered: %v %v", reactions, replies)
			}
		})
	}
}

// TestTestButtonOnWhatWasMissed tries the webhook with a command that was never delivered, twice: it runs once, as its author's.
func TestTestButtonOnWhatWasMissed(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Drop})
	id := r.say("omar", ref, "/flow weight 5")
	r.calls()
	for range 2 {
		r.tries("mia", "note_events")
		r.done(ref, id)
	}
	if w := r.gitlab.Issue(ref).Weight; w == nil || *w != 5 {
		t.Errorf("weight %v", w)
	}
}

// TestTestButtonOnReactions: GitLab makes up a thumbsup of whoever presses the button. It agrees to nothing.
func TestTestButtonOnReactions(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.openInReview()
	r.says("at first", ref, agreedNobody)
	if said := r.tries("mia", "emoji_events"); !strings.Contains(said, "nobody gave this reaction") {
		t.Errorf("answered %s", said)
	}
	r.says("after a made-up thumbsup", ref, agreedNobody)
}

// TestTestButtonOnAnAgreement: a comment that agrees is its author's.
func TestTestButtonOnAnAgreement(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.openInReview()
	r.says("at first", ref, agreedNobody)
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Drop})
	r.say("pam", ref, "I agree.")
	r.tries("mia", "note_events")
	r.says("when pam's comment is tried", ref, agreedProduct)
}
