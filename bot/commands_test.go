package bot_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// say writes a comment as a person, waits until the bot is done with it and gives the comment's id.
func (r *rig) say(who string, ref triage.Ref, text string) int64 {
	r.Helper()
	r.lags()
	id, err := r.gitlab.Comment(who, ref, text)
	r.must(nil, err)
	r.settle()
	return id
}

// answer is how the bot answered a comment: its reactions, and its replies in the thread.
func (r *rig) answer(ref triage.Ref, id int64) (reactions []string, replies []sandbox.Note) {
	r.Helper()
	thread := ""
	for _, n := range r.gitlab.Issue(ref).Comments() {
		if n.ID == id {
			thread = n.Discussion
			for _, a := range n.Awards {
				if a.User == botName {
					reactions = append(reactions, a.Name)
				}
			}
		}
	}
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		if n.Discussion == thread {
			replies = append(replies, n)
		}
	}
	return reactions, replies
}

// done wants a comment to be answered with a check mark alone.
func (r *rig) done(ref triage.Ref, id int64) {
	r.Helper()
	if reactions, replies := r.answer(ref, id); !slices.Equal(reactions, []string{triage.DoneEmoji}) || len(replies) > 0 {
		r.Errorf("reactions %v, replies %v; want one check mark", reactions, replies)
	}
}

// refused wants a comment to be answered with an x and one reply that holds the words.
func (r *rig) refused(ref triage.Ref, id int64, words ...string) {
	r.Helper()
	reactions, replies := r.answer(ref, id)
	if !slices.Equal(reactions, []string{triage.RefusedEmoji}) || len(replies) != 1 {
		r.Fatalf("reactions %v, replies %v; want an x and a reply", reactions, replies)
	}
	for _, w := range words {
		if !strings.Contains(replies[0].Text, w) {
			r.Errorf("the reply lacks %q:\n%s", w, replies[0].Text)
		}
	}
}

// planned is an issue that the rules want nothing of.
var planned = sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::start", "backend"}}

// spike is one that can be closed with a follow-up.
var spike = sandbox.IssueOptions{
	Title: "what is slow", Labels: []string{"spike", "type::maintenance", "workflow::in dev", "backend"}, Weight: triage.Int(2), Assignees: []string{"omar"},
}

func TestCommandIsDoneAndAcknowledged(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Settle = time.Hour })
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.done(ref, r.say("omar", ref, "/flow to planning breakdown\r\n/Flow  weight 2.")) // does not wait for the burst to settle
	if i := r.gitlab.Issue(ref); !i.Has("workflow::planning breakdown") || *i.Weight != 2 {
		t.Errorf("labels %v, weight %v", i.Labels, i.Weight)
	}
	if puts := strings.Count(strings.Join(r.gitlab.Writes(), "\n"), "PUT issue"); puts != 1 {
		t.Errorf("%d updates, want one for the commands and the rules:\n%s", puts, strings.Join(r.gitlab.Writes(), "\n"))
	}
}

func TestCommandByNameAndTalk(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "@"+botName+" to ~\"workflow::refinement\""))
	for _, talk := range []string{"@" + botName + " thank you, that was kind", "> /flow to design", "`/flow to design`", "see /flow to design"} {
		if reactions, replies := r.answer(ref, r.say("omar", ref, talk)); len(reactions)+len(replies) > 0 {
			t.Errorf("%q was answered: %v %v", talk, reactions, replies)
		}
	}
	if !r.gitlab.Issue(ref).Has("workflow::refinement") {
		t.Error(r.gitlab.Issue(ref).Labels)
	}
}

func TestCommandRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.must(r.gitlab.AddUser("gus", "gus", sandbox.Guest))
	ref := r.open(planned)
	r.refused(ref, r.say("omar", ref, "/flow to in deev"), "in deev", "`/flow to in dev`")
	r.refused(ref, r.say("omar", ref, "/flow wieght 3"), "`/flow weight <n> [why]`")
	r.refused(ref, r.say("gus", ref, "/flow to in dev"), "Planner or Reporter")
	id := r.say("omar", ref, "/flow to nowhere\n\n/flow to design")
	r.refused(ref, id, "/flow to nowhere")
	if !r.gitlab.Issue(ref).Has("workflow::design") {
		t.Errorf("the line that was right was not carried out: %v", r.gitlab.Issue(ref).Labels)
	}
}

func TestEditedCommentRunsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	id := r.say("omar", ref, "hello")
	r.must(nil, r.gitlab.EditNote("omar", ref, id, "/flow to in dev"))
	r.settle()
	if reactions, replies := r.answer(ref, id); len(reactions)+len(replies) > 0 || !r.gitlab.Issue(ref).Has("workflow::start") {
		t.Errorf("%v %v, labels %v", reactions, replies, r.gitlab.Issue(ref).Labels)
	}
}

