package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/adopt"
	"flowkeeper/bot/sandbox"
	"flowkeeper/config/policyfile"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// settingsOf are the policies of a file, in mode act unless they say otherwise.
func settingsOf(t *testing.T, file string) []engine.Setting {
	t.Helper()
	found, bad := policyfile.Read([]policyfile.Source{{Name: "policies.yml", Content: []byte(file)}}, policyfile.Defaults{Mode: triage.Act})
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	var all []engine.Setting
	for _, r := range found.Rules {
		all = append(all, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	return all
}

// withPolicies has no rules but those of a policy file.
func withPolicies(t *testing.T, file string) func(*bot.Options) {
	settings := settingsOf(t, file)
	return func(o *bot.Options) {
		o.Policy.Settings, o.Policy.Index = settings, nil
		o.Worker.Patience.Late = time.Millisecond
	}
}

// saidOwn is how often the bot made a comment with these words.
func (r *rig) saidOwn(ref triage.Ref, words string) (times int) {
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		times += strings.Count(n.Text, words)
	}
	return times
}

// TestPoliciesOfReplicas: two replicas on one Redis get each webhook, the store is emptied in between, and every webhook comes again. Each spell has one
// comment.
func TestPoliciesOfReplicas(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, withPolicies(t, `
resource_rules:
  issues:
    rules:
      - name: Own
        conditions: {labels: [a]}
        actions: {labels: [b], comment: "Said beside, {{author}}.", comment_as: own}
      - name: Asked
        conditions: {labels: [ask]}
        actions: {remove_labels: [ask], comment: "Asked for.", comment_as: own}
      - name: Note
        conditions: {labels: [a]}
        actions: {comment: "Said on the note."}
`))
	app := r.secondReplica(nil)
	r.must(r.gitlab.AddHook(r.project, sandbox.Hook{URL: app.URL(), Token: secret}))
	var refs []triage.Ref
	for i := range 6 {
		ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: fmt.Sprint(i), Labels: []string{"a", "ask"}})
		r.must(nil, err)
		refs = append(refs, ref)
	}
	r.settle()
	check := func(when string, asked int) {
		t.Helper()
		for _, ref := range refs {
			own, ask, notes := r.saidOwn(ref, "Said beside, @ann."), r.saidOwn(ref, "Asked for."), strings.Count(r.note(ref), "- [ ] Said on the note.")
			if own != 1 || ask != asked || notes != 1 {
				t.Errorf("%s, %s: %d of their own, %d asked for, %d on the note; want 1, %d, 1\n%+v", when, ref, own, ask, notes, asked, r.gitlab.Issue(ref).CommentsBy(botName))
			}
		}
	}
	check("after the opening", 1)
	redis.Flush()
	r.redeliverAll()
	check("emptied, and all webhooks again", 1)
	for _, ref := range refs {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"ask"}})
	}
	check("asked again", 2)
	redis.Flush()
	for _, ref := range refs {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"other"}})
	}
	check("emptied again", 2)
	r.alive()
}

// TestPoliciesSeeAllIssues: confidential ones, closed ones, and those of other teams; nothing of a confidential issue is public.
func TestPoliciesSeeAllIssues(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, withPolicies(t, `
resource_rules:
  issues:
    rules:
      - name: All
        actions: {labels: [seen], comment: "About {{title}}.", comment_as: own}
      - name: Ours
        scope: ours
        actions: {labels: [ours]}
      - name: Closed
        conditions: {state: closed, forbidden_labels: [done]}
        actions: {labels: [done]}
`))
	for name, o := range map[string]sandbox.IssueOptions{
		"theirs":       {Title: "x", Labels: []string{"group::another team"}},
		"confidential": {Title: "x", Confidential: true},
		"plain":        {Title: "x"},
	} {
		ref := r.open(o)
		r.edit("omar", ref, sandbox.Change{Close: true})
		i := r.gitlab.Issue(ref)
		if !i.Has("seen") || !i.Has("done") || i.Has("ours") == (name == "theirs") || r.saidOwn(ref, "About x.") != 1 {
			t.Errorf("%s: labels %q, comments %+v", name, i.Labels, i.CommentsBy(botName))
		}
	}
	r.alive()
}

// TestPoliciesTakeUpOldIssues: adopting a project has policies look at issues that nobody has touched for long.
func TestPoliciesTakeUpOldIssues(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, withPolicies(t, `
resource_rules:
  issues:
    rules:
      - name: Mark
        conditions: {state: opened, forbidden_labels: [stale], date: {attribute: updated_at, condition: older_than, interval: 10, interval_type: days}}
        actions: {labels: [stale], comment: "Stale, {{author}}?", comment_as: own}
      - name: Unmark
        conditions: {labels: [stale], date: {attribute: updated_at, condition: newer_than, interval: 1, interval_type: days}}
        actions: {remove_labels: [stale], comment: "Welcome back.", comment_as: own}
`))
	ref := r.old(sandbox.IssueOptions{Title: "x"})
	client, err := admin.NewClient(r.app.AdminURL(), "")
	r.must(nil, err)
	t.Cleanup(client.Close)
	adoptAll := func() {
		t.Helper()
		if page, err := client.Adopt(r.Context(), adopt.Request{Project: "team/project"}); err != nil || !page.Done {
			t.Fatalf("%+v, %v", page, err)
		}
		r.settle()
	}
	adoptAll()
	check := func(when string, stale bool, marked, welcomed int) {
		t.Helper()
		if i := r.gitlab.Issue(ref); i.Has("stale") != stale || r.saidOwn(ref, "Stale, @ann?") != marked || r.saidOwn(ref, "Welcome back.") != welcomed {
			t.Errorf("%s: labels %q, comments %+v\n%s", when, i.Labels, i.CommentsBy(botName), r.handled.text())
		}
	}
	check("adopted", true, 1, 0)
	r.loseStore()
	client2, err := admin.NewClient(r.app.AdminURL(), "")
	r.must(nil, err)
	t.Cleanup(client2.Close)
	client = client2
	adoptAll()
	check("adopted again with an emptied store", true, 1, 0)
	r.loseStore()
	r.comment("omar", ref, "It is still so.")
	check("after a comment", false, 1, 1)
	r.alive()
}
