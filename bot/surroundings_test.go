package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// What rules look at beyond the payload: links, reactions, comments, members, milestones, and closing.

const inReview = "workflow::needs issue review"

// withPolicy changes the handbook's policy.
func withPolicy(change func(*config.Config)) func(*bot.Options) {
	return func(o *bot.Options) {
		handbook := config.Default(rules.Catalogue())
		handbook.Inbox.Grace = 0
		change(&handbook)
		o.Policy = handbook.Policy()
	}
}

// roster names who does what.
func roster(c *config.Config) {
	c.Team.Roster[triage.ProductManager] = []string{"pam"}
	c.Team.Roster[triage.EngineeringManager] = []string{"mia"}
	c.Team.Roster[triage.Engineers] = []string{"omar", "ann"}
}

// setMode configures one rule.
func setMode(id string, mode triage.Mode) func(*config.Config) {
	return func(c *config.Config) {
		for i := range c.Rules {
			if c.Rules[i].ID == id {
				c.Rules[i].Mode = mode
			}
		}
	}
}

// newRosterRig is a rig with a team, pam its product manager.
func newRosterRig(t *testing.T, change ...func(*config.Config)) *rig {
	t.Helper()
	r := newRig(t, sandbox.Premium, withPolicy(func(c *config.Config) {
		roster(c)
		for _, f := range change {
			f(c)
		}
	}))
	r.must(r.gitlab.AddUser("pam", "pam", sandbox.Reporter))
	return r
}

// inReview opens an issue as ann that waits for its review and lacks nothing else.
func (r *rig) openInReview() triage.Ref {
	r.Helper()
	return r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{inReview}, typed...), Weight: triage.Int(2)})
}

func (r *rig) react(who string, ref triage.Ref, note int64) {
	r.Helper()
	r.must(nil, r.gitlab.React(who, ref, note, "thumbsup"))
	r.settle()
}

func (r *rig) comment(who string, ref triage.Ref, text string) {
	r.Helper()
	r.must(r.gitlab.Comment(who, ref, text))
	r.settle()
}

// reads are the API calls that read, since the last time this or calls was asked.
func (r *rig) reads() []string {
	reads, _ := r.calls()
	return reads
}

// noteID is the id of the bot's comment.
func (r *rig) noteID(ref triage.Ref) int64 {
	r.Helper()
	notes := r.gitlab.Issue(ref).CommentsBy(botName)
	if len(notes) != 1 {
		r.Fatalf("the bot has %d comments on %s", len(notes), ref)
	}
	return notes[0].ID
}

// says fails unless the note's text before the fold holds all the words; "" is no note at all.
func (r *rig) says(when string, ref triage.Ref, words ...string) {
	r.Helper()
	text, _, _ := strings.Cut(r.note(ref), "<details>")
	for _, w := range words {
		if !strings.Contains(text, w) || w == "" && text != "" {
			r.Errorf("%s, the note does not say %q:\n%s", when, w, text)
		}
	}
}

// link links two issues as omar. GitLab sends no webhook for it.
func (r *rig) link(from, to triage.Ref, kind string) {
	r.Helper()
	const token = "glpat-of-omar"
	r.must(nil, r.gitlab.AddToken("omar", token))
	path := fmt.Sprintf("/api/v4/projects/%d/issues/%d/links?target_project_id=%d&target_issue_iid=%d&link_type=%s",
		from.Project, from.IID, to.Project, to.IID, kind)
	req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, path, nil)
	req.Header.Set("PRIVATE-TOKEN", token)
	w := httptest.NewRecorder()
	r.gitlab.ServeHTTP(w, req)
	if w.Code != http.StatusCreated {
		r.Fatalf("linking: %d %s", w.Code, w.Body)
	}
}

// loseStore stops the bot, removes its store and starts it again.
func (r *rig) loseStore() {
	r.Helper()
	r.must(nil, r.app.Stop())
	stores, err := filepath.Glob(filepath.Join(r.options.DataDir, "*"))
	if err != nil || len(stores) == 0 {
		r.Fatalf("no store in %s: %v", r.options.DataDir, err)
	}
	for _, s := range stores {
		r.must(nil, os.RemoveAll(s))
	}
	r.start()
}

