package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// closers are the merge requests that close an issue, by their stage. Those that were closed unmerged count only where none is left.
type closers struct {
	closed, drafts, ready, merged []triage.MergeRequest
}

// closersOf sorts the merge requests that close the issue. They must be known.
func closersOf(in triage.Input) closers {
	var c closers
	for _, m := range in.Memory.Context.MergeRequests {
		if !m.Counts(in.Memory.Context.AutoClose) {
			continue
		}
		switch m.Stage() {
		case triage.StageMerged:
			c.merged = append(c.merged, m)
		case triage.StageReady:
			c.ready = append(c.ready, m)
		case triage.StageDraft:
			c.drafts = append(c.drafts, m)
		default:
			c.closed = append(c.closed, m)
		}
	}
	return c
}

// open are those that are neither closed nor merged, drafts first.
func (c closers) open() []triage.MergeRequest { return slices.Concat(c.drafts, c.ready) }

// allReady reports whether none is a draft and some are open.
func (c closers) allReady() bool { return len(c.drafts) == 0 && len(c.ready) > 0 }

// allMerged reports whether none is left to be merged and some were.
func (c closers) allMerged() bool { return len(c.open()) == 0 && len(c.merged) > 0 }

// loadClosers is the verdict of a rule that has to know which merge requests close the issue.
func loadClosers() triage.Verdict {
	return triage.Load("which merge requests close the issue has to be looked up", triage.NeedMergeRequests)
}

// isBefore reports whether the issue stands on the path before the states with one of the meanings, or has no state at all. What is blocked, dropped or
// done does not.
func isBefore(in triage.Input, meanings ...triage.Meaning) bool {
	return in.State() == "" || in.Team.Workflow.Before(in.State(), meanings...)
}

// notBefore is the verdict on an issue that is not before the first state with one of the meanings.
func notBefore(in triage.Input, meanings ...triage.Meaning) triage.Verdict {
	return triage.Nothing("the issue does not stand before " + in.Team.Workflow.Named(meanings...))
}

// movedSince reports whether a person moved the issue into its state after the last of the merge requests came into its stage: whoever did, did so
// knowing of them. Where it is not known that a person moved it, none did.
func movedSince(in triage.Input, list ...triage.MergeRequest) bool {
	entry := in.Memory.StateEntry
	_, byRule := in.Memory.BotChanges[triage.AddLabel{Label: in.StateLabel()}.Key()]
	if entry.State != in.State() || entry.From == "" || byRule {
		return false
	}
	last := lastSince(list)
	return last.Before(entry.At.Truncate(time.Second)) // deliveries of merge requests have times in whole seconds
}

// lastSince is when the last of the merge requests came into its stage.
func lastSince(list []triage.MergeRequest) time.Time {
	var last time.Time
	for _, m := range list {
		if m.Since.After(last) {
			last = m.Since
		}
	}
	return last
}

// mergeRequestsInWords names merge requests beside the issue, as the subject of a sentence: "!12", "!12 and !15", "!12 and 3 more", "!12 and one of another project". Those of other
// projects are not named: whoever sees the issue may not see them.
func mergeRequestsInWords(in triage.Input, list []triage.MergeRequest) string {
	names := make([]string, 0, len(list))
	elsewhere := 0
	for _, m := range list {
		if m.Project == in.Issue.Project {
			names = append(names, fmt.Sprintf("!%d", m.IID))
		} else {
			elsewhere++
		}
	}
	switch {
	case elsewhere == 1 && len(names) > 0:
		names = append(names, "one of another project")
	case elsewhere > 1 && len(names) > 0:
		names = append(names, fmt.Sprintf("%d of other projects", elsewhere))
	case elsewhere == 1:
		names = append(names, "a merge request of another project")
	case elsewhere > 1:
		names = append(names, fmt.Sprintf("%d merge requests of other projects", elsewhere))
	}
	switch len(names) {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and " + names[1]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(list)-1)
}

// areIs is the verb that fits so many merge requests.
func areIs(list []triage.MergeRequest) string {
	if len(list) == 1 {
		return "is"
	}
	return "are"
}

// capitalised makes the beginning of a sentence of the names of merge requests.
func capitalised(names string) string {
	switch {
	case names[0] == 'a':
		return "A" + names[1:]
	case names[0] == '!' && (strings.Contains(names, " and !") || strings.HasSuffix(names, " more")):
		return "Merge requests " + names
	case names[0] == '!':
		return "Merge request " + names
	}
	return names
}

// stateItem suggests the move of an issue to the first state that has one of the meanings. Why is a sentence.
func stateItem(in triage.Input, why string, meanings ...triage.Meaning) *triage.Item {
	state := in.Team.Workflow.Named(meanings...)
	return &triage.Item{Slot: "state", Title: "The next state", Text: why, Do: in.Team.CommandCode("to " + state)}
}
