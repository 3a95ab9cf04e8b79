package setup_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
)

// values is what a file of secrets holds, none if it is not there.
func values(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), ",")
}

// A group with a licence gets its labels, its milestone and one webhook; a second run has nothing to do.
func TestGroup(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one", "g/sub/two")
		labels := len(r.o.Labels)
		plan := r.done()
		want := []string{
			"1 milestone create in group g", "1 secret create", "1 webhook create in group g", fmt.Sprint(labels, " label create in group g"),
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, summary(plan)); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
		if len(plan.Problems) != 0 || len(plan.Warnings) != 0 {
			t.Errorf("it warns: %s%s", advice(plan.Problems), advice(plan.Warnings))
		}
		hook := r.GroupHooks("g")[0]
		slices.Sort(hook.Events)
		if diff := cmp.Diff([]string{"confidential_issues", "confidential_note", "emoji", "issues", "merge_requests", "note"}, hook.Events); diff != "" || hook.URL != address {
			t.Errorf("the webhook leads to %s (-want +got)\n%s", hook.URL, diff)
		}
		kept := values(t, r.o.Signing.File)
		if len(kept) != 1 || hook.SigningToken != kept[0] || hook.Token != "" {
			t.Errorf("the webhook does not sign with the one token of the file")
		}
		if info, err := os.Stat(r.o.Signing.File); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file has the mode %v, %v", info.Mode(), err)
		}
		r.wantNothing()
	})
}

// On Free every project of a group gets a webhook of its own, forty of them within the budget of calls.
func TestFortyProjects(t *testing.T) {
	clocked(t, func(t *testing.T) {
		var projects []string
		for n := range 40 {
			projects = append(projects, fmt.Sprintf("g/sub%d/p%d", n%4, n))
		}
		r := newRig(t, sandbox.Options{Edition: sandbox.Free}, projects...)
		r.o.AllProjects = true
		plan := r.done()
		if !strings.Contains(advice(plan.Warnings), "no licence for weights and scoped labels in g") {
			t.Errorf("it does not tell of the licence: %s", advice(plan.Warnings))
		}
		const budget = 1500 / 4 // a quarter of what a minute allows
		if n := len(r.Calls()); n > budget {
			t.Errorf("%d calls for 40 projects", n)
		}
		t.Logf("%d calls, %d of them write", len(r.Calls()), len(r.writes()))
		for n := range projects {
			if hooks := r.Hooks(int64(n) + 1); len(hooks) != 1 || hooks[0].SigningToken == "" {
				t.Errorf("project %d has the webhooks %+v", n+1, len(hooks))
			}
		}
		r.wantNothing()
	})
}

// A token of one project puts everything there.
func TestProjectToken(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{BotLevel: sandbox.Maintainer}, "g/one", "g/two")
		r.level("g", 0)
		r.level("g/one", sandbox.Maintainer)
		r.o.Targets = []string{"g/one"}
		plan := r.done()
		for _, a := range plan.Actions {
			if a.Kind != setup.KindSecret && a.Place.Path != "g/one" {
				t.Errorf("%s %s goes to %s", a.Kind, a.Name, a.Place)
			}
		}
		r.wantNothing()
		if n := len(r.Hooks(2)); n != 0 {
			t.Errorf("the other project has %d webhooks", n)
		}
	})
}

func (r *rig) level(place string, level int) {
	r.t.Helper()
	if err := r.SetLevel(r.BotUser(), place, level); err != nil {
		r.t.Fatal(err)
	}
}

// Whatever request fails once, or loses its answer, the run gets over it or the next one ends it: with each label once and each webhook once.
func TestEveryCallFailsOnce(t *testing.T) {
	var calls []string
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one", "g/two")
		r.few()
		r.done()
		for _, c := range r.Calls() {
			calls = append(calls, c.Line)
		}
	})
	for name, fault := range map[string]sandbox.Fault{
		"refused": {Status: http.StatusServiceUnavailable}, "broken": {Status: http.StatusInternalServerError}, "cut": {CutBefore: true}, "lost": {ApplyThenCut: true},
	} {
		for _, line := range calls {
			t.Run(name+"/"+line, func(t *testing.T) {
				clocked(t, func(t *testing.T) {
					r := newRig(t, sandbox.Options{}, "g/one", "g/two")
					r.few()
					f := fault
					f.Match = strings.TrimSuffix(line, "…")
					r.FailNext(f)
					if _, first := r.run(); name == "lost" && len(first.Failed) > 0 {
						t.Errorf("what was done counts as failed: %v", first.Failed[0].Err)
					}
					r.run()
					r.wantNothing()
					hooks, kept := r.GroupHooks("g"), values(t, r.o.Signing.File)
					if len(hooks) != 1 || len(kept) != 1 || hooks[0].SigningToken != kept[0] {
						t.Errorf("%d webhooks, %d secrets, or they do not fit together", len(hooks), len(kept))
					}
				})
			})
		}
	}
}

