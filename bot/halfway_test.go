package bot_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// What is cut off between two writes, and what comes late, must end as if nothing had happened. These tests have a delivered state count as
// stale at once, as it is after a restart.
func stale(o *bot.Options) { o.Worker.Freshness = time.Nanosecond }

// secured is a security issue about which there is nothing else to say.
var secured = sandbox.IssueOptions{
	Title: "t", Labels: []string{"security", "type::bug", "severity::1", "priority::1", "workflow::start"}, Assignees: []string{"omar"},
}

func (r *rig) weight(ref triage.Ref) int {
	r.Helper()
	w := r.gitlab.Issue(ref).Weight
	if w == nil {
		r.Fatal("the issue has no weight")
	}
	return *w
}

func TestStoppedBetweenWriteAndNote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { stale(o); o.Drain = 50 * time.Millisecond })
	ref := r.open(secured)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Wait: hold, CutBefore: true})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.await(func() bool { return r.weight(ref) == 3 }))
	r.must(nil, r.app.Stop())
	close(hold)
	r.start()
	r.settle()
	if w := r.weight(ref); w != 3 || !strings.Contains(r.note(ref), "2 → 3") {
		t.Errorf("weight %d, want 3; note:\n%s", w, r.note(ref))
	}
}

func TestRevivedLetterRaisesOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, stale)
	ref := r.open(secured)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusForbidden})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.must(nil, r.app.Inbox().Redrive(t.Context(), ref))
	r.settle()
	if w := r.weight(ref); w != 3 || !strings.Contains(r.note(ref), "2 → 3") {
		t.Errorf("weight %d, want 3; note:\n%s", w, r.note(ref))
	}
}

func TestBuriedBatchKnowsWhatItWrote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::start"}})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusForbidden})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5), AddLabels: []string{"workflow::design"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	if labels := r.gitlab.Issue(ref).Labels; r.gitlab.Issue(ref).Has("UX") {
		t.Errorf("a person took UX off and the bot put it back: %v", labels)
	}
}

func TestRetriedWakeUpStillReminds(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Grace = 500 * time.Millisecond })
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.gitlab.FailNext(sandbox.Fault{Match: "GET notes", Status: http.StatusBadGateway})
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) > 0 }))
	if note := r.note(ref); !strings.Contains(note, "A type label") {
		t.Errorf("the note says:\n%s", note)
	}
}

// TestRetryKeepsWakeUps: a retry on an issue that has a note does not forget when a rule wants to look again.
func TestRetryKeepsWakeUps(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement"}})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT note", Status: http.StatusBadGateway})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	if memory := r.memory(ref); memory.Wakes["refinement-needs-assignee"].IsZero() {
		t.Errorf("the rule's wake-up is forgotten: %+v", memory.Wakes)
	}
}

func TestRetryKeepsADeletedNoteDeleted(t *testing.T) {
	t.Parallel()
	for _, fault := range []bool{false, true} {
		r := newRig(t, sandbox.Premium, nil)
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
		r.must(nil, r.gitlab.DeleteNote("mia", ref, r.gitlab.Issue(ref).CommentsBy(botName)[0].ID))
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(4)})
		if fault {
			r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusBadGateway})
		}
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5), AddLabels: []string{"workflow::design"}})
		if n := r.note(ref); n != "" || len(r.gitlab.Notifications()) != 1 {
			t.Errorf("with a fault %t: the deleted note is back, notices %v\n%s", fault, r.gitlab.Notifications(), n)
		}
	}
}

func TestLostAnswerToARemovalIsNobodysUndoing(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(4)})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", ApplyThenCut: true})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(4)})
	if labels := r.gitlab.Issue(ref).Labels; !r.gitlab.Issue(ref).Has("needs research") || strings.Contains(r.note(ref), "is suspended here") {
		t.Errorf("labels %v, note:\n%s", labels, r.note(ref))
	}
}

func TestLateWebhookDoesNotOverwriteAWeight(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(secured)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Hold, Times: 2})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Edit("mia", ref, sandbox.Change{Weight: triage.Int(5)}))
	for _, held := range r.gitlab.HeldDeliveries() {
		r.must(nil, r.gitlab.ReleaseHeld(held.ID))
		r.settle()
	}
	if w := r.weight(ref); w != 5 {
		t.Errorf("mia set 5, the weight is %d", w)
	}
}

func TestNoFreshnessStillActs(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Worker.Freshness = 0 })
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	if !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// TestUnreadableStateIsRead: what a payload does not tell in a form that can be relied on is asked of GitLab.
func TestUnreadableStateIsRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
	body := fmt.Sprintf(`{"object_kind":"issue","user":{"id":3,"username":"omar"},"project":{"id":%d,"path_with_namespace":"team/project"},
		"object_attributes":{"id":%d,"iid":%d,"action":"update","state":"opened","updated_at":%q,"weight":{},
			"labels":[{"title":"type::maintenance"},{"title":"workflow::design"}]},
		"changes":{"labels":{"previous":[{"title":"type::maintenance"}],"current":[{"title":"type::maintenance"},{"title":"workflow::design"}]}}}`,
		ref.Project, r.gitlab.Issue(ref).ID, ref.IID, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.app.URL(), strings.NewReader(body))
	r.must(nil, err)
	req.Header.Set("X-Gitlab-Event", "Issue Hook")
	req.Header.Set("X-Gitlab-Token", secret)
	req.Header.Set("webhook-id", "odd-1")
	resp, err := http.DefaultClient.Do(req)
	r.must(nil, err)
	r.must(nil, resp.Body.Close())
	r.settle()
	if resp.StatusCode != http.StatusAccepted || !r.gitlab.Issue(ref).Has("UX") {
		t.Errorf("%s, labels %v", resp.Status, r.gitlab.Issue(ref).Labels)
	}
}

// TestSlowClientDoesNotSpoilTheStop: a client that never ends its request is cut off, and the stop is a clean one.
func TestSlowClientDoesNotSpoilTheStop(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Drain = 400 * time.Millisecond })
	conn, err := net.Dial("tcp", r.options.Server.Listen)
	r.must(nil, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Gitlab-Event: Issue Hook\r\nExpect: 100-continue\r\n"+
		"X-Gitlab-Token: %s\r\nContent-Length: 1000\r\n\r\n", secret)
	r.must(nil, err)
	line, err := bufio.NewReader(conn).ReadString('\n') // the receiver has begun to read
	if err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	r.must(nil, r.app.Stop())
}

// memory is what the bot remembers of an issue: the bot is stopped, and the next claim shows it.
func (r *rig) memory(ref triage.Ref) triage.Memory {
	r.Helper()
	r.must(nil, r.app.Stop())
	store, err := sqlite.Open(sqlite.Options{Dir: r.options.Inbox.DataDir})
	r.must(nil, err)
	defer func() { r.must(nil, store.Close()) }()
	r.must(store.Enqueue(r.Context(), inbox.Delivery{Issue: ref}))
	batch, err := store.Claim(r.Context(), 0)
	r.must(nil, err)
	var m triage.Memory
	r.must(nil, json.Unmarshal(batch.Memory, &m))
	return m
}

// TestLabelSetWhileTheBotWrote: a person moves the issue while the bot's update with another state is on its way. GitLab lets the later win;
// the bot gives it back.
func TestLabelSetWhileTheBotWrote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Wait: hold})
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance"}})
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) == 1 }))
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::refinement"}}))
	close(hold)
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::refinement") || i.Has("workflow::start") {
		t.Errorf("labels %v", i.Labels)
	}
}
