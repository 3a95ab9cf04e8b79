package rules

import (
	"strings"

	"flowkeeper/rules/triage"
)

// Commands lists all commands in the order of the help and the reference. A command exists if it is here. One without Args takes nothing
// behind its name.
func Commands() []triage.Command {
	all := []triage.Command{
		commandHelp,
		commandWhy,
		commandWho,
		commandNext,
		commandBack,
		commandTo,
		commandWeight,
		commandUnclear,
		commandSpike,
		commandSpikeDone,
		commandFollowUp,
		commandEpic,
		commandAgree,
		commandSimplify,
		commandTriageMinor,
		commandTriageWorkaround,
		commandTriageUrgent,
		commandTriageCommunity,
		commandTriageQuickWin,
		commandDuplicate,
		commandBlockedBy,
		commandUnblock,
		commandAway,
		commandBackFrom,
		commandTake,
		commandReport,
		commandRetro,
		commandSnooze,
		commandIgnore,
		commandResume,
		commandRecheck,
	}
	for n, c := range all {
		if c.Args == "" && !c.Agrees { // what agrees says itself how to object
			all[n].Run = requireNoArguments(c)
		}
	}
	return all
}

// requireNoArguments wraps a command's function so that it is refused if anything follows the command.
func requireNoArguments(c triage.Command) func(triage.Input, triage.Call) triage.Outcome {
	return func(in triage.Input, call triage.Call) triage.Outcome {
		if call.Args != "" {
			return refuseMore(in.Team, c.Name, call.Args)
		}
		return c.Run(in, call)
	}
}

// refuseMore refuses what follows a command that takes no arguments. It may be a state that belongs to another command.
func refuseMore(team *triage.Team, command, args string) triage.Outcome {
	why := triage.Say(team.CommandCode(command) + " takes nothing behind it, and there is ").Quote(args)
	if state := knownState(team, args); state != "" {
		return triage.Refuse(why.Say("; " + team.CommandCode("to "+state) + " moves the issue there"))
	}
	if command == commandBack.Name && strings.EqualFold(firstWord(args), "from") {
		return triage.Refuse(why.Say("; " + team.CommandCode(commandBackFrom.Usage()) + " says that you are not away any longer"))
	}
	return triage.Refuse(why.Say("; write that on another line"))
}
