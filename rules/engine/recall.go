package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// Recall makes those rules quiet again that the comments, in order, once made so: the only thing that a lost store forgets and neither the
// note, if there is none, nor GitLab's events tell. The comments are ones that the bot has acknowledged.
func Recall(p Policy, comments []Comment, issue triage.Issue, m triage.Memory, now time.Time) triage.Memory {
	m = m.Clone()
	in := triage.NewInput(p.Team, nil, issue, &m, now)
	for _, c := range comments {
		for _, line := range c.Lines {
			cmd, args, _ := triage.FindCommand(p.Commands, line.Text)
			if cmd == nil || !cmd.Silence {
				continue
			}
			call := triage.Call{By: c.Event.Actor, Args: args, At: c.Event.At, Note: c.Event.Note.ID, Internal: c.Event.Note.Internal, Commands: p.Commands, Rules: ids(p)}
			for _, change := range cmd.Run(in, call).Changes {
				change.Make(&m, call)
			}
		}
	}
	return m
}

// Silences reports whether a line makes a rule quiet, or lets it speak again.
func Silences(p Policy, line string) bool {
	cmd, _, _ := triage.FindCommand(p.Commands, line)
	return cmd != nil && cmd.Silence
}
