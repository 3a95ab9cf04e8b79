package bot_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// whatPeopleWrote marks every text of the hostile story.
const whatPeopleWrote = "zqj"

// hostileStory is what people do to a confidential issue, with the secret in every text that they may write: also where the bot answers, refuses,
// asks, opens a follow-up, repeats a title or takes a text for a command.
func (r *rig) hostileStory() triage.Ref {
	r.Helper()
	hidden := r.open(sandbox.IssueOptions{Title: "zqj-other", Confidential: true, Labels: []string{"backend"}})
	ref := r.open(sandbox.IssueOptions{
		Title: "zqj-title\n\x1b[31m{\"level\":\"error\"}", Description: "zqj-description https://zqj.example\n- [ ] zqj-box", Confidential: true,
		Labels: []string{"spike", "security", "type::maintenance", "workflow::in dev", "backend"},
	})
	r.edit("omar", ref, sandbox.Change{Weight: triage.Int(2)})
	title := "zqj-again"
	r.edit("ann", ref, sandbox.Change{Title: &title, RemoveLabels: []string{"security"}})
	r.say("ann", ref, "zqj-comment @omar\x00\x1b[2J")
	r.say("omar", ref, "/flow to zqj-nowhere")
	r.say("omar", ref, "/flow zqj-command zqj-argument")
	r.say("omar", ref, "/flow why zqj-rule")
	r.say("omar", ref, "/flow blocked by #1 zqj-reason")
	r.say("mia", hidden, "LGTM zqj-agreed")
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT ", Status: 500})
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::in review"}})
	r.say("omar", ref, "/flow spike done weight=3 zqj-follow-up")
	return ref
}

// TestLogSaysNothingThatPeopleWrote also holds the log to one line for each handled issue, with the rules, the writes, the calls and the time.
func TestLogSaysNothingThatPeopleWrote(t *testing.T) {
	t.Parallel()
	for _, mode := range []triage.Mode{triage.Act, triage.Remind, triage.Shadow} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				for n := range o.Policy.Settings {
					if s := &o.Policy.Settings[n]; s.Mode != triage.Off {
						s.Mode = min(mode, s.Mode)
					}
				}
			})
			before := len(r.gitlab.Calls())
			ref := r.hostileStory()
			for line := range strings.Lines(r.handled.text()) {
				for _, hidden := range []string{whatPeopleWrote, botToken, secret, signingToken, `\u001b`, "\x1b"} {
					if strings.Contains(line, hidden) {
						t.Errorf("the log shows %q: %s", hidden, line)
					}
				}
			}
			if mode == triage.Act {
				r.checkResultLines(ref, before)
			}
		})
	}
}

// checkResultLines waits until the log's lines tell of all that the bot asked of GitLab after its first calls.
func (r *rig) checkResultLines(ref triage.Ref, before int) {
	r.Helper()
	asked, told, rules := 0, 0, map[string]bool{}
	for _, c := range r.gitlab.Calls()[before:] {
		if c.User == botName {
			asked++
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	defer cancel()
	if err := r.handled.await(ctx, func() bool { told, rules = r.resultLines(ref); return told >= asked }); err != nil || told != asked {
		r.Errorf("GitLab saw %d calls, the lines tell of %d: %v", asked, told, err)
	}
	if !rules["security-needs-severity"] || !rules["spike-weight"] {
		r.Errorf("the lines of the issue name the rules %v", rules)
	}
}

// resultLines are how many calls the lines of handled issues tell of, and which rules those of one issue.
func (r *rig) resultLines(ref triage.Ref) (calls int, rules map[string]bool) {
	r.Helper()
	rules = map[string]bool{}
	for line := range strings.Lines(r.handled.text()) {
		var l struct {
			Msg, Issue string
			Rules      []string
			Did        []string
			Calls      *int
			Took       *float64
		}
		r.must(nil, json.Unmarshal([]byte(line), &l))
		if l.Msg != "issue handled" && l.Msg != "issue not handled" {
			continue
		}
		if l.Took == nil || l.Rules == nil || l.Calls == nil {
			r.Fatalf("a line lacks its rules, calls or time: %s", line)
		}
		calls += *l.Calls
		for _, rule := range l.Rules {
			rules[rule] = rules[rule] || l.Issue == ref.String()
		}
	}
	return calls, rules
}
