package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// secondReplica starts another replica on the rig's Redis, with these options in other ways than the first. GitLab does not know it yet.
func (r *rig) secondReplica(adjust func(*bot.Options)) *bot.App {
	r.Helper()
	o := r.options
	if adjust != nil {
		adjust(&o)
	}
	o.Server.Listen, o.Admin.Listen, o.Inbox.DataDir = "127.0.0.1:0", "127.0.0.1:0", r.TempDir()
	app, err := bot.New(r.Context(), o)
	r.must(nil, err)
	r.Cleanup(func() { _ = app.Stop() })
	r.must(nil, app.Start())
	testkit.Receive(r.T, "the second replica to be ready", app.Ready())
	return app
}

// TestReplicasShareTheWork runs two replicas on one Redis. GitLab delivers every event to both, as a group's and a project's webhook
// would; each issue is changed once, has one note and one extra level.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	r, _ := newRedisRig(t, nil)
	app := r.secondReplica(nil)
	r.must(r.gitlab.AddHook(r.project, sandbox.Hook{URL: app.URL(), Token: secret}))

	var refs []triage.Ref
	for i := range 20 {
		ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: fmt.Sprint(i), Labels: []string{"security"}})
		r.must(nil, err)
		r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
		refs = append(refs, ref)
	}
	r.settle()
	for _, ref := range refs {
		i := r.gitlab.Issue(ref)
		if *i.Weight != 3 || !i.Has("workflow::start") || !strings.Contains(r.note(ref), "2 → 3") {
			t.Errorf("%s: weight %d, labels %v, note:\n%s", ref, *i.Weight, i.Labels, r.note(ref))
		}
	}
	duplicates := slices.DeleteFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return !strings.Contains(d.Answer, "duplicate") })
	if len(duplicates) != 2*len(refs) {
		t.Errorf("%d of %d deliveries were found to be the other's twin, want half of all by people", len(duplicates), len(r.gitlab.Deliveries()))
	}
}

// TestEmptiedRedis empties Redis between two events: nothing is done twice.
func TestEmptiedRedis(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	redis.Flush()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"security"}})
	if i := r.gitlab.Issue(ref); *i.Weight != 3 || i.Has("UX") || !strings.Contains(r.note(ref), "2 → 3") {
		t.Errorf("weight %d, labels %v, note:\n%s", *i.Weight, i.Labels, r.note(ref))
	}
}
