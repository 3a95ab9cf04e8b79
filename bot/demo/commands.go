package demo

import (
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
		do: func(s *stage) error {
			return s.open("omar", sandbox.IssueOptions{
				Title: "How should archive links expire?", Labels: []string{"spike", "security", "type::feature", "severity::2", "priority::2", "workflow::in dev"},
			})
		},
		until: func(v view) bool {
			return v.weighs(2) && v.Has("backend") && strings.Contains(v.note, "An assignee")
		},
	},
	folded("`dev-needs-assignee`", says("omar", "/flow ignore dev-needs-assignee all of us look into it", func(v view) bool {
		return v.done() && strings.Contains(v.note, "all of us look into it") && !strings.Contains(v.note, "- [ ]")
	})),
	says("omar", "/flow spike done Let archive links expire after a day", func(v view) bool {
		return v.State == "closed" && len(v.Links) == 1 && v.reacts(triage.DoneEmoji) && v.replies("The follow-up is #3")
	}),
	onFollowUp(says("omar", "/flow next", func(v view) bool { return v.done() && v.Has("workflow::refinement") })),
	says("omar", "/flow next", func(v view) bool {
		return v.refused("`/flow weight 3`") && v.Has("workflow::refinement")
	}),
	says("omar", "/flow wieght 3", func(v view) bool { return v.refused("did you mean `/flow weight <n> [why]`") && v.Weight == nil }),
	says("omar", "/flow weight 3", func(v view) bool {
		return v.done() && v.weighs(4) && strings.Contains(v.note, "3 → 4") && strings.Contains(v.note, "Use `/flow next`")
	}),
	says("ann", "/flow why weight-research", func(v view) bool { return v.reacts("") && v.replies("3 or less needs no research") }),
	says("mia", "/flow next", func(v view) bool {
		return v.done() && v.Has("workflow::needs issue review") && strings.Contains(v.note, "Sign-off")
	}),
	saysInternally("pat", "/flow unclear "+secret+" needs a week, is a day enough?", func(v view) bool {
		return v.reacts(triage.DoneEmoji) && v.replies(secret, "@mia") && v.reply.Internal && strings.Contains(v.note, "**Open question** in an internal comment")
	}),
}

// says lets a person comment with a command.
func says(who, command string, until func(view) bool) scene {
	return scene{who: who, does: "writes " + command, until: until, do: func(s *stage) error {
		return s.ask(s.gitlab.Comment(who, s.ref, command))
	}}
}

// saysInternally is the same in an internal comment.
func saysInternally(who, command string, until func(view) bool) scene {
	return scene{who: who, does: "writes internally " + command, until: until, do: func(s *stage) error {
		return s.ask(s.gitlab.CommentInternally(who, s.ref, command))
	}}
}

// folded tells also what the bot's own comment says about something in its fold.
func folded(about string, scene scene) scene {
	scene.fold = about
	return scene
}

// onFollowUp goes to the issue that the bot opened, and then lets the scene be played.
func onFollowUp(then scene) scene {
	here := then
	here.does = "goes there and " + then.does
	here.do = func(s *stage) error {
		links := s.gitlab.Issue(s.ref).Links
		if len(links) != 1 {
			return fmt.Errorf("the spike should have one linked issue, it has %d", len(links))
		}
		s.enter(links[0].Issue)
		return then.do(s)
	}
	return here
}

// asked is a comment with a command.
type asked struct {
	on   triage.Ref
	note int64
}

// ask keeps a comment whose answer the scene waits for.
func (s *stage) ask(note int64, err error) error {
	s.asked = append(s.asked, asked{s.ref, note})
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
		if n := len(stickies(issue)); n > 1 {
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