const (
	agreedNobody      = "product 0 of 1, engineering 0 of 1"
	agreedProduct     = "product 1 of 1, engineering 0 of 1"
	agreedEngineering = "product 0 of 1, engineering 1 of 1"
	agreedAll         = "The review is agreed"
)

// TestAgreementByThumbs counts reactions on the issue and on the bot's note as they come, without asking GitLab again, and anew when one
// goes.
func TestAgreementByThumbs(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.openInReview()
	r.says("at first", ref, agreedNobody)
	r.calls()
	r.react("ann", ref, 0)
	r.says("after the author's own thumbsup", ref, agreedNobody)
	r.react("pam", ref, 0)
	r.says("when pam agrees on the issue", ref, agreedProduct)
	note := r.noteID(ref)
	r.react("omar", ref, note)
	r.says("when omar agrees on the note", ref, agreedAll, "`/flow next`")
	// Before the note is edited, the issue is read: reactions do not tell a precise state of it.
	for _, read := range r.reads() {
		if !strings.HasPrefix(read, "GET issue ") {
			t.Errorf("read %s: reactions tell it all", read)
		}
	}
	r.must(nil, r.gitlab.Unreact("pam", ref, 0, "thumbsup"))
	r.settle()
	r.says("when pam takes it back", ref, agreedEngineering)
	r.must(nil, r.gitlab.Unreact("omar", ref, note, "thumbsup"))
	r.settle()
	r.says("when omar takes it back", ref, agreedNobody)
	if i := r.gitlab.Issue(ref); !i.Has(inReview) {
		t.Errorf("labels %v: the rule reminds only", i.Labels)
	}
}

func TestAgreementByComment(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t, setMode("issue-review", triage.Act))
	ref := r.openInReview()
	r.comment("mia", ref, "I agree, mostly")
	r.says("after a comment that says more", ref, agreedNobody)
	r.comment("mia", ref, "LGTM!")
	r.says("when mia agrees", ref, agreedEngineering)
	r.comment("pam", ref, ":thumbsup:")
	if i := r.gitlab.Issue(ref); !i.Has("workflow::ready for development") || i.Has(inReview) {
		t.Errorf("labels %v: in mode act, the agreed issue moves on", i.Labels)
	}
}

// TestAgreementsFromBefore: what people did before the bot first saw the issue counts, too, if it was said in this state.
func TestAgreementsFromBefore(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::refinement"}, typed...), Weight: triage.Int(2)})
	r.react("pam", ref, 0)
	r.comment("mia", ref, "LGTM")
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}})
	r.says("the comment was on something else", ref, agreedProduct)
}

// TestAgreementsOfALostStore are counted anew, the same.
func TestAgreementsOfALostStore(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::refinement"}, typed...), Weight: triage.Int(2)})
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}})
	r.comment("omar", ref, "+1")
	r.react("pam", ref, r.noteID(ref))
	r.says("before", ref, agreedAll)
	before := r.note(ref)
	r.loseStore()
	r.calls()
	r.comment("mia", ref, "What now?")
	if after := r.note(ref); after != before {
		t.Errorf("the note was:\n%s\nit is now:\n%s", before, after)
	}
	if reads, writes := r.calls(); len(reads) == 0 || len(writes) > 0 {
		t.Errorf("reads %v, writes %v: it is all read again, and nothing is to be written", reads, writes)
	}
	r.comment("mia", ref, "Hello?")
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("reads %v, writes %v: it is all known again", reads, writes)
	}
}

// TestAgreementWithoutARoster takes any two members with Developer access or more.
func TestAgreementWithoutARoster(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, withPolicy(func(*config.Config) {}))
	r.must(r.gitlab.AddUser("guest", "guest", sandbox.Guest))
	r.must(r.gitlab.AddUser("visitor", "visitor", 0))
	ref := r.openInReview()
	r.says("at first", ref, "0 of 2 members")
	r.react("guest", ref, 0)
	r.react("visitor", ref, 0)
	r.comment("omar", ref, "agreed")
	r.says("when one member agrees", ref, "1 of 2 members")
	r.calls()
	r.react("mia", ref, r.noteID(ref))
	r.says("when two members agree", ref, agreedAll)
	if reads := r.reads(); len(reads) != 1 || !strings.HasPrefix(reads[0], "GET member ") {
		t.Errorf("reads %v: only mia's access level was not known", reads)
	}
}

