package engine

import (
	"time"

	"flowkeeper/rules/triage"
)

// RestoreSilences silences the rules again that commands in these comments once silenced, in order. Silences are the only thing that a lost
// store forgets and that neither a note, if there is none, nor GitLab's events hold. The comments are ones that the bot has answered.
func RestoreSilences(p Policy, comments []Comment, issue triage.Issue, m triage.Memory, now time.Time) triage.Memory {
	m = m.Clone()
	in := triage.NewInput(p.Team, nil, issue, &m, now)
	for _, c := range comments {
		for _, line := range c.Lines {
			h, _ := parseLine(p, line)
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
