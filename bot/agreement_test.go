package bot_test

import (
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/config"
	"flowkeeper/rules/triage"
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

// TestThumbsInAnySkin: two of one person's are one agreement, which stands as long as one of them does.
func TestThumbsInAnySkin(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.openInReview()
	for _, name := range []string{"thumbsup_tone4", "+1"} {
		r.must(nil, r.gitlab.React("pam", ref, 0, name))
		r.settle()
		r.says("when pam reacts with "+name, ref, agreedProduct)
	}
	r.must(nil, r.gitlab.Unreact("pam", ref, 0, "+1"))
	r.settle()
	r.says("when one of pam's is left", ref, agreedProduct)
	r.must(nil, r.gitlab.Unreact("pam", ref, 0, "thumbsup_tone4"))
	r.settle()
	r.says("when none is left", ref, agreedNobody)
	r.comment("pam", ref, "👍🏿")
	r.says("when pam says so", ref, agreedProduct)
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
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement", "type::feature"}, Weight: triage.Int(2)})
	r.react("pam", ref, 0)
	r.comment("mia", ref, "LGTM")
	r.edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}})
	r.says("the comment was on something else", ref, agreedProduct)
}

// TestAgreementsOfALostStore are counted anew, the same.
func TestAgreementsOfALostStore(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement", "type::feature"}, Weight: triage.Int(2)})
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
	r.says("at first", ref, "Two OKs from members")
	r.react("guest", ref, 0)
	r.react("visitor", ref, 0)
	r.comment("omar", ref, "agreed")
	r.says("when one member agrees", ref, "One more OK from a member")
	r.calls()
	r.react("mia", ref, r.noteID(ref))
	r.says("when two members agree", ref, agreedAll)
	if reads := r.reads(); len(reads) != 1 || !strings.HasPrefix(reads[0], "GET member ") {
		t.Errorf("reads %v: only mia's access level was not known", reads)
	}
}

// TestAgreementWhileTheBotCounts: a comment that came after the comments were listed is counted by its own delivery.
func TestAgreementWhileTheBotCounts(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::refinement", "type::feature"}, Weight: triage.Int(2)})
	r.comment("omar", ref, "hm")
	r.must(nil, r.gitlab.React("omar", ref, 0, "thumbsup"))
	r.settle()
	hold, mark := make(chan struct{}), len(r.gitlab.Calls())
	r.gitlab.FailNext(sandbox.Fault{Match: "GET award", Wait: hold})
	r.must(nil, r.gitlab.Edit("ann", ref, sandbox.Change{AddLabels: []string{inReview}}))
	r.asked(mark, "GET notes")
	r.must(r.gitlab.Comment("pam", ref, "LGTM"))
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	close(hold)
	r.settle()
	r.says("when both agree", ref, agreedAll)
}

// TestNewReviewIsAgreedAnew: what people agreed to before the issue came back by a command does not count, also if something about the issue was
// loaded after the command was received.
func TestNewReviewIsAgreedAnew(t *testing.T) {
	t.Parallel()
	r := newRosterRig(t)
	r.options.Worker.Freshness = time.Nanosecond
	r.restart()
	ref := r.openInReview()
	r.comment("pam", ref, "LGTM")
	r.comment("mia", ref, "LGTM")
	r.says("at first", ref, agreedAll)
	r.ahead.Store(int64(4 * time.Minute)) // more than such comments may be older than the review
	hold, calls := make(chan struct{}), len(r.gitlab.Calls())
	r.gitlab.FailNext(sandbox.Fault{Match: "GET member", Wait: hold})
	r.must(r.gitlab.Comment("pam", ref, "/flow to blocked"))
	r.asked(calls, "GET issue")
	r.must(r.gitlab.Comment("mia", ref, "/flow to needs issue review"))
	r.must(nil, r.gitlab.AwaitDelivered(t.Context()))
	close(hold)
	r.settle()
	r.carries(ref, []string{inReview}, nil)
	r.says("in the new review", ref, agreedNobody)
}
