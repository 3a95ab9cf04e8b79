package bot_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// loseStore stops the bot, removes its store and starts it again.
func (r *rig) loseStore() {
	r.Helper()
	r.must(nil, r.app.Stop())
	stores, err := filepath.Glob(filepath.Join(r.options.Inbox.DataDir, "*"))
	if err != nil || len(stores) == 0 {
		r.Fatalf("no store in %s: %v", r.options.Inbox.DataDir, err)
	}
	for _, s := range stores {
		r.must(nil, os.RemoveAll(s))
	}
	r.start()
}

// TestLostStore empties the store between two events: no second note, no second level, no label fight.
func TestLostStore(t *testing.T) {
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"security"}})
	i := r.gitlab.Issue(ref)
	if *i.Weight != 3 || i.Has("UX") {
		t.Errorf("weight %d and labels %v, want 3 and no UX", *i.Weight, i.Labels)
	}
	if note := r.note(ref); !strings.Contains(note, "2 → 3") {
		t.Errorf("the note lost what it said:\n%s", note)
	}
}

// TestLostStoreBeforeTheNote loses all that tells of the extra level but the weight itself.
func TestLostStoreBeforeTheNote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Worker.Attempts = 1 })
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "type::bug", "severity::1", "priority::1", "workflow::start", "backend"}, Assignees: []string{"omar"}})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusForbidden, Times: 100})
	r.say("omar", ref, "/flow weight 2")
	if w := r.weight(ref); w != 3 {
		t.Fatalf("weight %d, want 3", w)
	}
	r.loseStore()
	r.gitlab.ClearFaults()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"x"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"security"}})
	if w := r.weight(ref); w != 3 {
		t.Errorf("weight %d after the store was lost, want 3; note:\n%s", w, r.note(ref))
	}
}

// TestBlockedCommentOfALostStore: a comment that the bot has forgotten still says what blocks the issue.
func TestBlockedCommentOfALostStore(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::blocked"}})
	r.comment("omar", ref, "We wait for the new disks.")
	r.loseStore()
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	r.says("with a comment", ref, "All set")
}

// TestLostStoreRecallsOnlyWhatCounted: a guest's refused command, and one that was written into a comment later, silence nothing.
func TestLostStoreRecallsOnlyWhatCounted(t *testing.T) {
	t.Parallel()
	for name, silence := range map[string]func(*rig, triage.Ref){
		"refused": func(r *rig, ref triage.Ref) {
			r.refused(ref, r.say("gus", ref, "/flow ignore design-needs-ux it is mine"), "Planner or Reporter")
		},
		"edited": func(r *rig, ref triage.Ref) {
			id := r.say("omar", ref, "/flow to start")
			r.done(ref, id)
			r.ahead.Add(int64(time.Minute))
			r.must(nil, r.gitlab.EditNote("omar", ref, id, "/flow ignore design-needs-ux it is mine"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.must(r.gitlab.AddUser("gus", "gus", sandbox.Guest))
			ref := r.open(planned)
			silence(r, ref)
			r.loseStore()
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
			if i := r.gitlab.Issue(ref); !i.Has("UX") {
				t.Errorf("labels %v, want UX", i.Labels)
			}
		})
	}
}

// TestEmptiedStoreKnowsNoNewIssue: the webhook that opened the issue comes once more after the store was emptied, and that of an undoing never
// comes.
func TestEmptiedStoreKnowsNoNewIssue(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	ref := r.open(planned)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}}))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	if i := r.gitlab.Issue(ref); i.Has("UX") {
		t.Errorf("the bot did again what a person undid: %v", i.Labels)
	}
}

// TestEmptiedStoreStopsWhoHadTheLease: Redis is emptied while a worker is at an issue, and another one gets it with the next webhook.
func TestEmptiedStoreStopsWhoHadTheLease(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	ref := r.open(secured)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "GET issue", Wait: hold})
	before, reads := len(r.gitlab.Writes()), len(r.gitlab.Calls())
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.asked(reads, "GET weight events")
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool {
		return d.Issue == ref && d.Action == "update" && strings.Contains(string(d.Body), `"weight":{`)
	})
	close(hold)
	r.must(nil, r.handled.await(t.Context(), func() bool { return strings.Count(r.handled.text(), `"result":`) == 3 })) // with that of the opened issue
	if writes := r.gitlab.Writes()[before:]; len(writes) != 2 {
		t.Errorf("weight %d, want 3 by one write and one note: %q", r.weight(ref), writes)
	}
}
