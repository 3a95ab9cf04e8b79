package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/admin"
	"flowkeeper/bot/adopt"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// old opens an issue 30 days ago, of which the bot hears nothing.
func (r *rig) old(o sandbox.IssueOptions) triage.Ref {
	r.Helper()
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	r.ahead.Store(-int64(30 * 24 * time.Hour))
	ref, err := r.gitlab.Open("ann", r.project, o)
	r.must(ref, err)
	r.ahead.Store(0)
	r.gitlab.ClearFaults()
	return ref
}

// handledAgain waits until the bot has handled the issue once more than before.
func (r *rig) handledAgain(ref triage.Ref, what func()) {
	r.Helper()
	times := func() int {
		return strings.Count(r.handled.text(), fmt.Sprintf(`"msg":"issue handled","result":"done","issue":"%s"`, ref))
	}
	before := times()
	what()
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	if err := r.handled.await(ctx, func() bool { return times() > before }); err != nil {
		r.Fatalf("%s was not handled\n%s", ref, r.handled.text())
	}
	r.settle()
}

// TestMentionedIssueIsLeftInPeace: GitLab moves an issue's time of update when it is mentioned elsewhere, by a person or by the bot. That does
// not touch it: an issue from before the bot is left in peace. Whatever a person does to it is caught up, also if no webhook told.
func TestMentionedIssueIsLeftInPeace(t *testing.T) {
	t.Parallel()
	for name, touch := range map[string]func(r *rig, ref triage.Ref){
		"comment": func(r *rig, ref triage.Ref) { r.must(r.gitlab.Comment("omar", ref, "just talk")) },
		"label": func(r *rig, ref triage.Ref) {
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"x"}}))
		},
		"assignee": func(r *rig, ref triage.Ref) {
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Assignees: &[]string{"omar"}}))
		},
		"reopened": func(r *rig, ref triage.Ref) {
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Close: true}))
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Reopen: true}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				o.Schedule.Every, o.Schedule.Projects = 100*time.Millisecond, []string{"team/project"}
			})
			ref := r.old(sandbox.IssueOptions{Title: "An old one"})
			r.handledAgain(ref, func() { r.open(sandbox.IssueOptions{Title: "Another", Description: "Like #1, see there."}) })
			if i := r.gitlab.Issue(ref); len(i.Labels) > 0 || r.note(ref) != "" {
				t.Fatalf("nobody touched it, and it has the labels %v and the note %q", i.Labels, r.note(ref))
			}
			other := triage.Ref{Project: r.project, IID: 2}
			r.handledAgain(ref, func() { r.must(r.gitlab.Comment("omar", other, "/flow blocked by #1")) })
			if i := r.gitlab.Issue(ref); len(i.Links) != 1 || len(i.Labels) > 0 || r.note(ref) != "" {
				t.Fatalf("the bot linked it (%v), and it has the labels %v and the note %q", i.Links, i.Labels, r.note(ref))
			}
			r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			r.ahead.Store(int64(5 * time.Second)) // not at the moment of the mention
			r.handledAgain(ref, func() { touch(r, ref) })
			if !r.gitlab.Issue(ref).Has("backend") {
				t.Errorf("a person touched it, and it has the labels %v\n%s", r.gitlab.Issue(ref).Labels, r.handled.text())
			}
		})
	}
}

// TestAdoptingTakesUpWhatWasWatched: rules that watched an issue in shadow did nothing to it, so that adopting it in act treats it as opened. What
// a person then undoes stays undone, also when the project is adopted again.
func TestAdoptingTakesUpWhatWasWatched(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	act := r.options.Policy
	watch := act
	watch.Settings = slices.Clone(act.Settings)
	for n := range watch.Settings {
		watch.Settings[n].Mode = triage.Shadow
	}
	follow := func(p engine.Policy) {
		r.options.Policy = p
		r.must(nil, r.app.Reload(r.Context(), r.options))
	}
	client, err := admin.NewClient(r.app.AdminURL(), "")
	r.must(nil, err)
	t.Cleanup(client.Close)
	adoptAll := func() {
		t.Helper()
		page, err := client.Adopt(r.Context(), adopt.Request{Project: "team/project"})
		if err != nil || !page.Done || len(page.Issues) != 2 {
			t.Fatalf("adopted %v, done %t, %v", page.Issues, page.Done, err)
		}
		r.settle()
	}
	follow(watch)
	old := r.old(sandbox.IssueOptions{Title: "An old one"})
	watched := r.open(sandbox.IssueOptions{Title: "Watched"})
	adoptAll()
	follow(act)
	for _, ref := range []triage.Ref{old, watched} {
		if i := r.gitlab.Issue(ref); len(i.Labels) > 0 || r.note(ref) != "" {
			t.Fatalf("in shadow %s got the labels %v and the note %q", ref, i.Labels, r.note(ref))
		}
	}
	adoptAll()
	for _, ref := range []triage.Ref{old, watched} {
		if i := r.gitlab.Issue(ref); !i.Has("workflow::start") || !i.Has("backend") {
			t.Errorf("adopted, %s has the labels %v", ref, i.Labels)
		}
		r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"workflow::start"}})
	}
	adoptAll()
	for _, ref := range []triage.Ref{old, watched} {
		if i := r.gitlab.Issue(ref); i.Has("workflow::start") {
			t.Errorf("a person took the state off, and %s has the labels %v", ref, i.Labels)
		}
	}
}
