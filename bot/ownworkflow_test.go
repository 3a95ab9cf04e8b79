package bot_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// works gives a rig the policy of a team that is written as its configuration says.
func works(t *testing.T, text string) func(*bot.Options) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	if err := os.WriteFile(file, []byte("team: {name: us, group_label: '', labels: []}\ninbox: {grace: 0s, triage_days: 0, settle: 0s}\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return func(o *bot.Options) { o.Policy = c.Policy() }
}

// The boards of three teams: without scopes, with emoji, and with a scope of another name.
const (
	sprints = `
labels: {workflow: ""}
workflow:
  states:
    - {name: candidate, is: intake}
    - {name: product backlog}
    - {name: sprint backlog, is: ready, needs: [weight, milestone]}
    - {name: to do}
    - {name: doing, is: development, needs: [assignee]}
    - {name: in review, is: code_review}
    - {name: done, is: done}
  beside: [{name: attic, is: dropped}]
`
	emoji = `
workflow:
  states:
    - {name: inbox, label: "📥 inbox", is: intake}
    - {name: wip, label: "🚧 wip", is: development}
    - {name: testing, label: "📝 testing", is: verification}
    - {name: done, label: "✅ done", is: done}
  beside: [{name: stale, label: "💀 stale", is: blocked}]
  moves: {testing: [wip], done: [testing]}
`
	photos = `
labels: {workflow: status}
workflow:
  states: [{name: backlog, is: intake}, {name: in_progress, is: development}, {name: done, is: done}]
  beside: [{name: blocked, is: blocked}, {name: stale}]
`
)

// handbookWords are of the handbook's workflow and of no team here.
var handbookWords = []string{"workflow::", "refinement", "validation", "planning breakdown", "in dev", "ready for development", "handbook", "complete", "verification"}

// speaksOwnWords fails if the bot said anything in the handbook's words.
func (r *rig) speaksOwnWords(ref triage.Ref) {
	r.Helper()
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		text := n.Text
		for _, rule := range rules.Catalogue() {
			text = strings.ReplaceAll(text, rule.ID, "")
		}
		for _, word := range handbookWords {
			if strings.Contains(text, word) {
				r.Errorf("it speaks of %q:\n%s", word, n.Text)
			}
		}
	}
}

// stands fails unless the issue carries exactly one of the labels of states.
func (r *rig) stands(ref triage.Ref, label string) {
	r.Helper()
	team := r.options.Policy.Team
	states := slices.DeleteFunc(slices.Clone(r.gitlab.Issue(ref).Labels), func(l string) bool { _, ok := team.StateOf(l); return !ok })
	if !slices.Equal(states, []string{label}) {
		r.Errorf("it stands at %q, want %q", states, label)
	}
}

// TestWeekOfAnotherTeam: teams with other states live with the bot, on GitLab Free and Premium: new issues start where they say, commands and people
// move them, exactly one state stays, and whoever undoes a move is not undone, also when the bot has lost its memory.
func TestWeekOfAnotherTeam(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config, start, second, doing, third, done string // labels
		next                                      string // the name behind doing
	}{
		"sprints": {sprints, "candidate", "product backlog", "doing", "in review", "done", "in review"},
		"emoji":   {emoji, "📥 inbox", "🚧 wip", "🚧 wip", "📝 testing", "✅ done", "testing"},
		"photos":  {photos, "status::backlog", "status::in_progress", "status::in_progress", "status::done", "status::done", "done"},
	} {
		for _, edition := range []sandbox.Edition{sandbox.Free, sandbox.Premium} {
			t.Run(name+" on "+string(rune('0'+int(edition))), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, edition, works(t, tt.config))
				ref := r.open(sandbox.IssueOptions{Title: "Photos are upside down", Labels: []string{"type::bug", "severity::3", "priority::3"}})
				r.stands(ref, tt.start)

				r.done(ref, r.say("omar", ref, "/flow next"))
				r.stands(ref, tt.second)
				r.done(ref, r.say("omar", ref, "/flow back"))
				r.stands(ref, tt.start)

				r.edit("omar", ref, sandbox.Change{AddLabels: []string{tt.doing}, Assignees: &[]string{"omar"}}) // beside the one that is there
				r.stands(ref, tt.doing)
				r.done(ref, r.say("omar", ref, "/flow next"))
				r.stands(ref, tt.third)
				r.done(ref, r.say("omar", ref, "/flow back"))
				r.stands(ref, tt.doing)

				r.edit("omar", ref, sandbox.Change{Close: true})
				r.stands(ref, tt.done)
				r.edit("omar", ref, sandbox.Change{Reopen: true, AddLabels: []string{tt.doing}, RemoveLabels: []string{tt.done}})
				r.stands(ref, tt.doing)

				r.refused(ref, r.say("omar", ref, "/flow to nowhere"), "there is no workflow state")
				r.say("omar", ref, "/flow help all\n/flow why\n/flow why workflow-order")
				r.settle()
				r.speaksOwnWords(ref)

				r.loseStore()
				r.edit("omar", ref, sandbox.Change{AddLabels: []string{"camera"}})
				r.stands(ref, tt.doing)
				r.edit("ann", ref, sandbox.Change{AddLabels: []string{tt.third}})
				r.stands(ref, tt.third)
				r.alive()
			})
		}
	}
}
