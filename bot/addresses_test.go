package bot_test

import (
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestTwoAddresses: the bot reaches GitLab's API from inside, people paste the address from their browsers.
func TestTwoAddresses(t *testing.T) {
	t.Parallel()
	const outside = "https://gitlab.example.com"
	r := newRig(t, sandbox.Premium, nil)
	r.gitlab.SetURL(outside)
	r.restart() // asks who the bot is
	first := r.open(sandbox.IssueOptions{Title: "a", Labels: []string{"type::bug"}})
	for _, base := range []string{outside, r.options.GitLab.URL} {
		second := r.open(sandbox.IssueOptions{Title: "b", Labels: []string{"type::bug"}})
		id, err := r.gitlab.Comment("omar", second, "/flow blocked by "+base+"/team/project/-/issues/1")
		r.must(id, err)
		r.settle()
		r.done(second, id)
		if links := r.gitlab.Issue(second).Links; len(links) != 1 || links[0].Issue != first || links[0].Kind != triage.BlockedBy {
			t.Errorf("by the address below %s it is linked to %v, want %s", base, links, first)
		}
	}
}
