package rules

import "flowkeeper/rules/triage"

// Commands lists all commands in the order of the help and the reference. A command exists if it is here.
func Commands() []triage.Command {
	return []triage.Command{
		commandHelp,
		commandWhy,
		commandNext,
		commandBack,
		commandTo,
		commandWeight,
		commandUnclear,
		commandSpike,
		commandSpikeDone,
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
		commandSnooze,
		commandIgnore,
		commandResume,
		commandRecheck,
	}
}
