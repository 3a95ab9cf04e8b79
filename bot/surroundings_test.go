package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

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
		handbook.Inbox.Grace, handbook.Inbox.Settle, handbook.Inbox.TriageDays = 0, 0, 0
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
	return r.open(sandbox.IssueOptions{Title: "t", Labels: []string{inReview, "type::feature"}, Weight: triage.Int(2)})
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

const (
	agreedNobody      = "One OK from product, one from engineering"
	agreedProduct     = "Product said OK, one from engineering is missing"
	agreedEngineering = "Engineering said OK, one from product is missing"
	agreedAll         = "The review is agreed"
)

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

// TestBlockedWithoutLicence: a GitLab that has no blocking links has comments.
func TestBlockedWithoutLicence(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.CE, nil)
	r.gitlab.FailNext(sandbox.Fault{Match: "GET links", Status: http.StatusForbidden})
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
		r.alive()
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

// TestRecheckReadsOnce: what the rules have to know is read afresh once, however late that is by the clock.
func TestRecheckReadsOnce(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.openInReview()
	r.calls()
	r.done(ref, r.say("omar", ref, "/flow recheck"))
	reads, _ := r.calls()
	if n := len(slices.DeleteFunc(reads, func(line string) bool { return !strings.HasPrefix(line, "GET awards 1#1 ") })); n != 1 {
		t.Errorf("the reactions were read %d times, want once", n)
	}
	r.alive()
}
