package demo

import (
	"context"
	"fmt"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// scene is one thing a person does and how the bot should have answered.
type scene struct {
	who, does string
	do        func(context.Context, *stage) error
	until     func(view) bool
	why       string // the rule whose reason is told, where the bot does nothing
	fold      string // what is told from the fold of the bot's own comment
}

// act is a part of the story with an ending of its own.
type act struct {
	title  string
	scenes []scene
	ending func(*stage) error // says how it ended, or what is wrong with that
}

// story is the demo's plot.
var story = []act{
	{scenes: changes, ending: (*stage).endChanges},
	{title: "Second act: commands in comments", scenes: commands, ending: (*stage).endCommands},
	{title: "Third act: merge requests", scenes: merging, ending: (*stage).endMerging},
	{title: "Fourth act: Monday morning", scenes: monday, ending: (*stage).endMonday},
}

const botName = "flowkeeper-bot"

// playActs plays a story.
func (s *stage) playActs(ctx context.Context, story []act) error {
	number := 0
	for _, act := range story {
		if act.title != "" {
			fmt.Fprintf(s.out, "\n== %s ==\n", act.title)
		}
		for _, scene := range act.scenes {
			number++
			if err := s.play(ctx, scene); err != nil {
				return fmt.Errorf("scene %d, %s %s: %w", number, scene.who, scene.does, err)
			}
		}
		if err := act.ending(s); err != nil {
			return err
		}
	}
	return nil
}

// play lets a person do something and tells what the bot makes of it.
func (s *stage) play(ctx context.Context, scene scene) error {
	fmt.Fprintf(s.out, "\n%-5s %s\n", scene.who, scene.does)
	if err := scene.do(ctx, s); err != nil {
		return err
	}
	v, err := s.awaitView(ctx, scene.until)
	s.narrate(v, scene)
	if err != nil {
		return fmt.Errorf("the bot did not answer as expected: %w", err)
	}
	return nil
}

// openIssue lets a person open the issue on which the story goes on.
func (s *stage) openIssue(who string, o sandbox.IssueOptions) error {
	ref, err := s.gitlab.Open(who, s.project, o)
	s.continueWith(ref)
	return err
}

// continueWith goes on with another issue, as it is now.
func (s *stage) continueWith(ref triage.Ref) {
	s.ref = ref
	s.told = s.narratedUpTo(view{Issue: s.gitlab.Issue(ref)})
}
