package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// policyRig is a rig with no rules but these policies, in mode act.
func policyRig(t *testing.T, edition sandbox.Edition, rules ...policy.Rule) *rig {
	t.Helper()
	r := newRig(t, edition, func(o *bot.Options) {
		o.Policy.Settings, o.Policy.Index = policySettings(rules...), nil
		o.Worker.Patience.Late = time.Millisecond
	})
	r.must(r.gitlab.AddUser("pam", "pam", sandbox.Reporter))
	r.gitlab.AddProject("team/other")
	return r
}

func policySettings(rules ...policy.Rule) []engine.Setting {
	var all []engine.Setting
	for _, r := range rules {
		r.ID = policy.Prefix + r.Name
		all = append(all, engine.Setting{Rule: r.Rule(), Mode: triage.Act})
	}
	return all
}

func labelled(label string) policy.Condition { return policy.HasLabels{AnyOf: [][]string{{label}}} }

func text(s string) policy.Template { return policy.Template{{Text: s}} }

// everyPolicy has policies of all kinds.
func everyPolicy() []policy.Rule {
	return []policy.Rule{
		{Name: "welcome", When: []policy.Condition{labelled("incoming"), policy.LacksLabels{Labels: []string{"triaged"}}}, Actions: policy.Actions{
			Labels: []string{"triaged"}, Assign: []string{"omar"}, DueDate: "2026-12-24", Own: true, Thread: true, Mentions: []string{"pam"},
			Comment: policy.Template{{Text: "Hello "}, {Field: "author"}, {Text: ", thank you.\n/close"}},
		}},
		{Name: "hidden", When: []policy.Condition{labelled("hidden")}, Actions: policy.Actions{Own: true, Internal: true, Comment: text("Among us.")}},
		{Name: "popular", When: []policy.Condition{labelled("votes"), policy.Counts{What: policy.Upvotes, Above: true, Threshold: 0}},
			Actions: policy.Actions{Labels: []string{"popular"}}},
		{Name: "quiet", When: []policy.Condition{labelled("quiet"), policy.Counts{What: policy.Notes, Threshold: 1}}, Actions: policy.Actions{Labels: []string{"nobody wrote"}}},
		{Name: "member", When: []policy.Condition{labelled("member"), policy.IsMember{Group: true, Source: "team"}}, Actions: policy.Actions{Labels: []string{"by a member"}}},
		{Name: "next", When: []policy.Condition{labelled("next"), policy.InMilestone{Title: policy.MilestoneUpcoming}}, Actions: policy.Actions{Labels: []string{"is next"}}},
		{Name: "reopen", When: []policy.Condition{labelled("again"), policy.InState{State: policy.Closed}}, Actions: policy.Actions{State: policy.Opened, Comment: text("Open again.")}},
		{Name: "elsewhere", When: []policy.Condition{labelled("elsewhere")}, Actions: policy.Actions{MoveTo: "team/other", Own: true, Comment: text("It belongs elsewhere.")}},
	}
}

// everyPolicyCall makes the bot ask and write in every way that only policies have.
func (r *rig) everyPolicyCall() triage.Ref {
	r.Helper()
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	r.must(r.gitlab.AddMilestone(r.project, "next"))
	r.must(nil, r.gitlab.DateMilestone(r.project, "next", tomorrow, tomorrow))
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"incoming"}})
	r.react("pam", ref, 0)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"votes", "quiet", "member"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"next"}, Milestone: new("next")})
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"hidden"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"again"}, Close: true})
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"elsewhere"}})
	return ref
}

// policyEnding is what people see of an issue that policies were at.
type policyEnding struct {
	Issue     ending
	Assignees []string
	Due       string
	Hidden    int // internal comments
	Moved     int // issues in the other project
}

func (r *rig) policyEnding(ref triage.Ref) policyEnding {
	r.Helper()
	i := r.gitlab.Issue(ref)
	e := policyEnding{Issue: r.ending(ref), Assignees: i.Assignees, Due: i.Due}
	for _, n := range i.CommentsBy(botName) {
		if n.Internal {
			e.Hidden++
		}
	}
	for _, p := range r.gitlab.Projects() {
		if p.Path == "team/other" {
			e.Moved = len(r.gitlab.Issues(p.ID))
		}
	}
	return e
}

