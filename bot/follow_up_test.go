package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestFollowUp: a follow-up is opened once, although GitLab's answer is lost and the bot starts again, with milestone and weight, linked; its title
// mentions nobody.
func TestFollowUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.must(r.gitlab.AddMilestone(r.project, "19.7"))
	r.gitlab.FailNext(sandbox.Fault{Match: "POST /api/v4/projects/1/issues", ApplyThenCut: true})
	id := r.say("omar", ref, `/flow follow-up tell @ann about #1 weight=2 milestone="19.7"`)
	r.restart()
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"something"}})
	issues := r.gitlab.Issues(r.project)
	if len(issues) != 2 {
		t.Fatalf("%d issues, want the project's and its follow-up", len(issues))
	}
	left := issues[1]
	if !strings.HasPrefix(left.Title, "tell ") || strings.Contains(left.Title, "@ann") || strings.Contains(left.Title, "#1") {
		t.Errorf("the title %q is not the writer's, or refers to something", left.Title)
	}
	if left.Milestone != "19.7" || left.Weight == nil || *left.Weight != 2 || !left.Has("follow-up") || !left.Has("type::maintenance") || len(left.Links) != 1 {
		t.Errorf("milestone %q, weight %v, labels %q, links %v", left.Milestone, left.Weight, left.Labels, left.Links)
	}
	if !strings.HasPrefix(left.Description, "Follow-up of #1. ") {
		t.Errorf("the description is\n%s", left.Description)
	}
	reactions, replies := r.answer(ref, id)
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "The follow-up is #2.") || len(reactions) != 1 || reactions[0] != triage.DoneEmoji {
		t.Errorf("reactions %v, replies %v", reactions, replies)
	}
	r.alive()
}

// TestRulesLookAtWhatTheBotOpened: GitLab's own webhook about an issue that the bot opened is the bot's echo, and yet the rules look at the issue at once:
// the engineering manager is asked about a large follow-up.
func TestRulesLookAtWhatTheBotOpened(t *testing.T) {
	t.Parallel()
	for place, open := range map[string]func(*testing.T) *rig{
		"label":  func(t *testing.T) *rig { return newRig(t, sandbox.Premium, nil) },
		"status": func(t *testing.T) *rig { return newStatusRig(t, board, nil) },
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := open(t)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
			r.must(r.gitlab.AddMilestone(r.project, "19.7"))
			r.say("omar", ref, `/flow follow-up Measure it again weight=4 milestone="19.7"`)
			r.settle()
			opened := r.gitlab.Issues(r.project)[1].Ref
			if note := r.note(opened); !strings.Contains(note, "**Substantial work**") {
				t.Errorf("the note says\n%s", note)
			}
			r.alive()
		})
	}
}

// TestFollowUpWithoutItsMilestone: a milestone that is not there is said, and the follow-up is opened all the same.
func TestFollowUpWithoutItsMilestone(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	_, replies := r.answer(ref, r.say("omar", ref, "/flow follow-up docs milestone=%nowhere"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "has no milestone: the project has none called “nowhere” that is open") {
		t.Errorf("replies %v", replies)
	}
	r.alive()
}

// TestManyFollowUps: the fifth open follow-up suggests an epic on the note, also where each came by a comment of its own; when one of them is closed
// the suggestion goes.
func TestManyFollowUps(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	for n := range 5 {
		if note := r.note(ref); strings.Contains(note, "An epic") {
			t.Fatalf("an epic is suggested after %d follow-ups:\n%s", n, note)
		}
		r.say("omar", ref, fmt.Sprintf("/flow follow-up part %d", n))
	}
	if note := r.note(ref); !strings.Contains(note, "**An epic**. 5 open follow-ups hang on this issue. `/flow epic` says how they are held together.") {
		t.Errorf("the note says\n%s", note)
	}
	last := r.gitlab.Issues(r.project)[5].Ref
	r.edit("ann", last, sandbox.Change{Close: true})
	r.say("ann", ref, "/flow recheck")
	if note := r.note(ref); strings.Contains(note, "**An epic**") {
		t.Errorf("a follow-up is closed, and the note says\n%s", note)
	}
	r.alive()
}

// TestEpic: an issue becomes an epic once, although GitLab's answer is lost, and people are told.
func TestEpic(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*sandbox.Fault{
		"plain": nil, "lost answer": {Match: "POST /api/v4/projects/1/issues/1/notes", ApplyThenCut: true}, "error": {Match: "POST /api/v4/projects/1/issues/1/notes", Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			ref := r.open(planned)
			if _, replies := r.answer(ref, r.say("omar", ref, "/flow epic")); len(replies) != 1 || !strings.Contains(replies[0].Text, "The project's group has epics.") {
				t.Fatalf("replies %v", replies)
			}
			if fault != nil {
				r.gitlab.FailNext(*fault)
			}
			id := r.say("omar", ref, "/flow epic yes")
			if r.gitlab.Issue(ref).State != "closed" {
				t.Error("the issue is open: it was not promoted")
			}
			reactions, replies := r.answer(ref, id)
			if len(replies) != 1 || !strings.Contains(replies[0].Text, "The issue is an epic of the group now") || len(reactions) != 1 || reactions[0] != triage.DoneEmoji {
				t.Errorf("reactions %v, replies %v", reactions, replies)
			}
			r.alive()
		})
	}
}

// TestParentIssue: where there are no epics, one parent issue lists the issue and its follow-up; a second is refused.
func TestParentIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Free, nil)
	ref := r.open(planned)
	r.say("omar", ref, "/flow follow-up docs")
	_, replies := r.answer(ref, r.say("omar", ref, "/flow epic yes"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "The parent issue is #3.") {
		t.Fatalf("replies %v", replies)
	}
	parent := r.gitlab.Issues(r.project)[2]
	if parent.Title != "Epic: t" || !strings.Contains(parent.Description, "- [ ] #1\n- [ ] #2\n") || len(parent.Links) != 1 {
		t.Errorf("%q, links %v:\n%s", parent.Title, parent.Links, parent.Description)
	}
	r.refused(ref, r.say("omar", ref, "/flow epic yes"), "#3 holds the issue and its follow-ups together already")
	r.alive()
}
