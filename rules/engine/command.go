package engine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// call is one use of a command in a comment, with these arguments.
func (p Policy) call(c Comment, args string) triage.Call {
	call := triage.Call{
		By: c.Event.Actor, Level: c.Level, Args: args, At: c.Event.At, Note: c.Event.Note.ID, Internal: c.Event.Note.Internal,
		Commands: p.Commands, Rules: make([]string, len(p.Settings)), Options: make(map[string]triage.Options, len(p.Settings)),
	}
	for n, s := range p.Settings {
		call.Rules[n], call.Options[s.ID] = s.ID, s.Options
	}
	return call
}

// run checks whether the command may be run, and runs it.
func (r *commandRun) run(c Comment, line Line, h parsedLine, call triage.Call) triage.Outcome {
	if h.command == nil {
		return unknown(r.policy, h)
	}
	in, cmd, team := r.input([]triage.Event{c.Event}), h.command, r.policy.Team
	switch {
	case line.LimitAnnounced:
		return triage.Outcome{Reason: "too many commands", Refused: true}
	case line.RetryIn > 0:
		return triage.Refuse(triage.Say("this was more than " + strconv.Itoa(CommandLimit) + " commands in an hour; try again in " + roughly(line.RetryIn)))
	case c.MaybeEdited && !cmd.Answers:
		return triage.Refuse(triage.Say("the comment may have been changed since it was written, before the bot could read it; write it again if it still holds"))
	case !cmd.Who.Allows(in, call.By, call.Level):
		return triage.Refuse(triage.Say(team.CommandCode(cmd.Name) + " " + cmd.Who.Requirement()))
	case team.Lacks(cmd.Uses) != "":
		return triage.Refuse(triage.Say(team.Lacks(cmd.Uses) + ", so there is nothing for " + team.CommandCode(cmd.Name) + " to set"))
	case r.issue.Closed && !cmd.Closed:
		return triage.Refuse(triage.Say("the issue is closed; reopen it first"))
	}
	if r.facts.Report != nil {
		facts := r.facts.Report.FactsFor(call.By.Username)
		call.Report = &facts
	}
	call.Given, call.Epics = r.facts.Reactions, r.facts.Epics
	out := cmd.Run(in, call)
	if out.FindIssue != "" {
		if found, ok := r.facts.FoundIssues[out.FindIssue]; ok {
			call.Found, out.FindIssue = &found, ""
			out = cmd.Run(in, call)
		}
	}
	if !out.Refused && slices.ContainsFunc(out.Actions, func(a triage.Action) bool { return r.superseded(a, c) }) {
		return triage.Refuse(triage.Say("somebody changed this after the comment was written, before the bot could read it; write it again if it still holds"))
	}
	for _, a := range out.Actions {
		if l := triage.LabelOf(r.policy.Team.Exclusive(a, r.issue)); r.facts.RefusedLabels[l] && !out.Refused {
			return triage.Refuse(LabelRefusedText(l))
		}
	}
	if out.Opens != nil && r.pending.Intent.Opens != nil {
		return triage.Refuse(triage.Say("another line opens a " + r.pending.Intent.Opens.Name() + " already; write this one again"))
	}
	out.Needs &^= r.memory.Context.Known
	policies := cmd.OnlySilences && NewIndex(r.policy.Settings).everywhere() // which look at all issues, so that people can silence them there
	if reason := outOfScope(in); reason != "" && !out.EvenOutOfScope && !policies && !out.Refused {
		return triage.Refuse(triage.Say("").Untrusted(reason).Say(", so the bot leaves it alone"))
	}
	return out
}

// LabelRefusedText says that GitLab did not accept a label, and what helps.
func LabelRefusedText(label string) triage.Prose {
	if status, is := triage.StatusOf(label); is {
		return triage.Say("GitLab did not set the status ").Quote(status).Say(": it is none of this issue's type, there is no licence for statuses, or the bot may not set it")
	}
	return triage.Say("GitLab did not take the label ").Quote(label).Say(": it is archived, or the bot may not create it; " +
		"a maintainer can see to it under Manage > Labels")
}

// roughly says a duration in whole minutes, never too few.
func roughly(d time.Duration) string {
	minutes := (d + time.Minute - 1) / time.Minute
	if minutes <= 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}
