package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// changes are the first act: people change an issue, and the bot keeps it in order.
var changes = []scene{
	{
		who: "ann", does: `opens "Push rules can be bypassed by a crafted ref"`,
		do: func(_ context.Context, s *stage) error {
			return s.openIssue("ann", sandbox.IssueOptions{Title: "Push rules can be bypassed by a crafted ref"})
		},
		until: func(v view) bool { return v.Has("workflow::start") && strings.Contains(v.note, "A type label") },
	},
	{
		who: "omar", does: "sets weight 5",
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("omar", s.ref, sandbox.Change{Weight: triage.Int(5)})
		},
		until: func(v view) bool { return v.Has("needs research") && strings.Contains(v.note, "A smaller issue") },
	},
	{
		who: "ann", does: "adds ~security",
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("ann", s.ref, sandbox.Change{AddLabels: []string{"security"}})
		},
		until: func(v view) bool {
			return v.hasWeight(5) && slices.ContainsFunc(v.handled, func(d record.Decision) bool {
				return reason(d, "security-weight") != "" && len(d.Events) == 1 && strings.HasSuffix(d.Events[0], "labels changed")
			})
		},
		why: "security-weight",
	},
	{
		who: "pat", does: `moves it to ~"workflow::ready for development"`,
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("pat", s.ref, sandbox.Change{AddLabels: []string{"workflow::ready for development"}})
		},
		until: func(v view) bool { return strings.Contains(v.note, "A weight of 4 or less") },
	},
	{
		who: "omar", does: "splits it and sets weight 2",
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("omar", s.ref, sandbox.Change{Weight: triage.Int(2)})
		},
		until: func(v view) bool {
			return v.hasWeight(3) && !v.Has("needs research") && strings.Contains(v.note, "2 → 3")
		},
	},
	{
		who: "ann", does: "adds ~type::bug, ~severity::1 and ~priority::1",
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("ann", s.ref, sandbox.Change{AddLabels: []string{"type::bug", "severity::1", "priority::1"}})
		},
		until: func(v view) bool { return strings.Contains(v.note, "- [ ] **An assignee") && v.hasWeight(3) },
	},
	{
		who: "mia", does: "assigns omar",
		do: func(_ context.Context, s *stage) error {
			return s.gitlab.Edit("mia", s.ref, sandbox.Change{Assignees: &[]string{"omar"}})
		},
		until: func(v view) bool { return strings.Contains(v.note, "All set") },
	},
}

// endChanges counts what the bot wrote.
func (s *stage) endChanges() error {
	comments := len(s.gitlab.Issue(s.ref).CommentsBy(botName))
	if comments != 1 {
		return fmt.Errorf("the bot should have one comment on the issue, it has %d", comments)
	}
	fmt.Fprintf(s.out, "\n%d changes by people: one comment by the bot, edited in place, and %d writes to GitLab in all.\n", len(changes), len(s.gitlab.Writes()))
	return nil
}
