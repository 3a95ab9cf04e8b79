package bot_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestBacktestDoesWhatTheBotDid: of what people did while the bot was there, a backtest says that the bot would have added and set what it did.
func TestBacktestDoesWhatTheBotDid(t *testing.T) {
	t.Parallel()
	for seed := range uint64(16) {
		r := newRig(t, sandbox.Premium, nil)
		rnd := rand.New(rand.NewPCG(seed, 13))
		ref := r.randomStory(rnd)
		client, err := gitlab.New(r.options.GitLab)
		r.must(nil, err)
		self, err := client.CurrentUser(r.Context())
		r.must(nil, err)
		past, err := client.ResourceEvents(r.Context(), ref)
		r.must(nil, err)
		now := time.Now().Add(time.Duration(r.ahead.Load()))
		result, err := backtest.Run(r.Context(), backtest.Options{
			GitLab: client, Bot: self, Project: r.project, Path: "team/project", Policies: []engine.Policy{r.options.Policy}, Since: now.Add(-24 * time.Hour), Now: now,
			Sleep: func(context.Context, time.Duration) bool { return false },
		})
		r.must(nil, err)
		if diff := cmp.Diff(doneBy(self, past), wouldDo(result.Reports[0])); diff != "" {
			var people []string
			for _, e := range past {
				who := "ann"
				if e.Actor.Is(self) {
					who = "bot"
				}
				people = append(people, who, e.Label, map[bool]string{true: "on", false: "off"}[e.Added])
			}
			t.Errorf("seed %d: what the bot did and what it would have done (-did +would)\n%s\npast: %q", seed, diff, people)
		}
	}
}

// randomStory has ann do something to an issue again and again, ten seconds apart by GitLab's clock.
func (r *rig) randomStory(rnd *rand.Rand) triage.Ref {
	r.Helper()
	team := r.options.Policy.Team
	labels := []string{"UX", "type::bug", "type::feature", "spike", "severity::1", "priority::2", "backend", "frontend"}
	for _, s := range team.Workflow.States() {
		labels = append(labels, team.State(s.Name))
	}
	pick := func() []string { return []string{labels[rnd.IntN(len(labels))]} }
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: pick()})
	for range 12 {
		r.ahead.Add(int64(10 * time.Second))
		change := sandbox.Change{AddLabels: pick()}
		switch rnd.IntN(6) {
		case 0:
			change = sandbox.Change{RemoveLabels: pick()}
		case 1:
			change = sandbox.Change{Weight: triage.Int(rnd.IntN(9))}
		case 2:
			closed := r.gitlab.Issue(ref).State == "closed"
			change = sandbox.Change{Close: !closed, Reopen: closed}
		}
		r.edit("ann", ref, change)
	}
	return ref
}

// doneBy are the labels that somebody added and the weights that he set, as reports write them.
func doneBy(who triage.Person, past []triage.ResourceEvent) []string {
	words := map[string]bool{}
	for _, e := range past {
		switch {
		case !e.Actor.Is(who):
		case e.Label != "" && e.Added:
			words[triage.Quoted(e.Label)] = true
		case e.Label == "" && e.Weight != nil:
			words["weight "+strconv.Itoa(*e.Weight)] = true
		}
	}
	return slices.Sorted(maps.Keys(words))
}

// wouldDo is the same of a report.
func wouldDo(report backtest.Report) []string {
	words := map[string]bool{}
	for _, rule := range report.Rules {
		for _, e := range rule.Examples {
			verb, what, _ := strings.Cut(e.What, " ")
			if rule.WouldLabel+rule.WouldWeigh > 0 && (verb == "add" || verb == "set") {
				words[what] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(words))
}
