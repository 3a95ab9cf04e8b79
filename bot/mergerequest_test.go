package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

const (
	readyForDev    = "workflow::ready for development"
	inDev          = "workflow::in dev"
	inCodeReview   = "workflow::in review"
	inVerification = "workflow::verification"
)

// newMergingRig is a rig whose rules move issues with their merge requests. GitLab itself closes no issues there.
func newMergingRig(t *testing.T, adjust func(*bot.Options)) *rig {
	t.Helper()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		moveByMergeRequests(o)
		if adjust != nil {
			adjust(o)
		}
	})
	r.must(nil, r.gitlab.SetAutoClose(r.project, false))
	return r
}

// moveByMergeRequests has the rules move issues with their merge requests.
func moveByMergeRequests(o *bot.Options) {
	o.Policy.Settings = slices.Clone(o.Policy.Settings)
	for n := range o.Policy.Settings {
		if s := &o.Policy.Settings[n]; strings.HasPrefix(s.ID, "mr-") && s.Subject == triage.SubjectIssue {
			s.Mode = triage.Act
		}
	}
}

// ready opens an issue that may be worked on.
func (r *rig) ready(labels ...string) triage.Ref {
	r.Helper()
	return r.open(sandbox.IssueOptions{Title: "t", Labels: append([]string{readyForDev, "type::maintenance", "backend"}, labels...), Assignees: []string{"omar"}, Weight: triage.Int(2)})
}

// merging opens a merge request as omar and waits until the bot is done with it.
func (r *rig) merging(title, description string) triage.Ref {
	r.Helper()
	return r.mergingIn(r.project, sandbox.MergeRequestOptions{Title: title, Description: description})
}

func (r *rig) mergingIn(project int64, o sandbox.MergeRequestOptions) triage.Ref {
	r.Helper()
	ref, err := r.gitlab.OpenMergeRequest("omar", project, o)
	r.must(nil, err)
	r.settle()
	return ref
}

// draft makes a merge request a draft or ready.
func (r *rig) draft(ref triage.Ref, draft bool) {
	r.Helper()
	r.must(nil, r.gitlab.EditMergeRequest("omar", ref, sandbox.MergeRequestChange{Draft: &draft}))
	r.settle()
}

func (r *rig) merge(ref triage.Ref) {
	r.Helper()
	r.must(nil, r.gitlab.Merge("mia", ref))
	r.settle()
}

// in fails unless the issue is in the state.
func (r *rig) in(ref triage.Ref, state string) {
	r.Helper()
	if i := r.gitlab.Issue(ref); !i.Has(state) {
		r.Fatalf("%s has the labels %v, want %s among them\n%s", ref, i.Labels, state, r.handled.text())
	}
}

func TestMergeRequestsCarryAnIssue(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	one := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inDev)
	two := r.merging("two", fmt.Sprintf("Fixes #%d", ref.IID))
	r.in(ref, inDev)
	r.draft(one, false)
	r.in(ref, inCodeReview)
	r.draft(two, true)
	r.in(ref, inDev)
	r.draft(two, false)
	r.in(ref, inCodeReview)
	r.merge(two)
	r.in(ref, inCodeReview)
	r.merge(one)
	r.in(ref, inVerification)
	r.alive()
}

// Where GitLab closes the issue itself, it is complete, whether the close comes before the merge or behind it.
func TestMergeThatClosesTheIssue(t *testing.T) {
	t.Parallel()
	for name, jobs := range map[string][]string{"the merge first": {"merge ", "close issue"}, "one after the other": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMergingRig(t, nil)
			r.must(nil, r.gitlab.SetAutoClose(r.project, true))
			ref := r.ready()
			one := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
			r.in(ref, inCodeReview)
			if jobs != nil {
				r.gitlab.HoldJobs()
			}
			r.must(nil, r.gitlab.Merge("mia", one))
			for _, job := range jobs {
				r.settle()
				r.must(nil, r.gitlab.RunJobs(job))
			}
			r.settle()
			r.in(ref, "workflow::complete")
			for _, label := range r.gitlab.Issue(ref).Labels {
				if label == inVerification {
					t.Error("it went through verification")
				}
			}
			r.alive()
		})
	}
}

// What the set of GitLab does not hold: issues of a project that closes none by itself, in this project and in another one.
func TestMergeRequestOfAnotherProject(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	other := r.gitlab.AddProject("team/other")
	_, err := r.gitlab.AddHook(other, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken, Events: []string{sandbox.OnMergeRequests}})
	r.must(nil, err)
	r.calls()
	m := r.mergingIn(other, sandbox.MergeRequestOptions{Title: "Draft: one", Description: fmt.Sprintf("Closes team/project#%d, #99 and nobody/knows#1", ref.IID)})
	r.in(ref, inDev)
	reads, _ := r.calls()
	of, asked := []string{}, map[string]bool{}
	for _, line := range reads {
		switch ofProject := strings.HasPrefix(line, "GET project ") || strings.HasPrefix(line, "GET member "); {
		case ofProject && asked[line]:
			t.Errorf("%s is asked twice", line) // it is kept for all merge requests
		case ofProject:
			asked[line] = true
		case !strings.Contains(line, "#"):
			of = append(of, line)
		}
	}
	if len(of) > 3 {
		t.Errorf("calls for one merge request: %q", of)
	}
	said := strings.Count(r.handled.text(), "no issue that the bot can see; that is left alone")
	r.draft(m, false)
	r.in(ref, inCodeReview)
	if again := strings.Count(r.handled.text(), "no issue that the bot can see; that is left alone"); said != 1 || again != 1 {
		t.Errorf("what leads nowhere is said %d and then %d times, want once", said, again)
	}
	r.alive()
}

