// Package rules is what the bot knows: the handbook of the Create:Source Code BE team as data and pure functions, one rule a file.
package rules

import "flowkeeper/rules/triage"

// Catalogue lists all rules in the order of the reference. It is the table of contents of the bot: a rule exists if it is here.
func Catalogue() []triage.Rule {
	return []triage.Rule{
		// Labels
		teamLabels,
		onePerScope,
		statusInStep,
		labelSpelling,
		// Workflow
		workflowIntake,
		workflowOrder,
		designNeedsUX,
		refinementNeedsAssignee,
		weightedNext,
		reviewNeedsWeight,
		issueReview,
		readyNeeds,
		devNeedsAssignee,
		mrInDev,
		mrInReview,
		mrMerged,
		mrBackToDev,
		mrCopiesLabels,
		mrNeedsIssue,
		blockedNeedsReason,
		closedComplete,
		reopenedComplete,
		// Weight
		weightScale,
		weightResearch,
		weightSplitUp,
		securityWeight,
		splitWeight,
		weightMismatch,
		spikeWeight,
		spikeFollowUp,
		// Triage
		needsType,
		urgentNeedsOwner, // before bug-needs-severity, which asks nobody for the same priority
		bugNeedsSeverity,
		securityNeedsSeverity,
		regressionNeedsVersion,
		workaroundPair,
		sloNearMiss,
		sloMissed,
		minorBacklog,
		duplicateClose,
		contributionsHygiene,
		contributionsFree,
		quickWinNeedsContributions,
		// Planning
		deliverableNeeds,
		milestoneNeedsType,
		followUpNeeds,
		followUpsEpic,
		missedDeliverable,
	}
}
