package rules

import (
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// commandHelp tells what there is, from the definitions of the commands.
var commandHelp = triage.Command{
	Name: "help", Args: "[command|all]", Summary: "Lists the commands that fit now, or all, or tells more about one.", Example: "help weight", ExampleIn: helpExample,
	Who: triage.Anyone, Closed: true, Answers: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		about := commandInQuestion(in.Team, call.Args)
		switch {
		case about == "":
			return helpList(in.Team, fittingCommands(in, usable(in.Team, call.Commands)), "These fit the issue now. "+in.Team.CommandCode("help all")+" lists all commands, "+in.Team.CommandCode(helpExample(in.Team))+" tells more about one.")
		case strings.EqualFold(about, triage.AllRules):
			return helpList(in.Team, usable(in.Team, call.Commands), "Commands begin a line of a comment, and several run from top to bottom. "+
				in.Team.CommandCode(helpExample(in.Team))+" tells more about one. What is for members "+triage.Member.Requirement()+".")
		}
		found, _, near := triage.FindCommand(call.Commands, about)
		if family := familyOf(call.Commands, about); found == nil && near == "" && len(family) == 1 {
			return helpOn(in.Team, &family[0])
		} else if found == nil && near == "" && len(family) > 1 {
			return helpList(in.Team, usable(in.Team, family), "There are several:")
		}
		if found == nil {
			why := triage.Say("there is no command ").Quote(about)
			if near != "" {
				why = why.Say("; did you mean " + in.Team.CommandCode("help "+near) + "?")
			} else {
				why = why.Say(";")
			}
			return triage.Refuse(why.Say(" " + in.Team.CommandCode("help all") + " lists them all"))
		}
		return helpOn(in.Team, found)
	},
}

// helpExample asks about a command that the team can use.
func helpExample(t *triage.Team) string {
	if t.Scale.Off() {
		return "help next"
	}
	return "help weight"
}

// usable are the commands that can do something in a team.
func usable(t *triage.Team, commands []triage.Command) []triage.Command {
	return slices.DeleteFunc(slices.Clone(commands), func(c triage.Command) bool { return c.Idle(t) != "" })
}

// leading is the level by which an issue is triaged: the severity, or the priority of a team without severities.
func leading(t *triage.Team) triage.LabelRole {
	if t.Severity.Off() {
		return triage.PriorityScope
	}
	return triage.SeverityScope
}

// fittingCommands are the six commands that suit the issue's state best, the likeliest first.
func fittingCommands(in triage.Input, all []triage.Command) []triage.Command {
	weight := in.Weight()
	var names []string
	add := func(when bool, some ...string) {
		if when {
			names = append(names, some...)
		}
	}
	open := !in.Issue.Closed
	early := !hasReached(in, triage.Ready)
	add(in.Has(triage.Spike), "spike done")
	add(open && in.Is(triage.Blocked), "unblock")
	add(open && in.Is(triage.Review) && needsAgreement(in), "agree", "simplify")
	add(open && weight == nil && early, "weight", "unclear")
	add(open && !in.Is(triage.Done, triage.Blocked) && !offPath(in), "next")
	add(open && in.ScopedValue(leading(in.Team)) == "" && early, "triage minor", "triage urgent")
	add(open && !in.Is(triage.Blocked), "blocked by")
	add(open && weight != nil && early, "spike")
	add(true, "why", "ignore", "snooze", "resume")
	add(open, "back", "recheck")
	var fit []triage.Command
	for _, name := range names {
		n := slices.IndexFunc(all, func(c triage.Command) bool { return c.Name == name })
		if n >= 0 && len(fit) < 6 {
			fit = append(fit, all[n])
		}
	}
	return fit
}

// commandInQuestion is the command that people ask about, without the prefix and the quotes that they may write around it: `/flow weight 3`.
func commandInQuestion(team *triage.Team, text string) string {
	text = strings.TrimPrefix(triage.Unquote(text), "/")
	first, rest, _ := strings.Cut(text, " ")
	if strings.EqualFold(first, team.CommandPrefix()) {
		return strings.TrimSpace(rest)
	}
	return text
}

// familyOf are the commands of several words that begin with the first of these words.
func familyOf(commands []triage.Command, words string) []triage.Command {
	first, _, _ := strings.Cut(words, " ")
	var family []triage.Command
	for _, c := range commands {
		begin, _, several := strings.Cut(c.Name, " ")
		if several && strings.EqualFold(begin, first) {
			family = append(family, c)
		}
	}
	return family
}

// helpList lists commands.
func helpList(team *triage.Team, commands []triage.Command, intro string) triage.Outcome {
	r := triage.Reply{Text: []triage.Prose{triage.Say(intro)}}
	for _, c := range commands {
		r.Rows = append(r.Rows, triage.Say(team.CommandCode(c.UsageFor(team))+" · "+strings.TrimSuffix(c.SummaryFor(team), ".")+" · "+permissionShort(c.Who)))
	}
	out := triage.Answer("lists the commands", r)
	out.EvenOutOfScope = true
	return out
}

// helpOn tells all about one command.
func helpOn(team *triage.Team, c *triage.Command) triage.Outcome {
	if why := team.Lacks(c.Uses); why != "" {
		out := triage.Answer("tells about "+c.Name, triage.Reply{Text: []triage.Prose{triage.Say(capitalized(why) + ", so there is nothing for " + team.CommandCode(c.Name) + " to set.")}})
		out.EvenOutOfScope = true
		return out
	}
	r := triage.Reply{Text: []triage.Prose{triage.Say(team.CommandCode(c.UsageFor(team)) + ": " + c.SummaryFor(team))}}
	r.Rows = append(r.Rows, triage.Say("For example: "+team.CommandCode(c.ExampleFor(team))), triage.Say(whoMay(c.Who)))
	if idle := c.Idle(team); idle != "" {
		r.Rows = append(r.Rows, triage.Say("Of no use here: "+idle))
	}
	if c.Section != "" && team.Workflow.IsHandbook() {
		r.Rows = append(r.Rows, triage.Say("From the handbook's section “"+c.Section+"”"))
	}
	if c.Closed {
		r.Rows = append(r.Rows, triage.Say("Also on closed issues"))
	}
	out := triage.Answer("tells about "+c.Name, r)
	out.EvenOutOfScope = true
	return out
}

// whoMay says who may use a command, as a sentence without its full stop: "Needs the Planner or Reporter role, or higher".
func whoMay(p triage.Permission) string {
	needs := p.Requirement()
	return strings.ToUpper(needs[:1]) + needs[1:]
}

// permissionShort is who may, in a word or two.
func permissionShort(p triage.Permission) string {
	switch p {
	case triage.Member:
		return "members"
	case triage.Anyone:
		return "anyone"
	default:
		return p.String()
	}
}
