package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/note"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// view is what can be seen of the issue after a scene.
type view struct {
	sandbox.Issue
	note      string            // the bot's own comment
	handled   []record.Decision // newest first
	reactions []string          // the bot's, to the comment that the scene was about
	reply     sandbox.Note      // the bot's answer in its thread, zero if there is none
}

// hasWeight reports whether the issue has this weight.
func (v view) hasWeight(n int) bool { return v.Weight != nil && *v.Weight == n }

// hasReaction reports whether this is the bot's only reaction to the comment; "" is none.
func (v view) hasReaction(emoji string) bool { return strings.Join(v.reactions, " ") == emoji }

// hasReply reports whether the bot's answer has all these words.
func (v view) hasReply(words ...string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(v.reply.Text, w) })
}

// isDone reports whether the command was carried out without a word.
func (v view) isDone() bool { return v.hasReaction(triage.DoneEmoji) && v.reply.ID == 0 }

// isRefused reports whether the command was refused in these words.
func (v view) isRefused(words ...string) bool {
	return v.hasReaction(triage.RefusedEmoji) && v.hasReply(words...)
}

// awaitView looks at the issue until the condition holds.
func (s *stage) awaitView(ctx context.Context, until func(view) bool) (view, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.patience, fmt.Errorf("it did not happen within %s", s.patience))
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		v, err := s.observe(ctx)
		if err == nil && until(v) {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return v, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// observe gathers what can be seen: GitLab's side, and the bot's own record of what it decided.
func (s *stage) observe(ctx context.Context) (view, error) {
	v := view{Issue: s.gitlab.Issue(s.ref)}
	for _, n := range ownNotes(v.Issue) {
		v.note = n.Text
	}
	if len(s.asked) > 0 {
		var replies []sandbox.Note
		v.reactions, replies = answers(v.Issue, s.asked[len(s.asked)-1].note)
		for _, n := range replies {
			v.reply = n
		}
	}
	records, err := s.app.Inbox().Records(ctx, s.ref, 3)
	for _, r := range records {
		if d, err := record.DecodeDecision(r.Body); err == nil {
			v.handled = append(v.handled, d)
		}
	}
	return v, err
}

// ownNotes are the bot's comments that answer nobody.
func ownNotes(i sandbox.Issue) []sandbox.Note {
	return slices.DeleteFunc(i.CommentsBy(botName), func(n sandbox.Note) bool {
		_, _, answer := note.ParseReply(n.Text, i.Ref)
		return answer
	})
}

// answers are the bot's reactions and replies to a comment.
func answers(i sandbox.Issue, comment int64) (reactions []string, replies []sandbox.Note) {
	for _, n := range i.Comments() {
		if n.ID == comment {
			for _, a := range n.Awards {
				reactions = append(reactions, a.Name)
			}
		}
		if to, _, answer := note.ParseReply(n.Text, i.Ref); answer && to == comment {
			replies = append(replies, n)
		}
	}
	return reactions, replies
}

// reason is what a rule said in a decision.
func reason(d record.Decision, rule string) string {
	for _, f := range d.Findings {
		if f.Rule == rule {
			return f.Reason
		}
	}
	return ""
}
