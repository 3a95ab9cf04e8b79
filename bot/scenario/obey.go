package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/command"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// obey runs the commands of a comment, looking up what they ask for.
func (s Scenario) obey(policy engine.Policy, event triage.Event, issue triage.Issue, memory *triage.Memory, now time.Time) engine.CommandsResult {
	var comments []engine.Comment
	if event.Note != nil && event.Kind&triage.Noted != 0 {
		c := engine.Comment{Event: event, Level: s.level}
		for _, l := range command.New(policy.Team.CommandPrefix(), "flowkeeper").Read(event.Note.Text) {
			c.Lines = append(c.Lines, engine.Line{Text: l.Text, Mention: l.Mention})
		}
		comments = append(comments, c)
	}
	facts := engine.Facts{FoundIssues: map[string]triage.FoundIssue{}}
	o := engine.RunCommands(policy, comments, []triage.Event{event}, issue, memory, facts, now)
	if o.Needs == 0 && len(o.FindIssues) == 0 {
		return o
	}
	for _, text := range o.FindIssues {
		facts.FoundIssues[text] = s.find(issue, text)
	}
	return engine.RunCommands(policy, comments, []triage.Event{event}, issue, s.load(memory, o.Needs, now), facts, now)
}

// find looks up an issue that a comment names.
func (s Scenario) find(issue triage.Issue, text string) triage.FoundIssue {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
	if err == nil && n == issue.IID {
		return triage.FoundIssue{Ref: issue.Ref}
	}
	for _, other := range s.Issues {
		if err == nil && other == n {
			return triage.FoundIssue{Ref: triage.Ref{Project: issue.Project, IID: n}}
		}
	}
	return triage.FoundIssue{Problem: "there is no such issue that the bot can see"}
}

// explain completes the answers that say what the rules say.
func (s Scenario) explain(policy engine.Policy, o engine.CommandsResult, d engine.Decision, now time.Time) []triage.Reaction {
	answers := o.Intent.Answers
	for _, w := range o.ExplainRequests {
		memory := &d.Memory
		probe, err := engine.DryRun(policy, d.Result, memory, now)
		if err == nil && probe.Needs != 0 {
			probe, err = engine.DryRun(policy, d.Result, s.load(memory, probe.Needs, now), now)
		}
		if err != nil {
			continue
		}
		reply := engine.Explain(policy, probe, w.Rule, nil)
		if already := answers[w.Answer].Reply; already != nil {
			reply.Text = append(already.Text, reply.Text...)
		}
		answers[w.Answer].Reply = &reply
	}
	return answers
}

// formatObeyed writes what the commands came to.
func formatObeyed(o engine.CommandsResult, answers []triage.Reaction) string {
	var b strings.Builder
	for _, r := range o.Results {
		did := "does"
		if r.Refused {
			did = "refuses"
		}
		fmt.Fprintf(&b, "command %s %s: %s\n", r.Command, did, r.Reason)
	}
	for _, a := range o.WantedActions {
		fmt.Fprintf(&b, "  %s\n", a)
	}
	if d := o.Intent.Opens; d != nil {
		fmt.Fprintf(&b, "opens: %s, labels %s", d.Title, strings.Join(d.Labels, ", "))
		if d.Weight != nil {
			fmt.Fprintf(&b, ", weight %d", *d.Weight)
		}
		if d.Confidential {
			b.WriteString(", confidential")
		}
		b.WriteString("\n")
	}
	for _, l := range o.Intent.Links {
		fmt.Fprintf(&b, "links: %s %s\n", l.Kind, l.To)
	}
	for _, a := range answers {
		formatAnswer(&b, a)
	}
	return b.String()
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
		fmt.Fprintf(b, "reply asks %s\n", roles(a.Reply.Asks))
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
