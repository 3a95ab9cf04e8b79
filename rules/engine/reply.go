package engine

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// replies gathers what the lines of one comment are answered.
type replies struct {
	refused bool
	whole   triage.Reply
	said    bool
}

// add takes in the answer to one line. Among several lines each refusal names its own.
func (r *replies) add(line Line, out triage.Outcome, several bool, team *triage.Team) {
	if out.Explain != nil {
		r.said = true
	}
	r.refused = r.refused || out.Refused
	if out.Reply == nil {
		return
	}
	r.said = true
	text := slices.Clone(out.Reply.Text)
	if out.Refused {
		begin := triage.Say("Not done: ")
		if several {
			begin = triage.Say("Not done, ").Quote("/" + team.CommandPrefix() + " " + line.Text).Say(": ")
		}
		text[0] = append(begin, text[0]...)
		if last := text[0][len(text[0])-1]; !strings.HasSuffix(last.Trusted, "?") {
			text[0] = text[0].Say(".")
		}
	}
	r.whole.Text = append(r.whole.Text, text...)
	r.whole.Rows = append(r.whole.Rows, out.Reply.Rows...)
	r.whole.DetailsRows = append(r.whole.DetailsRows, out.Reply.DetailsRows...)
	if r.whole.DetailsTitle == "" {
		r.whole.DetailsTitle = out.Reply.DetailsTitle
	}
	for _, role := range out.Reply.Asks {
		if !slices.Contains(r.whole.Asks, role) {
			r.whole.Asks = append(r.whole.Asks, role)
		}
	}
}

// reply is the one answer to the comment, nil for none.
func (r *replies) reply() *triage.Reply {
	if !r.said {
		return nil
	}
	return &r.whole
}
