package worker_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/config/policyfile"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// story is what happens to an issue, in some steps; before each the bot comes to rest.
type story struct {
	config   string // of the bot
	policies string
	edition  sandbox.Edition
	open     sandbox.IssueOptions
	acts     []func(*troubled)
}

func (s story) start(t *testing.T, faults ...trouble) *troubled {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	const head = "inbox: {grace: 0s, triage_days: 0, settle: 0s}\n"
	if err := os.WriteFile(file, []byte(head+s.config), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	policy := c.Policy()
	if s.policies != "" {
		policies, bad := policyfile.Read([]policyfile.Source{{Name: "policies.yml", Content: []byte("resource_rules:\n  issues:\n    rules:\n" + s.policies)}}, policyfile.Defaults{Mode: triage.Act})
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		for _, r := range policies.Rules {
			policy.Settings = append(policy.Settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
		}
	}
	b := startBench(t, setup{policy: &policy, idle: true, lookback: time.Hour, edition: s.edition})
	s.open.Title = "t"
	s.open.Labels = append(slices.Clone(s.open.Labels), "group::source code")
	ref, err := b.lab.Open("ann", b.project, s.open)
	b.must(err)
	k := &troubled{takeover: &takeover{bench: b, ref: ref}, steps: &steps{trouble: faults}}
	web := httptest.NewServer(k)
	t.Cleanup(web.Close)
	k.web = web.URL
	return k
}

// play plays the story to its end and returns that.
func (s story) play(t *testing.T, faults ...trouble) (*troubled, []string) {
	t.Helper()
	k := s.start(t, faults...)
	k.pass(10 * time.Minute)
	for _, act := range s.acts {
		act(k)
		k.quiet()
	}
	k.look()
	k.look()
	return k, k.ending()
}

// ending is what people see of the issue, and what the bot takes people to have undone there.
func (k *troubled) ending() []string {
	k.Helper()
	var all []string
	for _, line := range k.written() {
		if note, found := strings.CutPrefix(line, "the note: "); found {
			line = fmt.Sprint("the note, with suspensions: ", strings.Count(note, " is suspended here"))
		}
		for _, l := range []string{"Category:Source Code Management ", "backend ", "devops::create "} {
			line = strings.Replace(line, l, "", 1) // whether there is cause to look at those depends on what was read
		}
		all = append(all, line)
	}
	i := k.lab.Issue(k.ref)
	all = append(all, fmt.Sprintf("%s, assigned to %v, %d links, %d issues", i.State, i.Assignees, len(i.Links), len(k.lab.Issues(k.project))))
	dead, err := k.inbox.DeadLetters(k.Context(), 10)
	k.must(err)
	for _, d := range dead {
		all = append(all, "buried: "+d.Cause)
	}
	memories, err := k.inbox.Memories(k.Context(), []triage.Ref{k.ref})
	k.must(err)
	var m triage.Memory
	k.must(json.Unmarshal(memories[0], &m))
	return append(all,
		fmt.Sprint("suspended: ", slices.Sorted(maps.Keys(m.Suspensions))), fmt.Sprint("undone: ", slices.Sorted(maps.Keys(m.Undone))),
		fmt.Sprintf("%d comments run, intent left: %t", len(m.ExecutedNotes), m.Intent != nil))
}

func (k *troubled) tells(who string, kind triage.Kind, ch sandbox.Change) {
	k.must(k.lab.Edit(who, k.ref, ch))
	k.happens(who, kind, func(e *triage.Event) {
		e.Changes.Added, e.Changes.Removed = ch.AddLabels, ch.RemoveLabels
		if ch.Weight != nil {
			e.Changes.Weight = &triage.WeightChange{To: ch.Weight}
		}
	})
}

func edits(who string, kind triage.Kind, ch sandbox.Change) func(*troubled) {
	return func(k *troubled) { k.pass(time.Minute); k.tells(who, kind, ch) }
}

func says(who, text string) func(*troubled) {
	return func(k *troubled) {
		k.pass(time.Minute)
		note := k.comment(who, k.ref, text)
		k.happens(who, triage.Noted, func(e *triage.Event) { e.Note = &triage.Note{ID: note, Text: text} })
	}
}

func opens(k *troubled) { k.happens("ann", triage.Opened, nil) }

func archives(label string) func(*troubled) {
	return func(k *troubled) {
		k.must(k.lab.ArchiveLabel(k.project, label))
		k.happens("ann", triage.Updated, nil)
	}
}

var secure = []string{"security", "type::bug", "severity::1", "priority::1", "workflow::start"}

var stories = map[string]story{
	"spike": {
		open:     sandbox.IssueOptions{Labels: []string{"spike", "workflow::in dev"}, Weight: triage.Int(3)},
		policies: "      - name: Own\n        conditions: {labels: [spike]}\n        actions: {comment: 'A spike of {{author}}.', comment_as: own}\n",
		acts:     []func(*troubled){says("omar", "/flow spike done weight=3 What we found")},
	},
	"large": {open: sandbox.IssueOptions{Labels: []string{"security", "workflow::ready for development"}, Weight: triage.Int(3)}, acts: []func(*troubled){opens}},
	"bump":  {open: sandbox.IssueOptions{Labels: secure}, acts: []func(*troubled){opens, edits("omar", triage.Updated|triage.WeightChanged, sandbox.Change{Weight: triage.Int(2)})}},
	"research": {open: sandbox.IssueOptions{Labels: []string{"type::bug"}}, acts: []func(*troubled){
		edits("omar", triage.Updated|triage.WeightChanged, sandbox.Change{Weight: triage.Int(4)}),
		edits("omar", triage.Updated|triage.WeightChanged, sandbox.Change{Weight: triage.Int(2)}),
		edits("omar", triage.Updated|triage.WeightChanged, sandbox.Change{Weight: triage.Int(4)}),
	}},
	"policy marks itself": {
		open:     sandbox.IssueOptions{Labels: []string{"ask", "type::bug", "workflow::start"}},
		policies: "      - name: Own\n        conditions: {labels: [ask]}\n        actions: {comment: 'Asked, {{author}}.', comment_as: own, labels: [asked], remove_labels: [ask], status: close}\n",
		acts:     []func(*troubled){opens},
	},
	"policy on note": {
		open:     sandbox.IssueOptions{Labels: []string{"ask", "type::bug", "workflow::start"}},
		policies: "      - name: Noted\n        conditions: {labels: [ask]}\n        actions: {comment: 'Asked, {{author}}.', labels: [asked], remove_labels: [ask]}\n      - name: Second\n        conditions: {labels: [asked]}\n        actions: {comment: 'Seen', comment_as: own}\n",
		acts:     []func(*troubled){opens, edits("omar", triage.Updated|triage.LabelsChanged, sandbox.Change{AddLabels: []string{"ask"}})},
	},
	"refused label by rule": {
		open: sandbox.IssueOptions{Labels: []string{"type::bug", "workflow::start"}},
		acts: []func(*troubled){archives("needs research"), edits("omar", triage.Updated|triage.WeightChanged, sandbox.Change{Weight: triage.Int(5)})},
	},
	"refused label by command": {
		open: sandbox.IssueOptions{Labels: []string{"type::maintenance", "workflow::start"}},
		acts: []func(*troubled){archives("workflow::design"), says("omar", "/flow to design")},
	},
	"free": {edition: sandbox.Free, open: sandbox.IssueOptions{Labels: secure}, acts: []func(*troubled){says("omar", "/flow weight 2"), says("omar", "/flow weight 3")}},
	"closing": {open: sandbox.IssueOptions{Labels: []string{"type::bug", "workflow::in dev"}, Weight: triage.Int(2)}, acts: []func(*troubled){
		edits("omar", triage.Updated|triage.Closed, sandbox.Change{Close: true}), edits("omar", triage.Updated|triage.Reopened, sandbox.Change{Reopen: true}),
	}},
}

// TestStepsFail has each step of each story fail, be it before it is carried out or after, and the process go on or end with it. What people see in the end
// is what they would see otherwise, and nobody is taken to have undone what the bot never did.
func TestStepsFail(t *testing.T) {
	t.Parallel()
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, want := s.play(t)
			total := k.steps.count
			if total < 8 {
				t.Errorf("it takes %d steps; the story is longer", total)
			}
			for at := 1; at <= total; at++ {
				for kind := range 4 {
					if (at+kind)%2 != 0 || testing.Short() && at%2 != 0 {
						continue // each step in two of the four ways
					}
					s.endsAs(t, want, trouble{at: at, done: kind&1 != 0, dies: kind&2 != 0})
				}
			}
		})
	}
}

// TestTwoStepsFail has a step fail of what follows another one that failed, too.
func TestTwoStepsFail(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"free", "refused label by command", "research"} {
		s := stories[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, want := s.play(t)
			rnd := rand.New(rand.NewPCG(7, uint64(len(name))))
			for range 30 {
				first := 1 + rnd.IntN(k.steps.count)
				one := trouble{at: first, done: rnd.IntN(2) == 0, dies: rnd.IntN(2) == 0}
				s.endsAs(t, want, one, trouble{at: first + 1 + rnd.IntN(15), done: rnd.IntN(2) == 0, dies: rnd.IntN(2) == 0})
			}
		})
	}
}

// endsAs plays the story with these faults and compares how it ends.
func (s story) endsAs(t *testing.T, want []string, faults ...trouble) {
	t.Helper()
	t.Run(fmt.Sprint(faults), func(t *testing.T) {
		k, got := s.play(t, faults...)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the outcome (-undisturbed +this):\n%s\n%s\n%s", d, strings.Join(k.steps.log, "\n"), strings.Join(k.lab.Writes(), "\n"))
		}
	})
}