// few leaves three labels.
func (r *rig) few() { r.o.Labels = r.o.Labels[:3] }

// GitLab is away for good in the middle of a run: it ends soon, says what is left, and the next run does that.
func TestGitLabGoesAway(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one")
		plan := r.look()
		r.FailNext(sandbox.Fault{Match: "POST group label", Times: -1, Status: http.StatusBadGateway})
		start := time.Now()
		result := setup.Apply(t.Context(), r.client, plan, silent)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it took %s to give up", took)
		}
		if len(result.Failed) != len(plan.Actions) || len(result.Done) != 0 {
			t.Errorf("%d done, %d failed of %d", len(result.Done), len(result.Failed), len(plan.Actions))
		}
		r.ClearFaults()
		r.again()
		r.done()
		r.wantNothing()
	})
}

// What is not asked for stays: labels and webhooks that are there, whatever they look like.
func TestExisting(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one", "g/two")
		for name, color := range map[string]string{"UX": "#123456", "Spike": "", "needs research": ""} {
			if err := r.AddLabel(1, name, color, "mine"); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.ArchiveLabel(1, "needs research"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.AddHook(1, sandbox.Hook{URL: "https://chat.example/hook"}); err != nil {
			t.Fatal(err)
		}
		plan := r.done()
		for _, want := range []string{`~Spike of project g/one differs only in spelling from ~spike`, `~"needs research" is archived in project g/one`} {
			if !strings.Contains(advice(plan.Warnings), want) {
				t.Errorf("no warning %q in\n%s", want, advice(plan.Warnings))
			}
		}
		got := map[string]string{}
		for _, p := range r.Projects() {
			for _, l := range p.Labels {
				got[p.Path+" "+l.Name] = l.Description
			}
		}
		for label, want := range map[string]string{"g/one UX": "mine", "g/one Spike": "mine", "g/two UX": "Design has a part in it", "g/one spike": "", "g/two spike": "Time-boxed research for something that is planned"} {
			if got[label] != want {
				t.Errorf("%s is described as %q, want %q", label, got[label], want)
			}
		}
		r.wantNothing()
		if hooks := r.Hooks(1); len(hooks) != 1 || hooks[0].URL != "https://chat.example/hook" || len(hooks[0].Events) != len(sandbox.HookEvents()) {
			t.Errorf("the other webhook is %+v", hooks)
		}
	})
}

// --here keeps labels in the project, --labels-only and --hook-only leave the rest out.
func TestParts(t *testing.T) {
	tests := map[string]struct {
		change func(*setup.Options)
		want   []setup.Kind
		place  string
	}{
		"here":        {func(o *setup.Options) { o.Here = true }, []setup.Kind{"label", "milestone", "secret", "webhook"}, "g/one"},
		"labels only": {func(o *setup.Options) { o.LabelsOnly = true }, []setup.Kind{"label"}, "g"},
		"hook only":   {func(o *setup.Options) { o.HookOnly = true }, []setup.Kind{"secret", "webhook"}, "g"},
		"no backlog":  {func(o *setup.Options) { o.Milestone = "" }, []setup.Kind{"label", "secret", "webhook"}, "g"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clocked(t, func(t *testing.T) {
				r := newRig(t, sandbox.Options{}, "g/one")
				tt.change(&r.o)
				plan := r.done()
				kinds := map[setup.Kind]bool{}
				for _, a := range plan.Actions {
					kinds[a.Kind] = true
					if a.Kind == setup.KindLabel && a.Place.Path != tt.place {
						t.Fatalf("%s goes to %s", a.Name, a.Place)
					}
				}
				var got []setup.Kind
				for _, k := range []setup.Kind{"label", "milestone", "secret", "webhook"} {
					if kinds[k] {
						got = append(got, k)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("kinds (-want +got):\n%s", diff)
				}
				r.wantNothing()
			})
		})
	}
}

// Where a secret cannot be kept, no webhook gets it.
func TestSecretCannotBeKept(t *testing.T) {
	clocked(t, func(t *testing.T) {
		r := newRig(t, sandbox.Options{}, "g/one")
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r.o.Signing.File = filepath.Join(file, "signing")
		result := setup.Apply(t.Context(), r.client, r.look(), silent)
		if len(result.Failed) != 2 || len(r.GroupHooks("g")) != 0 {
			t.Errorf("%d failed, %d webhooks", len(result.Failed), len(r.GroupHooks("g")))
		}
	})
}
