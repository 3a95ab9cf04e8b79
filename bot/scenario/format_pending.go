package scenario

import (
	"fmt"
	"strings"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// formatPending writes what the commands came to.
func formatPending(p engine.Pending) string {
	var b strings.Builder
	for _, r := range p.Results {
		did := "does"
		if r.Refused {
			did = "refuses"
		}
		fmt.Fprintf(&b, "command %s %s: %s\n", r.Command, did, r.Reason)
	}
	for _, a := range p.WantedActions {
		fmt.Fprintf(&b, "  %s\n", a)
	}
	if d := p.Intent.Opens; d != nil {
		fmt.Fprintf(&b, "opens: %s, labels %s", d.Title, strings.Join(d.Labels, ", "))
		if d.Weight != nil {
			fmt.Fprintf(&b, ", weight %d", *d.Weight)
		}
		if d.Milestone != "" {
			fmt.Fprintf(&b, ", milestone %s", d.Milestone)
		}
		if d.Confidential {
			b.WriteString(", confidential")
		}
		b.WriteString("\n")
		if len(d.Asks) > 0 {
			fmt.Fprintf(&b, "asks %s\n", roleList(d.Asks))
		}
		for _, p := range d.Text {
			fmt.Fprintf(&b, "  %s\n", p.Plain())
		}
		for _, iid := range d.Tasks {
			fmt.Fprintf(&b, "  - [ ] #%d\n", iid)
		}
	}
	if p.Intent.Promotes != 0 {
		b.WriteString("promotes the issue to an epic\n")
	}
	for _, e := range p.Intent.Reports {
		fmt.Fprintf(&b, "report: %s\n", editText(e))
	}
	for _, l := range p.Intent.Links {
		fmt.Fprintf(&b, "links: %s %s\n", l.Kind, l.To)
	}
	for _, a := range p.Intent.Answers {
		formatAnswer(&b, a)
	}
	return b.String()
}

// editText is a change of a report.
func editText(e triage.ReportEdit) string {
	switch {
	case e.AwayFrom != "":
		return e.Person + " is away " + e.AwayFrom + ".." + e.AwayTo
	case e.Back != "":
		return e.Person + " is back from " + e.Back
	case e.Takes != nil:
		return e.Person + " would like " + e.Takes.String()
	}
	return "composed afresh"
}

func formatAnswer(b *strings.Builder, a triage.Reaction) {
	if a.Emoji != "" {
		fmt.Fprintf(b, "reaction: %s\n", a.Emoji)
	}
	if a.Reply == nil {
		return
	}
	if a.Internal {
		b.WriteString("internal ")
	}
	if len(a.Reply.Asks) > 0 {
		fmt.Fprintf(b, "reply asks %s\n", roleList(a.Reply.Asks))
	}
	for _, p := range a.Reply.Text {
		fmt.Fprintf(b, "reply: %s\n", p.Plain())
	}
	for _, p := range a.Reply.Rows {
		fmt.Fprintf(b, "reply: - %s\n", p.Plain())
	}
	if a.Reply.DetailsTitle != "" {
		fmt.Fprintf(b, "reply: fold, %s, %d rows\n", a.Reply.DetailsTitle, len(a.Reply.DetailsRows))
	}
}