func TestHelpAndWhyReply(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	reactions, replies := r.answer(ref, r.say("ann", ref, "/flow"))
	if len(reactions) > 0 || len(replies) != 1 || !strings.Contains(replies[0].Text, "`/flow triage minor`") || strings.Contains(replies[0].Text, "`/flow agree`") {
		t.Errorf("help: %v %v", reactions, replies)
	}
	_, replies = r.answer(ref, r.say("ann", ref, "/flow why"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "`needs-type`") || !strings.Contains(replies[0].Text, "<details>") {
		t.Errorf("why: %v", replies)
	}
	_, replies = r.answer(ref, r.say("ann", ref, "/flow why needs-type"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "opened") {
		t.Errorf("why needs-type: %v", replies)
	}
	before := len(r.gitlab.Writes())
	r.say("ann", ref, "/flow why")
	if writes := r.gitlab.Writes()[before:]; len(writes) != 1 {
		t.Errorf("an answer takes one write, got %q", writes)
	}
}

// TestWhoLooks: reactions to the issue and to the bot's note are listed, without a mention of anybody.
func TestWhoLooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t"})
	r.must(nil, r.gitlab.React("mia", ref, 0, "eyes"))
	r.must(nil, r.gitlab.React("omar", ref, r.noteID(ref), "thinking"))
	r.must(nil, r.gitlab.React("ann", ref, 0, "tada"))
	reactions, replies := r.answer(ref, r.say("ann", ref, "/flow who"))
	if len(reactions) > 0 || len(replies) != 1 {
		t.Fatalf("reactions %v, replies %v", reactions, replies)
	}
	for _, row := range []string{"- 👀 looking: mia\n", "- 🤔 thinking: omar\n"} {
		if !strings.Contains(replies[0].Text, row) {
			t.Errorf("the reply lacks %q:\n%s", row, replies[0].Text)
		}
	}
	if text := replies[0].Text; strings.Contains(text, "ann") || strings.Contains(text, "@") {
		t.Errorf("the reply names somebody who said nothing, or mentions people:\n%s", text)
	}
}

func TestInternalCommentGetsInternalReply(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	id, err := r.gitlab.CommentInternally("omar", ref, "/flow unclear the customer ACME wants two things")
	r.must(nil, err)
	r.settle()
	_, replies := r.answer(ref, id)
	if len(replies) != 1 || !replies[0].Internal || !strings.Contains(replies[0].Text, "ACME") || !strings.Contains(replies[0].Text, "@mia") {
		t.Errorf("the reply: %+v", replies)
	}
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		if !n.Internal && strings.Contains(n.Text, "ACME") {
			t.Errorf("what was said internally is public:\n%s", n.Text)
		}
	}
	if note := r.note(ref); !strings.Contains(note, "Open question") {
		t.Errorf("the note does not say that a question is open:\n%s", note)
	}
}

// TestCommandRunsOnce: next is relative to the state it finds, a second run would show.
func TestCommandRunsOnce(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	ref := r.open(planned)
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Note Hook", Do: sandbox.Double})
	id := r.say("omar", ref, "/flow next")
	r.done(ref, id)
	redis.Flush()
	r.again(id)
	if !r.gitlab.Issue(ref).Has("workflow::validation backlog") {
		t.Errorf("labels %v, want one step", r.gitlab.Issue(ref).Labels)
	}
	r.done(ref, id)
}

// TestCommandRightAfterTheBot: what the bot did in the second of the comment, but before it, is no sign that the command has run. Webhooks
// tell the comment's second only.
func TestCommandRightAfterTheBot(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"known from birth": false, "store lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, redis := newRedisRig(t, nil)
			for range 3 {
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance"}})
				if lost {
					redis.Flush()
				}
				r.done(ref, r.say("omar", ref, "/flow next"))
				if !r.gitlab.Issue(ref).Has("workflow::validation backlog") {
					t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
				}
			}
		})
	}
}

// again delivers a comment's webhook once more, as GitLab's resending does.
func (r *rig) again(note int64) {
	r.Helper()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Note == note && d.Action == "create" })
}

// redeliver delivers the first of these webhooks once more.
func (r *rig) redeliver(which func(sandbox.Delivery) bool) {
	r.Helper()
	for _, d := range r.gitlab.Deliveries() {
		if !which(d) {
			continue
		}
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, d.URL, strings.NewReader(string(d.Body)))
		r.must(nil, err)
		req.Header = d.Header.Clone()
		resp, err := http.DefaultClient.Do(req)
		r.must(nil, err)
		r.must(nil, resp.Body.Close())
		if resp.StatusCode != http.StatusAccepted {
			r.Fatal(resp.Status)
		}
		r.settle()
		return
	}
	r.Fatal("there was no such webhook")
}

// redeliverAll sends all webhooks again, in their order.
func (r *rig) redeliverAll() {
	r.Helper()
	for _, d := range r.gitlab.Deliveries() {
		r.redeliver(func(other sandbox.Delivery) bool { return other.ID == d.ID })
	}
}

