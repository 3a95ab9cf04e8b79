package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/triage"
)

// scene is one thing a person does and how the bot should have answered.
type scene struct {
	who, does string
	do        func(*stage) error
	until     func(view) bool
	why       string // the rule whose reason is told, where the bot does nothing
}

// view is what can be seen of the issue after a scene.
type view struct {
	sandbox.Issue
	note    string
	handled []worker.Record // newest first
}

// weighs reports whether the issue has this weight.
func (v view) weighs(n int) bool { return v.Weight != nil && *v.Weight == n }

// story is the demo's plot.
var story = []scene{
	{
		who: "ann", does: `opens "Push rules can be bypassed by a crafted ref"`,
		do: func(s *stage) (err error) {
			s.ref, err = s.gitlab.Open("ann", s.project, sandbox.IssueOptions{Title: "Push rules can be bypassed by a crafted ref"})
			return err
		},
		until: func(v view) bool { return v.Has("workflow::start") && strings.Contains(v.note, "A type label") },
	},
	{
		who: "omar", does: "sets weight 5",
		do:    func(s *stage) error { return s.gitlab.Edit("omar", s.ref, sandbox.Change{Weight: triage.Int(5)}) },
		until: func(v view) bool { return v.Has("needs research") && strings.Contains(v.note, "A smaller issue") },
	},
	{
		who: "ann", does: "adds ~security",
		do: func(s *stage) error {
			return s.gitlab.Edit("ann", s.ref, sandbox.Change{AddLabels: []string{"security"}})
		},
		until: func(v view) bool {
			return v.weighs(5) && slices.ContainsFunc(v.handled, func(r worker.Record) bool {
				return reason(r, "security-weight") != "" && len(r.Events) == 1 && strings.HasSuffix(r.Events[0], "labels changed")
			})
		},
		why: "security-weight",
	},
	{
		who: "pat", does: `moves it to ~"workflow::ready for development"`,
		do: func(s *stage) error {
			return s.gitlab.Edit("pat", s.ref, sandbox.Change{AddLabels: []string{"workflow::ready for development"}})
		},
		until: func(v view) bool { return strings.Contains(v.note, "A weight of 4 or less") },
	},
	{
		who: "omar", does: "splits it and sets weight 2",
		do: func(s *stage) error { return s.gitlab.Edit("omar", s.ref, sandbox.Change{Weight: triage.Int(2)}) },
		until: func(v view) bool {
			return v.weighs(3) && !v.Has("needs research") && strings.Contains(v.note, "2 → 3")
		},
	},
	{
		who: "ann", does: "adds ~type::bug, ~severity::1 and ~priority::1",
		do: func(s *stage) error {
			return s.gitlab.Edit("ann", s.ref, sandbox.Change{AddLabels: []string{"type::bug", "severity::1", "priority::1"}})
		},
		until: func(v view) bool { return strings.Contains(v.note, "All set") && v.weighs(3) },
	},
}

// tell plays the story.
func (s *stage) tell(ctx context.Context) error {
	for n, scene := range story {
		fmt.Fprintf(s.out, "\n%-5s %s\n", scene.who, scene.does)
		if err := scene.do(s); err != nil {
			return fmt.Errorf("scene %d, %s %s: %w", n+1, scene.who, scene.does, err)
		}
		v, err := s.await(ctx, scene.until)
		s.narrate(v, scene)
		if err != nil {
			return fmt.Errorf("scene %d, %s %s: the bot did not answer as expected: %w", n+1, scene.who, scene.does, err)
		}
	}
	comments := len(s.gitlab.Issue(s.ref).CommentsBy(botName))
	if comments != 1 {
		return fmt.Errorf("the bot should have one comment on the issue, it has %d", comments)
	}
	fmt.Fprintf(s.out, "\n%d changes by people: one comment by the bot, edited in place, and %d writes to GitLab in all.\n", len(story), len(s.gitlab.Writes()))
	return nil
}

const botName = "flowkeeper-bot"

// await looks at the issue until the condition holds.
func (s *stage) await(ctx context.Context, until func(view) bool) (view, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.patience, fmt.Errorf("it did not happen within %s", s.patience))
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		v, err := s.look(ctx)
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

// look gathers what can be seen: GitLab's side, and the bot's own record of what it decided.
func (s *stage) look(ctx context.Context) (view, error) {
	v := view{Issue: s.gitlab.Issue(s.ref)}
	for _, n := range v.CommentsBy(botName) {
		v.note = n.Text
	}
	records, err := s.app.Inbox().Records(ctx, s.ref, 3)
	for _, r := range records {
		var record worker.Record
		if json.Unmarshal(r.Body, &record) == nil {
			v.handled = append(v.handled, record)
		}
	}
	return v, err
}

// reason is what a rule said in a decision.
func reason(r worker.Record, rule string) string {
	for _, f := range r.Findings {
		if f.Rule == rule {
			return f.Reason
		}
	}
	return ""
}

// told is how much of the issue was narrated.
type told struct {
	labels, weights int
	note            string
}

// narrate prints what the bot did since the scene before.
func (s *stage) narrate(v view, scene scene) {
	say := func(format string, args ...any) { fmt.Fprintf(s.out, "      "+format+"\n", args...) }
	var added, removed []string
	for _, e := range v.LabelEvents[s.told.labels:] {
		switch {
		case e.User != botName:
		case e.Added:
			added = append(added, triage.Quoted(e.Label))
		default:
			removed = append(removed, triage.Quoted(e.Label))
		}
	}
	if len(added) > 0 {
		say("the bot adds %s", strings.Join(added, " "))
	}
	if len(removed) > 0 {
		say("the bot removes %s", strings.Join(removed, " "))
	}
	for _, e := range v.WeightEvents[s.told.weights:] {
		if e.User == botName && e.Weight != nil {
			say("the bot sets weight %d", *e.Weight)
		}
	}
	if scene.why != "" && len(v.handled) > 0 {
		say("the bot leaves it, because %s (%s)", reason(v.handled[0], scene.why), scene.why)
	}
	if v.note != s.told.note {
		verb := "edits its comment"
		if s.told.note == "" {
			verb = "comments"
		}
		say("the bot %s:", verb)
		for line := range strings.Lines(visible(v.note)) {
			say("%s", strings.TrimRight("  | "+line, " \n"))
		}
	}
	s.told = told{labels: len(v.LabelEvents), weights: len(v.WeightEvents), note: v.note}
}

// visible is the part of a note that stands above its fold.
func visible(note string) string {
	for _, end := range []string{"<details>", "<!--"} {
		note, _, _ = strings.Cut(note, end)
	}
	return strings.TrimSpace(note)
}
