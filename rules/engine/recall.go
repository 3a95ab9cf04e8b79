package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// Recall makes those rules quiet again that the comments, in order, once made so: the only thing that a lost store forgets and neither the
// note, if there is none, nor GitLab's events tell. The comments are ones that the bot has answered.
func Recall(p Policy, comments []Comment, issue triage.Issue, m triage.Memory, now time.Time) triage.Memory {
	m = m.Clone()
	in := triage.NewInput(p.Team, nil, issue, &m, now)
	for _, c := range comments {
		for _, line := range c.Lines {
			h, _ := hear(p, line)
			if h.command == nil || !h.command.OnlySilences {
				continue
			}
			call := p.call(c, h.args)
			if !h.command.Who.Allows(in, call.By, c.Level) {
				continue // that was the answer, too
			}
			for _, change := range h.command.Run(in, call).Changes {
				change.Apply(&m, call)
			}
		}
	}
	return m
}
