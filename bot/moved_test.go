package bot_test

import (
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// elsewhere is another project with a webhook to the bot.
func (r *rig) elsewhere() int64 {
	r.Helper()
	project := r.gitlab.AddProject("team/other")
	r.must(r.gitlab.AddHook(project, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken}))
	return project
}

// stickies are the bot's notes on an issue, those of other issues that GitLab copied left out.
func (r *rig) stickies(ref triage.Ref, copied int) []sandbox.Note {
	r.Helper()
	notes := slices.DeleteFunc(r.gitlab.Issue(ref).CommentsBy(botName), func(n sandbox.Note) bool { return !strings.Contains(n.Text, "<!-- flowkeeper:v1 ") })
	if len(notes) < copied {
		r.Fatalf("%d notes on %s, want %d copied ones", len(notes), ref, copied)
	}
	return notes[copied:]
}

// TestMovedIssueKeepsItsLevelOnly: GitLab copies the bot's note, its reactions and who changed what. Nothing of it is known in the new place
// but the level for security issues.
func TestMovedIssueKeepsItsLevelOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	other := r.elsewhere()
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	if w := r.weight(ref); w != 3 || !strings.Contains(r.note(ref), "is suspended here") {
		t.Fatalf("weight %d, note:\n%s", w, r.note(ref))
	}
	copied := r.noteID(ref)

	moved, err := r.gitlab.Move("omar", ref, other)
	r.must(nil, err)
	r.settle()
	if copy := r.gitlab.Issue(moved).CommentsBy(botName)[0]; copy.ID == copied || copy.UpdatedAt != r.gitlab.Issue(ref).CommentsBy(botName)[0].UpdatedAt {
		t.Error("the copied note was edited")
	}
	notes := r.stickies(moved, 1)
	if len(notes) != 1 || !strings.Contains(notes[0].Text, "2 → 3") || strings.Contains(notes[0].Text, "is suspended here") {
		t.Errorf("the new note should tell of the level and of no rule that rests: %v", notes)
	}
	r.edit("omar", moved, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", moved, sandbox.Change{AddLabels: []string{"security", "workflow::ready for design"}})
	if w := r.weight(moved); w != 3 {
		t.Errorf("weight %d, want 3", w)
	}
	r.carries(moved, []string{"UX"}, nil)

	r.loseStore()
	r.edit("omar", moved, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", moved, sandbox.Change{AddLabels: []string{"security"}})
	if w := r.weight(moved); w != 3 || len(r.stickies(moved, 1)) != 1 {
		t.Errorf("after the store was lost: weight %d, want 3; notes %v", w, r.stickies(moved, 1))
	}
}

// TestClonedIssueIsAnother: nothing is known of it, not even what the events say that GitLab copied.
func TestClonedIssueIsAnother(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		r := newRig(t, sandbox.Premium, nil)
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::design"}})
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
		r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
		clone, err := r.gitlab.Clone("omar", ref, r.project, true)
		r.must(nil, err)
		r.settle()
		if lost {
			r.loseStore()
		}
		r.edit("omar", clone, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
		r.carries(clone, []string{"UX"}, nil)
		notes := r.stickies(clone, 1)
		if len(notes) != 1 || strings.Contains(notes[0].Text, "is suspended here") {
			t.Errorf("notes %v, want one of its own", notes)
		}
		if first := r.noteID(ref); slices.ContainsFunc(notes, func(n sandbox.Note) bool { return n.ID == first }) {
			t.Error("the note of the other issue is taken for its own")
		}
	}
}

// TestMovedSpikeOpensItsOwnFollowUp: the follow-up of the issue that it was is not taken for its own.
func TestMovedSpikeOpensItsOwnFollowUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	other := r.elsewhere()
	ref := r.open(spike)
	r.say("omar", ref, "/flow spike done")
	r.edit("omar", ref, sandbox.Change{Reopen: true})
	moved, err := r.gitlab.Move("omar", ref, other)
	r.must(nil, err)
	r.settle()
	r.say("omar", moved, "/flow spike done")
	if n := len(r.gitlab.Issues(other)); n != 2 {
		t.Errorf("%d issues in the other project, want the spike and its follow-up", n)
	}
}
