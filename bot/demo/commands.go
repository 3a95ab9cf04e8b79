package demo

import (
	"context"
	"fmt"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// secret is a word of the internal comment that must not get into anything public.
const secret = "ACME"

// commands are the second act: people tell the bot in comments what they want of a spike and of the issue that comes out of it.
var commands = []scene{
	{
		who: "omar", does: `opens the spike "How should archive links expire?"`,
		do: func(_ context.Context, s *stage) error {
			return s.openIssue("omar", sandbox.IssueOptions{
				Title: "How should archive links expire?", Labels: []string{"spike", "security", "type::feature", "severity::2", "priority::2", "workflow::in dev"},
			})
		},
		until: func(v view) bool {
			return v.hasWeight(2) && v.Has("backend") && strings.Contains(v.note, "An assignee")
		},
	},
	withDetails("`dev-needs-assignee`", commentStep("omar", "/flow ignore dev-needs-assignee all of us look into it", func(v view) bool {
		return v.isDone() && strings.Contains(v.note, "all of us look into it") && !strings.Contains(v.note, "- [ ]")
	})),
	commentStep("omar", "/flow spike done Let archive links expire after a day", func(v view) bool {
		return v.State == "closed" && len(v.Links) == 1 && v.hasReaction(triage.DoneEmoji) && v.hasReply("The follow-up is #3")
	}),
	followUpStep(commentStep("omar", "/flow next", func(v view) bool { return v.isDone() && v.Has("workflow::refinement") })),
	commentStep("omar", "/flow next", func(v view) bool {
		return v.isRefused("`/flow weight 3`") && v.Has("workflow::refinement")
	}),
	commentStep("omar", "/flow wieght 3", func(v view) bool { return v.isRefused("did you mean `/flow weight <n> [why]`") && v.Weight == nil }),
	commentStep("omar", "/flow weight 3", func(v view) bool {
		return v.isDone() && v.hasWeight(4) && strings.Contains(v.note, "3 → 4") && strings.Contains(v.note, "Use `/flow next`")
	}),
	commentStep("ann", "/flow why weight-research", func(v view) bool { return v.hasReaction("") && v.hasReply("3 or less needs no research") }),
	commentStep("mia", "/flow next", func(v view) bool {
		return v.isDone() && v.Has("workflow::needs issue review") && strings.Contains(v.note, "Sign-off")
	}),
	internalCommentStep("pat", "/flow unclear "+secret+" needs a week, is a day enough?", func(v view) bool {
		return v.hasReaction(triage.DoneEmoji) && v.hasReply(secret, "@mia") && v.reply.Internal && strings.Contains(v.note, "**Open question** in an internal comment")
	}),
}

// commentStep lets a person comment with a command.
func commentStep(who, command string, until func(view) bool) scene {
	return scene{who: who, does: "writes " + command, until: until, do: func(_ context.Context, s *stage) error {
		return s.expectAnswer(s.gitlab.Comment(who, s.ref, command))
	}}
}

// internalCommentStep is the same in an internal comment.
func internalCommentStep(who, command string, until func(view) bool) scene {
	return scene{who: who, does: "writes internally " + command, until: until, do: func(_ context.Context, s *stage) error {
		return s.expectAnswer(s.gitlab.CommentInternally(who, s.ref, command))
	}}
}

// withDetails tells also what the bot's own comment says about something in its fold.
func withDetails(about string, scene scene) scene {
	scene.fold = about
	return scene
}

// followUpStep goes to the issue that the bot opened, and then lets the scene be played.
func followUpStep(then scene) scene {
	here := then
	here.does = "goes there and " + then.does
	here.do = func(ctx context.Context, s *stage) error {
		links := s.gitlab.Issue(s.ref).Links
		if len(links) != 1 {
			return fmt.Errorf("the spike should have one linked issue, it has %d", len(links))
		}
		s.continueWith(links[0].Issue)
		return then.do(ctx, s)
	}
	return here
}

// postedCommand is a comment with a command.
type postedCommand struct {
	on   triage.Ref
	note int64
}

// expectAnswer keeps a comment whose answer the scene waits for.
func (s *stage) expectAnswer(note int64, err error) error {
	s.asked = append(s.asked, postedCommand{s.ref, note})
	return err
}

// endCommands looks at all issues once more: each comment has one answer, each issue one note at most, and what is internal stays so.
func (s *stage) endCommands() error {
	for _, a := range s.asked {
		reactions, replies := answers(s.gitlab.Issue(a.on), a.note)
		if len(reactions) > 1 || len(replies) > 1 || len(reactions)+len(replies) == 0 {
			return fmt.Errorf("comment %d should be answered once, it has the reactions %v and %d replies", a.note, reactions, len(replies))
		}
	}
	for _, issue := range s.gitlab.Issues(s.project) {
		if n := len(ownNotes(issue)); n > 1 {
			return fmt.Errorf("the bot should have one comment of its own on issue %s, it has %d", issue.Ref, n)
		}
		for _, n := range issue.CommentsBy(botName) {
			if !n.Internal && strings.Contains(n.Text, secret) {
				return fmt.Errorf("what was said internally is public on issue %s", issue.Ref)
			}
		}
	}
	fmt.Fprintf(s.out, "\n%d comments with commands: each answered once, and still no more than one comment of the bot's own on an issue.\n", len(s.asked))
	return nil
}
