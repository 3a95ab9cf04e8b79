package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestRetro: a retrospective is opened once, also if GitLab's answer is lost and the bot starts again. It says why, asks the manager, and the rules
// leave it alone.
func TestRetro(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.gitlab.FailNext(sandbox.Fault{Match: "POST /api/v4/projects/1/issues", ApplyThenCut: true})
	id := r.say("omar", ref, "/flow retro async it took @ann three tries #1")
	r.restart()
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"something"}})
	issues := r.gitlab.Issues(r.project)
	if len(issues) != 2 {
		t.Fatalf("%d issues, want the project's and its retrospective", len(issues))
	}
	retro := issues[1]
	if retro.Title != "Retrospective: t" || !retro.Has("retrospective") || !retro.Has("group::source code") || retro.Author != botName {
		t.Errorf("%q by %s with %q", retro.Title, retro.Author, retro.Labels)
	}
	for _, words := range []string{"@mia: A retrospective of #1: ", "three tries"} {
		if !strings.Contains(retro.Description, words) {
			t.Errorf("the description lacks %q:\n%s", words, retro.Description)
		}
	}
	if strings.Contains(retro.Description, "@ann") {
		t.Errorf("people's words mention somebody:\n%s", retro.Description)
	}
	if len(retro.Links) != 1 || len(retro.CommentsBy(botName)) != 0 {
		t.Errorf("links %v, comments %v", retro.Links, retro.CommentsBy(botName))
	}
	reactions, replies := r.answer(ref, id)
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "The retrospective is #2.") || len(reactions) != 1 || reactions[0] != triage.DoneEmoji {
		t.Errorf("reactions %v, replies %v", reactions, replies)
	}
	r.alive()
}