// A merge request from a fork moves the issue of the project that it goes to. One within the fork moves none of that project: GitLab lets it close
// none.
func TestMergeRequestsOfForks(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref, other := r.ready(), r.ready()
	fork, err := r.gitlab.Fork(r.project, "omar/project")
	r.must(nil, err)
	r.must(nil, r.gitlab.SetAutoClose(fork, false))
	_, err = r.gitlab.AddHook(fork, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken, Events: sandbox.HookEvents()})
	r.must(nil, err)
	own, err := r.gitlab.Open("ann", fork, sandbox.IssueOptions{Title: "t", Labels: []string{readyForDev, "type::maintenance", "backend"}, Weight: triage.Int(2)})
	r.must(nil, err)
	r.settle()
	r.mergingIn(fork, sandbox.MergeRequestOptions{Title: "Draft: within", Description: fmt.Sprintf("Closes team/project#%d and #%d", ref.IID, own.IID)})
	r.in(own, inDev)
	r.in(ref, readyForDev)
	r.mergingIn(r.project, sandbox.MergeRequestOptions{Title: "Draft: from it", From: fork, Description: fmt.Sprintf("Closes #%d", other.IID)})
	r.in(other, inDev)
	r.loseStore()
	r.merging("ready", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inCodeReview) // GitLab's list of what names the issue has the draft within the fork, too
	r.alive()
}

// An issue that falls out of the set is told.
func TestMergeRequestThatClosesNoMore(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, func(o *bot.Options) {
		for n := range o.Policy.Settings {
			if s := &o.Policy.Settings[n]; s.ID == "mr-in-dev" {
				s.Mode = triage.Remind
			}
		}
	})
	one, two := r.ready(), r.ready()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", one.IID))
	if note := r.note(one); !strings.Contains(note, fmt.Sprintf("- [ ] **The next state**. Merge request !%d is open", m.IID)) {
		t.Fatalf("the note says %q", note)
	}
	text := fmt.Sprintf("Closes #%d", two.IID)
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Description: &text}}))
	r.settle()
	if note := r.note(one); strings.Contains(note, "- [ ]") {
		t.Errorf("the note of the one that fell out says %q", note)
	}
	if note := r.note(two); !strings.Contains(note, "- [ ] **The next state**") {
		t.Errorf("the note of the other says %q", note)
	}
}

// After the store is lost, GitLab tells of the other merge requests.
func TestMergeRequestsAfterALostStore(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inDev)
	r.loseStore()
	r.merging("two", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inDev)
	r.alive()
}

// People win: whoever takes the issue back has the last word.
func TestPeopleWinOverMergeRequests(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inDev)
	r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{inDev}, AddLabels: []string{readyForDev}})
	assignees := []string{"mia"}
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Assignees: &assignees}}))
	r.settle()
	r.in(ref, readyForDev)
}

// rulesOnMergeRequests switches the rules on that look at merge requests themselves.
func rulesOnMergeRequests(o *bot.Options) {
	for n := range o.Policy.Settings {
		switch s := &o.Policy.Settings[n]; s.ID {
		case "mr-copies-labels":
			s.Mode = triage.Act
		case "mr-needs-issue":
			s.Mode = triage.Remind
		}
	}
}

// Rules about merge requests themselves: labels are copied with one write, and a note asks for the issue until there is one.
func TestRulesOnMergeRequests(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, rulesOnMergeRequests)
	r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Developer)) // a Reporter may not label merge requests
	ref := r.ready("severity::2", "group::source code")
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	got := r.gitlab.MergeRequest(m).Labels
	for _, want := range []string{"type::maintenance", "severity::2", "group::source code"} {
		if !slices.Contains(got, want) {
			t.Errorf("the merge request has the labels %q, want %q among them", got, want)
		}
	}
	r.in(ref, inDev)
	secret := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::bug", "bug::vulnerability", "severity::1"}, Confidential: true})
	m = r.merging("hidden", fmt.Sprintf("Closes #%d", secret.IID))
	if got := r.gitlab.MergeRequest(m).Labels; len(got) > 0 {
		t.Errorf("of a confidential issue it got %q", got)
	}
	m = r.merging("two", "Only words.")
	if note := r.note(m); !strings.Contains(note, "- [ ] **An issue**") || strings.Contains(note, "/flow") {
		t.Errorf("the note says %q", note)
	}
	text := fmt.Sprintf("Related to #%d", ref.IID)
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Description: &text}}))
	r.settle()
	if note := r.note(m); strings.Contains(note, "- [ ]") {
		t.Errorf("the note says %q", note)
	}
	r.alive()
}
