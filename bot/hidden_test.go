package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestHiddenLater: the title of an issue that becomes confidential goes from the report that shows it, also where its box is ticked.
func TestHiddenLater(t *testing.T) {
	t.Parallel()
	for name, ticked := range map[string]bool{"open box": false, "ticked box": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Team.GroupLabel = "" })
			secret := r.open(sandbox.IssueOptions{Title: "a key was found in the logs"})
			r.open(sandbox.IssueOptions{Title: "another one"})
			triageDue(triage.Act)(&r.options)
			r.restart()
			of := r.report()
			if ticked {
				words := strings.ReplaceAll(of.Description, "- [ ]", "- [x]")
				r.edit("mia", of.Ref, sandbox.Change{Description: &words})
			}
			yes := true
			r.edit("omar", secret, sandbox.Change{Confidential: &yes})
			if got := r.report().Description; strings.Contains(got, "a key was found") || !strings.Contains(got, "another one") {
				t.Errorf("the report is %s", got)
			}
			r.alive()
		})
	}
}