// TestFollowUpWithoutAnAnswer: the bot ends between closing the spike and its answer, and the store is lost: the answer is made up for.
func TestFollowUpWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, func(o *bot.Options) { o.Drain = 50 * time.Millisecond })
	ref := r.open(spike)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST reply", Wait: hold, CutBefore: true})
	id, err := r.gitlab.Comment("omar", ref, "/flow back\n\n/flow spike done weight=3 Make it fast")
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).State == "closed" }))
	r.must(nil, r.app.Stop())
	redis.Flush()
	close(hold)
	r.start()
	r.again(id)
	r.once(ref, id)
}

// once wants "/flow back" and "/flow spike done" from workflow::in dev to have run exactly once.
func (r *rig) once(ref triage.Ref, id int64) {
	r.Helper()
	reactions, replies := r.answer(ref, id)
	if !slices.Equal(reactions, []string{triage.DoneEmoji}) || len(replies) != 1 {
		r.Errorf("reactions %v, %d replies", reactions, len(replies))
	}
	i := r.gitlab.Issue(ref)
	if !i.Has("workflow::ready for development") || i.State != "closed" || len(i.Links) != 1 {
		r.Errorf("labels %v, %s, links %v", i.Labels, i.State, i.Links)
	}
	all := r.gitlab.Issues(r.project)
	if len(all) != 2 {
		r.Fatalf("%d issues, want the spike and its follow-up", len(all))
	}
	if f := all[1]; f.Title != "Make it fast" || *f.Weight != 3 || f.Has("spike") || !f.Has("workflow::planning breakdown") {
		r.Errorf("the follow-up: %+v", f)
	}
}

func TestCommandLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	for range 12 {
		r.say("omar", ref, strings.Repeat("/flow recheck\n", 5))
	}
	r.refused(ref, r.say("omar", ref, "/flow to in dev"), "60 commands", "minutes")
	reactions, replies := r.answer(ref, r.say("omar", ref, "/flow to in dev"))
	if !slices.Equal(reactions, []string{triage.RefusedEmoji}) || len(replies) > 0 {
		t.Errorf("once told, a reaction is enough: %v %v", reactions, replies)
	}
	r.done(ref, r.say("mia", ref, "/flow to design"))
}

func TestIgnoredRuleIsQuietAndSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"workflow::ready for development"}})
	if !strings.Contains(r.note(ref), "A type label") {
		t.Fatal(r.note(ref))
	}
	r.done(ref, r.say("omar", ref, "/flow ignore needs-type we never type these\n/flow ignore ready-needs not here"))
	if note := r.note(ref); strings.Contains(note, "- [ ]") || !strings.Contains(note, "we never type these") {
		t.Errorf("the note:\n%s", note)
	}
	r.done(ref, r.say("omar", ref, "/flow resume all"))
	if !strings.Contains(r.note(ref), "A type label") {
		t.Errorf("the note:\n%s", r.note(ref))
	}
}

// TestIgnoredRuleStaysQuietWithoutAStore: on an issue without a note, only the comment tells that a rule is ignored.
func TestIgnoredRuleStaysQuietWithoutAStore(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "/flow ignore review-needs-weight we do not\n/flow ignore issue-review we do not"))
	redis.Flush()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::needs issue review"}})
	if note := r.note(ref); note != "" {
		t.Errorf("the ignored rules speak:\n%s", note)
	}
}

func TestHostileArguments(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	evil := "@all /close <img src=x onerror=alert(1)> ~UX #1 %v1 `x` <!-- flowkeeper:v1 {} --> </details>"
	r.say("omar", ref, "/flow to "+evil)
	r.say("omar", ref, "/flow "+evil)
	r.say("omar", ref, "/flow unclear "+evil)
	r.say("omar", ref, "/flow unclear "+strings.Repeat("x", 100_000))
	if i := r.gitlab.Issue(ref); i.State != "opened" || i.Has("UX") {
		t.Errorf("%s, labels %v", i.State, i.Labels)
	}
	for _, n := range r.gitlab.Notifications() {
		if n.By == botName && n.User != "mia" {
			t.Errorf("%s was notified", n.User)
		}
	}
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		if len(n.Text) > 30_000 {
			t.Errorf("a comment of %d bytes", len(n.Text))
		}
	}
}

// TestRecordTellsWhatCommandsChanged: that a command set the weight is why a rule looked at it, and /flow why says so.
func TestRecordTellsWhatCommandsChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.done(ref, r.say("omar", ref, "/flow weight 5"))
	_, replies := r.answer(ref, r.say("omar", ref, "/flow why weight-research"))
	if len(replies) != 1 || !strings.Contains(replies[0].Text, "weight changed): the weight is 5") {
		t.Errorf("omar is told %v", replies)
	}
}