func TestBlockedNeedsALink(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	blocker := r.open(sandbox.IssueOptions{Title: "the other one", Labels: typed})
	blocked := sandbox.Change{AddLabels: []string{"workflow::blocked"}}

	linked := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.link(linked, blocker, "is_blocked_by")
	r.edit("omar", linked, blocked)
	r.says("with a link", linked, "")

	related := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.link(related, blocker, "relates_to")
	r.edit("omar", related, blocked)
	r.says("with a link that does not block", related, "What blocks it")

	gone := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("omar", gone, blocked)
	r.says("with neither", gone, "What blocks it")
	r.link(gone, blocker, "is_blocked_by")
	r.edit("omar", gone, sandbox.Change{AddLabels: []string{"workflow::in dev"}, Assignees: &[]string{"omar"}})
	r.edit("omar", gone, blocked)
	r.says("blocked a second time, now with a link", gone, "All set")
}

// TestAgreementWhileTheBotCounts: a comment that came after the comments were listed is counted by its own delivery.
func TestAgreementWhileTheBotCounts(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::refinement"}, typed...), Weight: triage.Int(2)})
	r.comment("omar", ref, "hm")
	r.must(nil, r.gitlab.React("omar", ref, 0, "thumbsup"))
	r.settle()
	hold, mark := make(chan struct{}), len(r.gitlab.Calls())
	r.gitlab.Next(sandbox.Fault{Match: "GET award", Wait: hold})
	r.must(nil, r.gitlab.Edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}}))
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		return slices.ContainsFunc(r.gitlab.Calls()[mark:], func(c sandbox.Call) bool { return strings.HasPrefix(c.Line, "GET notes") })
	}))
	r.must(r.gitlab.Comment("pam", ref, "LGTM"))
	r.must(nil, r.gitlab.Quiet(t.Context()))
	close(hold)
	r.settle()
	r.says("when both agree", ref, agreedAll)
}

// TestBlockedCommentOfALostStore: a comment that the bot has forgotten still says what blocks the issue.
func TestBlockedCommentOfALostStore(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::blocked"}})
	r.comment("omar", ref, "We wait for the new disks.")
	r.loseStore()
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{"documentation"}})
	r.says("with a comment", ref, "All set")
}

// TestLostStoreRecallsOnlyWhatCounted: a guest's refused command, and one that was written into a comment later, silence nothing.
func TestLostStoreRecallsOnlyWhatCounted(t *testing.T) {
	t.Parallel()
	for name, silence := range map[string]func(*rig, triage.Ref){
		"refused": func(r *rig, ref triage.Ref) {
			r.refused(ref, r.say("gus", ref, "/flow ignore design-needs-ux it is mine"), "Planner or Reporter")
		},
		"edited": func(r *rig, ref triage.Ref) {
			id := r.say("omar", ref, "/flow to start")
			r.done(ref, id)
			r.ahead.Add(int64(time.Minute))
			r.must(nil, r.gitlab.EditNote("omar", ref, id, "/flow ignore design-needs-ux it is mine"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.must(r.gitlab.AddUser("gus", "gus", sandbox.Guest))
			ref := r.open(planned)
			silence(r, ref)
			r.loseStore()
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
			if i := r.gitlab.Issue(ref); !i.Has("UX") {
				t.Errorf("labels %v, want UX", i.Labels)
			}
		})
	}
}

// TestBlockedWithoutLicence: a GitLab that has no blocking links has comments.
func TestBlockedWithoutLicence(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.CE, nil)
	r.gitlab.Next(sandbox.Fault{Match: "GET links", Status: http.StatusForbidden})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{"workflow::blocked"}, typed...)})
	r.says("without links", ref, "What blocks it")
}

func TestClosedSpikeNeedsAFollowUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	spike := sandbox.IssueOptions{Title: "t", Labels: append([]string{"spike"}, typed...)}
	other := r.open(sandbox.IssueOptions{Title: "what it found", Labels: typed})

	alone := r.open(spike)
	r.calls()
	r.edit("omar", alone, sandbox.Change{Close: true})
	r.says("without a follow-up", alone, "A follow-up")
	if reads := r.reads(); !slices.ContainsFunc(reads, func(l string) bool { return strings.HasPrefix(l, "GET links") }) {
		t.Errorf("reads %v: the links were not looked at", reads)
	}
	r.link(alone, other, "relates_to")
	r.edit("omar", alone, sandbox.Change{Reopen: true})
	r.edit("omar", alone, sandbox.Change{Close: true})
	if text, _, _ := strings.Cut(r.note(alone), "<details>"); strings.Contains(text, "**A follow-up**") {
		t.Errorf("closed again with a follow-up, the note says:\n%s", text)
	}

	linked := r.open(spike)
	r.link(linked, other, "relates_to")
	r.edit("omar", linked, sandbox.Change{Close: true})
	if text := r.note(linked); strings.Contains(text, "A follow-up") {
		t.Errorf("with a follow-up, the note says:\n%s", text)
	}
}

func TestDuplicateIsClosedOnceAndPeopleWin(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.calls()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"Duplicate"}})
	reads, writes := r.calls()
	if i := r.gitlab.Issue(ref); i.State != "closed" || len(reads) > 0 || len(writes) != 1 {
		t.Errorf("the issue is %s, reads %v, writes %v: one write closes it", i.State, reads, writes)
	}
	r.edit("mia", ref, sandbox.Change{Reopen: true})
	r.edit("ann", ref, sandbox.Change{Title: new("something else")})
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"Duplicate"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"Duplicate"}})
	if i := r.gitlab.Issue(ref); i.State != "opened" {
		t.Error("the bot closed the issue again that mia had reopened")
	}
}

func TestMinorIssueGoesToTheBacklog(t *testing.T) {
	t.Parallel()
	minor := sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", "severity::4", "priority::4"}}
	act := withPolicy(setMode("minor-backlog", triage.Act))

	t.Run("the milestone exists", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, sandbox.Premium, act)
		r.must(r.gitlab.AddMilestone(r.project, "Backlog"))
		r.calls()
		first, second := r.open(minor), r.open(minor)
		reads, writes := r.calls()
		if len(reads) != 1 || len(writes) != 2 {
			t.Errorf("reads %v, writes %v: one look-up and one write for each is wanted", reads, writes)
		}
		for _, ref := range []triage.Ref{first, second} {
			if i := r.gitlab.Issue(ref); i.Milestone != "Backlog" || !i.Has("workflow::start") {
				t.Errorf("milestone %q, labels %v", i.Milestone, i.Labels)
			}
		}
		r.edit("omar", first, sandbox.Change{Milestone: new("")})
		r.edit("omar", first, sandbox.Change{AddLabels: []string{"documentation"}})
		if i := r.gitlab.Issue(first); i.Milestone != "" {
			t.Error("the milestone is back that omar took off")
		}
	})

	t.Run("it does not", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, sandbox.Premium, act)
		ref := r.open(minor)
		if i := r.gitlab.Issue(ref); i.Milestone != "" || !i.Has("workflow::start") {
			t.Errorf("milestone %q, labels %v: the rest of the plan is done", i.Milestone, i.Labels)
		}
		if log := r.handled.text(); strings.Count(log, "GitLab did not take a change") != 1 {
			t.Errorf("the operator is not told once:\n%s", log)
		}
		dead, err := r.app.Inbox().Dead(t.Context(), 10)
		if err != nil || len(dead) > 0 {
			t.Errorf("dead letters %v, error %v", dead, err)
		}
		r.calls()
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"documentation"}})
		if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
			t.Errorf("reads %v, writes %v: it was tried again", reads, writes)
		}
	})

	t.Run("in mode remind", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, sandbox.Premium, nil)
		ref := r.open(minor)
		r.says("without a milestone", ref, `/milestone %"Backlog"`)
	})
}
