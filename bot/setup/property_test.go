package setup_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/setup"
)

// From whatever is there, one run leaves nothing to do, takes nothing away, and makes nothing twice.
func TestAnyBeginning(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, sandbox.Options{
			Edition: rapid.SampledFrom([]sandbox.Edition{sandbox.Premium, sandbox.Premium, sandbox.Free}).Draw(rt, "edition"),
			Version: rapid.SampledFrom([]string{"19.1.0", "17.9.0"}).Draw(rt, "version"),
		}, "g/one", "g/sub/two", "g/sub/three")
		r.few()
		r.keepIn(filepath.Join(t.TempDir(), "signing"))
		r.o.Secret = setup.Credential{Variable: "FLOWKEEPER_WEBHOOK_SECRET", Values: []string{"a-secret"}}
		r.o.AllProjects, r.o.Here = rapid.Bool().Draw(rt, "all projects"), rapid.Bool().Draw(rt, "here")
		r.o.Targets = rapid.SampledFrom([][]string{{"g"}, {"g/sub"}, {"g/one", "g/sub"}, {"g/one", "2"}, {"g", "g/sub/two"}}).Draw(rt, "targets")
		levels := rapid.SampledFrom([]int{0, sandbox.Guest, sandbox.Maintainer, sandbox.Owner, sandbox.Owner})
		level := levels.Draw(rt, "level")
		r.level("g", level)
		r.level("g/sub", max(level, levels.Draw(rt, "level below"))) // a member of a group is one of those below
		before := r.arrange(rt)

		plan, result := r.run()
		for _, f := range result.Failed {
			rt.Errorf("%s %s in %s failed: %v", f.Action.Do, f.Action.Name, f.Action.Place, f.Err)
		}
		for _, a := range r.look().Actions {
			rt.Errorf("still to do: %s %s in %s: %s", a.Do, a.Name, a.Place, a.Why)
		}
		after := r.everything()
		for _, thing := range before {
			if !slices.Contains(after, thing) {
				rt.Errorf("%s is gone", thing)
			}
		}
		slices.Sort(after)
		if n := len(after); n != len(slices.Compact(after)) {
			rt.Errorf("something is there twice: %v", after)
		}
		for _, p := range r.Projects() {
			if n := r.deliveries(p); n > 1 {
				rt.Errorf("what happens in %s is delivered %d times, after the plan %v", p.Path, n, summary(plan))
			}
		}
	})
}

// deliveries is how often the bot is told of what happens in a project.
func (r *rig) deliveries(p sandbox.Project) (n int) {
	hooks := r.Hooks(p.ID)
	for _, group := range gitlab.GroupsAbove(p.Path) {
		hooks = append(hooks, r.GroupHooks(group)...)
	}
	for _, h := range hooks {
		if h.URL == address {
			n++
		}
	}
	return n
}

// arrange puts labels and webhooks of people into the projects, and says what is there.
func (r *rig) arrange(rt *rapid.T) []string {
	wanted := r.o.Labels[0].Name
	for project := int64(1); project <= 3; project++ {
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{wanted, "Workflow::Start", "mine", r.o.Labels[1].Name}), 0, 3, rapid.ID).Draw(rt, "labels") {
			if err := r.AddLabel(project, name, "", "of people"); err != nil {
				rt.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(rt, "archived") == 0 {
				if err := r.ArchiveLabel(project, name); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if rapid.Bool().Draw(rt, "webhook") {
			h := sandbox.Hook{URL: rapid.SampledFrom([]string{address, "https://chat.example/hook"}).Draw(rt, "url"), Token: "a-secret", Events: []string{"issues"}}
			if _, err := r.AddHook(project, h); err != nil {
				rt.Fatal(err)
			}
		}
	}
	return r.everything()
}

// everything is all labels and webhooks, by what nobody may change in them.
func (r *rig) everything() []string {
	var list []string
	groups := map[string]bool{}
	for _, p := range r.Projects() {
		for _, l := range p.Labels {
			if l.Description == "of people" {
				list = append(list, fmt.Sprintf("label %s of %s", l.Name, p.Path))
			}
		}
		for _, h := range r.Hooks(p.ID) {
			list = append(list, fmt.Sprintf("webhook of %s to %s", p.Path, h.URL))
		}
		groups["g"], groups["g/sub"] = true, true
	}
	for g := range groups {
		for _, h := range r.GroupHooks(g) {
			list = append(list, fmt.Sprintf("webhook of group %s to %s", g, h.URL))
		}
	}
	return list
}
