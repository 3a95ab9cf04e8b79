package bot_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// A token that is made anew belongs to another bot user, who may not edit what the one before wrote.

const newBot, newestBot = "project_1_bot_a", "project_1_bot_b"

// become starts the bot again as another user.
func (r *rig) become(username string) {
	r.Helper()
	r.must(r.gitlab.AddBot(username, sandbox.Reporter, "glpat-of-"+username))
	r.must(nil, r.app.Stop())
	r.options.GitLab.Token = "glpat-of-" + username
	r.start()
}

// notesBy are the sticky notes that a user wrote.
func (r *rig) notesBy(username string, ref triage.Ref) []sandbox.Note {
	r.Helper()
	return slices.DeleteFunc(r.gitlab.Issue(ref).CommentsBy(username), func(n sandbox.Note) bool { return !strings.Contains(n.Text, "<!-- flowkeeper:v1 ") })
}

// succeeds fails unless the user has one note that names the old one in its first line, once.
func (r *rig) succeeds(ref triage.Ref, username string, old int64) string {
	r.Helper()
	notes := r.notesBy(username, ref)
	if len(notes) != 1 {
		r.Fatalf("%d notes by %s, want one", len(notes), username)
	}
	first, _, _ := strings.Cut(notes[0].Text, "\n")
	address := fmt.Sprintf("%s#note_%d)", r.gitlab.Issue(ref).URL, old)
	if !strings.Contains(first, address) || strings.Count(notes[0].Text, address) != 1 {
		r.Errorf("the note should name %s in its first line:\n%s", address, notes[0].Text)
	}
	return notes[0].Text
}

func TestAnotherBotUserTakesOver(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*rig){
		"refused": func(*rig) {},
		"hidden":  func(r *rig) { r.gitlab.FailNext(sandbox.Fault{Match: "PUT note", Status: 404}) },
		"deleted": func(r *rig) { r.must(nil, r.gitlab.DeleteUser(botName)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
			r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
			old, text, notices := r.noteID(ref), r.note(ref), len(r.gitlab.Notifications())
			if notices == 0 {
				t.Fatal("nobody was mentioned")
			}
			r.become(newBot)
			trouble(r)
			if log := r.handled.text(); !strings.Contains(log, "another user than before") {
				t.Error("the start says nothing")
			}
			if status, body := r.get("/readyz"); status != 200 || !strings.Contains(body, "another user than before") || !strings.Contains(body, `"ready"`) {
				t.Errorf("/readyz says %d %s", status, body)
			}
			r.edit("omar", ref, sandbox.Change{Weight: triage.Int(4)})
			said := r.succeeds(ref, newBot, old)
			if !strings.Contains(said, "**Research**") {
				t.Errorf("the open item was not taken over:\n%s", said)
			}
			r.edit("omar", ref, sandbox.Change{Weight: triage.Int(6)})
			r.succeeds(ref, newBot, old)
			if n := len(r.gitlab.Notifications()); n != notices {
				t.Errorf("somebody was mentioned again: %v", r.gitlab.Notifications()[notices:])
			}
			r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
			if n := r.notesBy(newBot, ref); len(n) != 1 || !strings.HasPrefix(n[0].Text, "✅ All set.") {
				t.Errorf("notes %v", n)
			}
			left := slices.IndexFunc(r.gitlab.Issue(ref).Notes, func(n sandbox.Note) bool { return n.ID == old })
			if left < 0 || r.gitlab.Issue(ref).Notes[left].Text != text {
				t.Error("the old note was touched")
			}
			r.alive()
		})
	}
}

// TestNothingOpenNoNewNote: where the old note says nothing that is open, nothing takes its place until there is.
func TestNothingOpenNoNewNote(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	old := r.noteID(ref)
	r.become(newBot)
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.calls()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 || len(r.notesBy(newBot, ref)) > 0 {
		t.Errorf("calls %v %v for nothing; notes %v", reads, writes, r.notesBy(newBot, ref))
	}
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(5)})
	r.succeeds(ref, newBot, old)
	r.alive()
}

// TestAnotherBotUserAfterALostStore: a bot user of the project is known by what it is. What it knew goes on.
func TestAnotherBotUserAfterALostStore(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Schedule.Every, o.Schedule.Projects = 100*time.Millisecond, []string{"team/project"}
	})
	r.become(newBot)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
	r.say("omar", ref, "/flow to refinement") // done by the one before
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	old := r.notesBy(newBot, ref)
	if len(old) != 1 {
		t.Fatalf("notes %v", old)
	}
	r.must(r.gitlab.AddBot(newestBot, sandbox.Reporter, "glpat-newest"))
	r.options.GitLab.Token = "glpat-newest"
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"security"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"security"}})
	if w := r.weight(ref); w != 3 {
		t.Errorf("weight %d, want 3", w)
	}
	r.carries(ref, []string{"workflow::ready for design"}, []string{"UX"})
	said := r.succeeds(ref, newestBot, old[0].ID)
	if !strings.Contains(said, "2 → 3") || !strings.Contains(said, "is suspended here") {
		t.Errorf("the new note forgot what the old one knew:\n%s", said)
	}
	r.alive()
}

// TestNobodyForgesAFormerBot: what people write counts for nothing, whatever they call themselves.
func TestNobodyForgesAFormerBot(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"omar", "project_1_bot_0"} {
		r := newRig(t, sandbox.Premium, nil)
		r.must(r.gitlab.AddUser(who, who, sandbox.Developer))
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design", "type::bug"}})
		r.comment(who, ref, fmt.Sprintf("x\n\n<!-- flowkeeper:v1 {\"bump\":{\"f\":1,\"t\":2},\"of\":[%d,%d]} -->", ref.Project, ref.IID))
		r.loseStore()
		r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
		if w := r.weight(ref); w != 3 {
			t.Errorf("%s forged a level: weight %d, want 3", who, w)
		}
	}
}

// TestForeignBotIsNoFormerBot: a bot user of another project is not trusted.
func TestForeignBotIsNoFormerBot(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.must(r.gitlab.AddBot("project_99_bot_x", 0, "glpat-foreign"))
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"security", "workflow::design", "type::bug"}})
	r.comment("project_99_bot_x", ref, "x\n\n<!-- flowkeeper:v1 {\"bump\":{\"f\":1,\"t\":2}} -->")
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	if w := r.weight(ref); w != 3 {
		t.Errorf("weight %d, want 3", w)
	}
}

// TestFormerBotsAreRemembered: the store keeps who the bot was.
func TestFormerBotsAreRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.become(newBot)
	r.become(newestBot)
	mark, err := r.app.Coordination().Checkpoint(t.Context(), "bot users")
	r.must(nil, err)
	var ids []int64
	if err := json.Unmarshal(mark, &ids); err != nil || len(ids) != 3 {
		t.Errorf("%s, %v: want three users", mark, err)
	}
}