// TestPolicies: what policies want is done, what they say is said once, and no line of it is a quick action.
func TestPolicies(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, everyPolicy()...)
	ref := r.everyPolicyCall()
	e := r.policyEnding(ref)
	want := policyEnding{
		Issue: ending{
			Labels: []string{"again", "by a member", "elsewhere", "hidden", "incoming", "is next", "member", "next", "nobody wrote", "popular", "quiet", "triaged", "votes"},
			State:  "closed", Issues: 1,
			Comments: []string{
				botName + ": Hello @ann, thank you.\n\u2060/close\n\ncc @pam\n\n", botName + ": Among us.\n\n", botName + ": " + firstOf(e.Issue.Comments, "Open again."),
				botName + ": It belongs elsewhere.\n\n",
			},
		},
		Assignees: []string{"omar"}, Due: "2026-12-24", Hidden: 1, Moved: 1,
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, calls(r))
	}
	r.alive()
}

// firstOf is what the bot says in the first comment with these words, without its name.
func firstOf(comments []string, words string) string {
	for _, c := range comments {
		if strings.Contains(c, words) {
			return strings.TrimPrefix(c, botName+": ")
		}
	}
	return "nowhere: " + words
}

// TestEveryPolicyCallFailsOnce: whichever call fails, in whatever way, all ends as without it.
func TestEveryPolicyCallFailsOnce(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, everyPolicy()...)
	began := len(r.gitlab.Calls())
	want := r.policyEnding(r.everyPolicyCall())
	times := map[string]int{}
	for _, c := range r.gitlab.Calls()[began:] {
		if words := strings.Fields(c.Line); c.User == botName && len(words) > 2 {
			times[strings.Join(words[:2], " ")+" "]++
		}
	}
	for _, call := range []string{
		"GET issue ", "GET notes ", "GET discussions ", "GET issues ", "GET group ", "GET users ", "GET project ", "PUT issue ", "POST discussion ",
		"POST note ", "POST move ",
	} {
		if times[call] == 0 {
			t.Errorf("the story has no %s", call)
		}
	}
	faults := map[string]sandbox.Fault{
		"404":              {Status: http.StatusNotFound},
		"502":              {Status: http.StatusBadGateway},
		"cut before":       {CutBefore: true},
		"done, answer cut": {ApplyThenCut: true},
	}
	for call, often := range times {
		for name, fault := range faults {
			for n := range often {
				if n > 0 && testing.Short() || n > 0 && n < often-1 {
					continue
				}
				t.Run(fmt.Sprintf("%scall %d/%s", call, n+1, name), func(t *testing.T) {
					t.Parallel()
					r := policyRig(t, sandbox.Premium, everyPolicy()...)
					r.failCall(call, n, fault)
					if diff := cmp.Diff(want, r.policyEnding(r.everyPolicyCall())); diff != "" {
						t.Errorf("it ended differently (-want +got):\n%s\n%s", diff, calls(r))
					}
				})
			}
		}
	}
}

// A project that the bot cannot see, and a person who is not there: both are said once and not tried for ever.
func TestPoliciesThatGitLabRefuses(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium,
		policy.Rule{Name: "away", When: []policy.Condition{labelled("away")}, Actions: policy.Actions{MoveTo: "secret/place"}},
		policy.Rule{Name: "nobody", When: []policy.Condition{labelled("nobody")}, Actions: policy.Actions{Assign: []string{"nobody"}}},
	)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"away"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"nobody"}})
	r.calls()
	for n := range 3 {
		r.edit("omar", ref, sandbox.Change{Title: new(fmt.Sprint("title ", n)), AddLabels: []string{fmt.Sprint("label ", n)}})
	}
	_, writes := r.calls()
	if i := r.gitlab.Issue(ref); i.State != "opened" || len(i.Assignees) > 0 || len(writes) > 0 {
		t.Errorf("%s, assigned to %v; it is tried again and again: %q", i.State, i.Assignees, writes)
	}
	r.alive()
	if log := r.handled.text(); !strings.Contains(log, "there is no such project that the bot can see") {
		t.Error("nobody says that the project cannot be seen")
	}
}

