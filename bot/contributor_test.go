package bot_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// inviting is an issue that invites contributors.
var inviting = sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::start", "backend", "Seeking community contributions"}}

// TestContributorTakes: an issue that invites contributors is whose who asks first, and whoever comes later hears who has it.
func TestContributorTakes(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(inviting)
	r.done(ref, r.say("mia", ref, "/flow take"))
	if got := r.gitlab.Issue(ref).Assignees; !slices.Equal(got, []string{"mia"}) {
		t.Errorf("assigned are %q, want mia", got)
	}
	r.refused(ref, r.say("omar", ref, "/flow take"), "mia has it")
	r.alive()
}

// TestContributorWhomGitLabRefuses: where GitLab does not assign whom the bot assigns, and says nothing, the engineering manager is asked, once on an issue.
func TestContributorWhomGitLabRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		team := o.Policy.Team.TeamConfig
		team.Roster = map[triage.Role][]string{triage.EngineeringManager: {"mia"}}
		o.Policy.Team = triage.NewTeam(team)
	})
	ref := r.open(inviting)
	for n, who := range []string{"omar", "ann"} {
		r.gitlab.FailNext(sandbox.Fault{Match: "GET /api/v4/users", Status: 200, Body: "[]"})
		_, replies := r.answer(ref, r.say(who, ref, "/flow take"))
		if len(replies) != 1 || !strings.Contains(replies[0].Text, "GitLab does not let the bot assign the issue to you") {
			t.Fatalf("%s is answered %v", who, replies)
		}
		if asked := strings.Contains(replies[0].Text, "@mia"); asked != (n == 0) {
			t.Errorf("the manager is asked: %t, in the reply to %s:\n%s", asked, who, replies[0].Text)
		}
	}
	r.alive()
}
