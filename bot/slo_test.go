package bot_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// acting sets rules to act, with these values of a shared section of the configuration.
func acting(o *bot.Options, section string, value any, rules ...string) {
	o.Policy.Settings = slices.Clone(o.Policy.Settings)
	for n := range o.Policy.Settings {
		s := &o.Policy.Settings[n]
		if slices.Contains(rules, s.ID) {
			s.Mode, s.Options = triage.Act, maps.Clone(s.Options)
			s.Options[section] = value
		}
	}
}

// TestSLOByWakeUps: bugs that nobody touches any more are labelled when their limit is near, and when it is over, by the wake-ups of their mailboxes.
// Since when they have their severity, the bot has seen.
func TestSLOByWakeUps(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		limits := planning.SLOOptions{Near: [4]int{2: 1}} // a hundredth: a second
		limits.Bug[1], limits.Bug[2] = time.Second, 100*time.Second
		acting(o, "slo", limits, "slo-near-miss", "slo-missed")
	})
	for severity, label := range map[string]string{"severity::2": "SLO::Missed", "severity::3": "SLO::Near Miss"} {
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", severity, "priority::2", "workflow::start", "backend"}})
		r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has(label) }))
		r.settle()
	}
	for _, read := range r.gitlab.Reads() {
		if strings.Contains(read, "label events") {
			t.Errorf("asked for what it had seen: %s", read)
		}
	}
	r.alive()
}

// TestSLOOfAnOldBug: since when a bug has its severity that the bot did not see, GitLab is asked once, and only when the bug is old enough.
func TestSLOOfAnOldBug(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		acting(o, "slo", planning.HandbookSLO, "slo-missed")
	})
	old := sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", "severity::2", "priority::2", "workflow::start", "backend"}}
	r.ahead.Store(int64(-90 * 24 * time.Hour))
	ref, err := r.gitlab.Open("ann", r.project, old)
	r.must(nil, err)
	r.ahead.Store(0)
	r.settle()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"something"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"severity::2"}, AddLabels: []string{"severity::1"}})
	if i := r.gitlab.Issue(ref); !i.Has("SLO::Missed") {
		t.Errorf("labels %q", i.Labels)
	}
	r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{"SLO::Missed"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"something else"}})
	if i := r.gitlab.Issue(ref); i.Has("SLO::Missed") {
		t.Errorf("the bot put back what a person took away: %q", i.Labels)
	}
	r.alive()
}

// TestMissedDeliverable: what a milestone ended without is labelled and moved with one update; who moves it back is left in peace, also when the store
// is lost.
func TestMissedDeliverable(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		acting(o, "calendar", planning.WorkingDays{}, "missed-deliverable")
	})
	today := planning.DateOf(time.Now().UTC())
	for title, due := range map[string]int{"19.5": -40, "19.6": -20, "19.7": 20, "Backlog": 30, "19.8": 40} {
		r.must(r.gitlab.AddMilestone(r.project, title))
		r.must(nil, r.gitlab.DateMilestone(r.project, title, "", today.AddDays(due).String()))
	}
	r.must(nil, r.gitlab.CloseMilestone(r.project, "19.6"))
	deliverable := sandbox.IssueOptions{
		Title: "t", Labels: []string{"Deliverable", "type::maintenance", "workflow::in dev", "backend"}, Milestone: "19.6", Weight: triage.Int(2), Assignees: []string{"omar"},
	}
	ref := r.open(deliverable)
	missed := func(milestone string, labels ...string) {
		t.Helper()
		i := r.gitlab.Issue(ref)
		if i.Milestone != milestone {
			t.Errorf("the issue is in %q, want %q", i.Milestone, milestone)
		}
		for _, l := range []string{"missed:19.6", "missed-deliverable"} {
			if i.Has(l) != slices.Contains(labels, l) {
				t.Errorf("labels %q, want %q", i.Labels, labels)
			}
		}
	}
	missed("19.7", "missed:19.6", "missed-deliverable")
	if puts := strings.Count(strings.Join(r.gitlab.Writes(), "\n"), "PUT issue"); puts != 1 {
		t.Errorf("%d updates, want one:\n%s", puts, strings.Join(r.gitlab.Writes(), "\n"))
	}
	back := "19.6"
	r.edit("mia", ref, sandbox.Change{Milestone: &back})
	missed("19.6", "missed:19.6", "missed-deliverable")
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"something"}})
	missed("19.6", "missed:19.6", "missed-deliverable")
	r.alive()
}
