package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// GitLab answers 200 to a move and silently leaves out a label that is archived. What gave way for it comes back.

// archive archives labels of the project.
func (r *rig) archive(labels ...string) {
	r.Helper()
	for _, l := range labels {
		r.must(nil, r.gitlab.ArchiveLabel(r.project, l))
	}
}

// carries fails unless the issue carries the one labels, and none of the others.
func (r *rig) carries(ref triage.Ref, labels, others []string) {
	r.Helper()
	i := r.gitlab.Issue(ref)
	for _, l := range labels {
		if !i.Has(l) {
			r.Errorf("labels %v, want %s", i.Labels, l)
		}
	}
	for _, l := range others {
		if i.Has(l) {
			r.Errorf("labels %v, want no %s", i.Labels, l)
		}
	}
}

func TestMoveToAnArchivedLabel(t *testing.T) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{sandbox.Premium, sandbox.Free} {
		r := newRig(t, edition, nil)
		r.archive("workflow::design")
		ref := r.open(planned)
		id := r.say("omar", ref, "/flow to design")
		r.refused(ref, id, "Not done", "workflow::design", "archived")
		r.carries(ref, []string{"workflow::start"}, []string{"workflow::design", "UX"})
		r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
		r.carries(ref, []string{"workflow::ready for design", "UX"}, nil) // nobody undid anything
		if note := r.note(ref); strings.Contains(note, "is suspended here") {
			t.Errorf("a rule rests:\n%s", note)
		}
	}
}

// TestOtherLinesOfAHalfTakenComment: the line that GitLab took stays done.
func TestOtherLinesOfAHalfTakenComment(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.archive("workflow::design")
	ref := r.open(planned)
	id := r.say("omar", ref, "/flow to design\n/flow weight 2")
	r.refused(ref, id, "Not done, “", "/flow to design", "archived")
	r.carries(ref, []string{"workflow::start"}, []string{"UX"})
	if w := r.weight(ref); w != 2 {
		t.Errorf("weight %d, want 2", w)
	}
}

// TestHalfTakenCommandsLeaveNothing: all that belongs to the command stays undone, its link and its closing, too.
func TestHalfTakenCommandsLeaveNothing(t *testing.T) {
	t.Parallel()
	for name, label := range map[string]string{"blocked by": "workflow::blocked", "duplicate": "Duplicate"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.archive(label)
			ref, other := r.open(planned), r.open(planned)
			id := r.say("omar", ref, fmt.Sprintf("/flow %s #%d", name, other.IID))
			r.refused(ref, id, label, "archived")
			r.carries(ref, []string{"workflow::start"}, []string{label})
			if i := r.gitlab.Issue(ref); i.State != "opened" || len(i.Links) > 0 {
				t.Errorf("the issue is %s, links %v", i.State, i.Links)
			}
		})
	}
}

// moving has weighted-next move issues.
func moving(o *bot.Options) {
	for n := range o.Policy.Settings {
		if s := &o.Policy.Settings[n]; s.ID == "weighted-next" {
			s.Mode = triage.Act
		}
	}
}

// TestRuleMovesToAnArchivedLabel: as for commands; the rule does not try again.
func TestRuleMovesToAnArchivedLabel(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, moving)
	r.archive("workflow::needs issue review")
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::refinement", "backend"}, Assignees: []string{"omar"}})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	r.carries(ref, []string{"workflow::refinement"}, nil)
	r.calls()
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(1)})
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("the bot tries again: %v", writes)
	}
}

// TestHalfTakenAndInterrupted: the answer is lost, or the repair fails at first.
func TestHalfTakenAndInterrupted(t *testing.T) {
	t.Parallel()
	lost := sandbox.Fault{Match: "PUT issue", ApplyThenCut: true}
	for name, faults := range map[string][]sandbox.Fault{
		"the answer is lost": {lost},
		"the repair fails":   {{Match: "add_labels=workflow::start", Status: http.StatusBadGateway}, {Match: "add_labels=workflow::refinement", Status: http.StatusBadGateway}},
		"both":               {lost, {Match: "add_labels=workflow::start", Status: http.StatusBadGateway}, {Match: "add_labels=workflow::refinement", Status: http.StatusBadGateway}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, moving)
			r.archive("workflow::design", "workflow::needs issue review")
			ref := r.open(planned)
			for _, f := range faults {
				r.gitlab.FailNext(f)
			}
			r.refused(ref, r.say("omar", ref, "/flow to design"), "archived")
			r.carries(ref, []string{"workflow::start"}, []string{"UX"})
			r.gitlab.ClearFaults()

			ref = r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::refinement", "backend"}, Assignees: []string{"omar"}})
			for _, f := range faults {
				r.gitlab.FailNext(f)
			}
			r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
			r.carries(ref, []string{"workflow::refinement"}, nil)
		})
	}
}

// TestHalfTakenAndMoved: where a person has set another state before the repair, that stands.
func TestHalfTakenAndMoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.archive("workflow::design")
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "add_labels=workflow::start", Wait: hold, Status: http.StatusBadGateway})
	r.must(r.gitlab.Comment("omar", ref, "/flow to design"))
	r.must(nil, r.await(func() bool { return !r.gitlab.Issue(ref).Has("workflow::start") }))
	r.must(nil, r.gitlab.Edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::in review"}}))
	close(hold)
	r.settle()
	r.carries(ref, []string{"workflow::in review"}, []string{"workflow::start"})
}

// TestFollowUpWithAnArchivedLabel: what the follow-up lacks is said.
func TestFollowUpWithAnArchivedLabel(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(spike)
	r.archive("workflow::planning breakdown")
	_, replies := r.answer(ref, r.say("omar", ref, "/flow spike done"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "workflow::planning breakdown") {
		t.Errorf("%v", replies)
	}
}
