package rules

import "flowkeeper/rules/triage"

// Commands lists all commands in the order of the help and the reference. A command exists if it is here.
func Commands() []triage.Command {
	return []triage.Command{
		commandNext,
		commandBack,
		commandTo,
		commandWeight,
		commandUnclear,
		commandSpike,
		commandSpikeDone,
		commandAgree,
		commandSimplify,
	}
}