// On a customer's ticket everything that the bot writes is internal, also a policy's thread.
func TestPolicyCommentsOnTickets(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, policy.Rule{Name: "hello", Actions: policy.Actions{Own: true, Thread: true, Comment: text("Hello.")}})
	r.must(nil, r.gitlab.AddServiceDesk(r.project))
	ref := r.request("help")
	if said := r.gitlab.Issue(ref).CommentsBy(botName); len(said) != 1 || !said[0].Internal {
		t.Errorf("the bot said %+v, want one internal comment", said)
	}
	r.mailed()
}

// A policy begins to act on as many issues in an hour as it may, over all of them.
func TestPolicyLimit(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Free, policy.Rule{
		Name: "some", When: []policy.Condition{labelled("a")}, Limit: policy.Limit{Oldest: 2}, Actions: policy.Actions{Labels: []string{"b"}},
	})
	acted := 0
	for range 4 {
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"a"}})
		r.edit("omar", ref, sandbox.Change{Title: new("other")})
		if slices.Contains(r.gitlab.Issue(ref).Labels, "b") {
			acted++
		}
	}
	if acted != 2 {
		t.Errorf("it acted on %d issues, want 2", acted)
	}
}

// Whoever sets a label again and again gets no more than ten comments in ten minutes: then the bot stops, and says so.
func TestPolicyCommentsStop(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, policy.Rule{Name: "hello", When: []policy.Condition{labelled("a")}, Actions: policy.Actions{Own: true, Comment: text("Hello.")}})
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	for range 13 {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"a"}})
		r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"a"}})
	}
	said := 0
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		if strings.Contains(n.Text, "Hello.") {
			said++
		}
	}
	if said != 10 || !strings.Contains(r.note(ref), "ten times in ten minutes") || len(r.dead()) == 0 {
		t.Errorf("%d comments and %d dead letters; the note says %q", said, len(r.dead()), r.note(ref))
	}
}

// A person who deletes a policy's comment has read it: it is not made again in the same spell.
func TestDeletedPolicyCommentStaysDeleted(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, policy.Rule{Name: "hello", When: []policy.Condition{labelled("a")}, Actions: policy.Actions{Own: true, Comment: text("Hello.")}})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"a"}})
	said := r.gitlab.Issue(ref).CommentsBy(botName)
	if len(said) != 1 {
		t.Fatalf("the bot said %+v, want one comment", said)
	}
	r.must(nil, r.gitlab.DeleteNote("mia", ref, said[0].ID))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"b"}})
	if said := r.gitlab.Issue(ref).CommentsBy(botName); len(said) > 0 {
		t.Errorf("the bot said %+v again", said)
	}
	r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"a"}})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"a"}})
	if said := r.gitlab.Issue(ref).CommentsBy(botName); len(said) != 1 {
		t.Errorf("in the next spell the bot said %+v, want one comment", said)
	}
}

// What GitLab does not do of a policy keeps nobody from the rest of it.
func TestRestOfARefusedPolicy(t *testing.T) {
	t.Parallel()
	r := policyRig(t, sandbox.Premium, policy.Rule{Name: "hello", When: []policy.Condition{labelled("a")}, Actions: policy.Actions{
		Assign: []string{"nobody"}, Labels: []string{"seen"}, Own: true, Comment: text("Hello."),
	}})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"a"}})
	r.edit("omar", ref, sandbox.Change{Title: new("other")})
	i := r.gitlab.Issue(ref)
	if said := i.CommentsBy(botName); !slices.Contains(i.Labels, "seen") || len(said) != 1 {
		t.Errorf("labels %v, the bot said %+v; want the label and one comment\n%s", i.Labels, said, calls(r))
	}
	r.calls()
	r.edit("omar", ref, sandbox.Change{Title: new("a third")})
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("it is tried again: %q", writes)
	}
	r.alive()
}
