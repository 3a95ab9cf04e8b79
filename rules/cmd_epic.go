package rules

import (
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// commandEpic carries out "Issue assignments": many follow-ups of one issue are held together by an epic or, where GitLab has none, by an issue with
// a task list.
var commandEpic = triage.Command{
	Name: "epic", Args: "[yes]", Summary: "Says how an issue and its follow-ups can be held together here, and does it with yes.",
	Example: "epic yes", Section: "Issue assignments", Who: triage.Member, Closed: true, Opens: true,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		yes := strings.EqualFold(call.Args, "yes")
		switch {
		case call.Args != "" && !yes:
			return triage.Refuse(triage.Say(in.Team.CommandCode("epic") + " says what can be done here, " + in.Team.CommandCode("epic yes") + " does it; there is ").Quote(call.Args))
		case call.Epics == nil:
			return triage.Outcome{Reason: "whether there are epics has to be looked up", LookUp: triage.LookUpEpics}
		case !in.Knows(triage.NeedLinks):
			return triage.Outcome{Reason: "which follow-ups there are has to be looked up", Needs: triage.NeedLinks}
		case *call.Epics:
			return epicOf(in, yes)
		}
		return parentOf(in, call, yes)
	},
}

// epicOf is what is said or done where there are epics.
func epicOf(in triage.Input, yes bool) triage.Outcome {
	switch {
	case in.Issue.Closed:
		return triage.Refuse(triage.Say("the issue is closed, and may have become an epic before; reopen it first"))
	case in.Issue.Confidential:
		return triage.Refuse(triage.Say("the issue is confidential; GitLab makes no epic of it. Open one by hand and put the follow-ups into it"))
	case !yes:
		return triage.Answer("says how the issue becomes an epic", triage.Reply{Text: []triage.Prose{triage.Say(
			"The project's group has epics. " + in.Team.CommandCode("epic yes") + " makes one of this issue: GitLab copies title, text and comments, and closes the issue. " +
				followUpsInWords(in) + "stay issues, to be put into the epic there.")}})
	}
	out := triage.Did("makes an epic of the issue")
	out.Promotes = true
	return out
}

// followUpsInWords begins a sentence about the follow-ups.
func followUpsInWords(in triage.Input) string {
	if n := len(openFollowUps(in)); n > 1 {
		return "The " + strconv.Itoa(n) + " open follow-ups "
	}
	return "Follow-ups "
}

// parentOf is what is said or done where there are no epics.
func parentOf(in triage.Input, call triage.Call, yes bool) triage.Outcome {
	if parent := in.Memory.Parent; parent != 0 {
		return triage.Refuse(triage.Say("#" + strconv.FormatInt(parent, 10) + " holds the issue and its follow-ups together already"))
	}
	tasks := []int64{in.Issue.IID}
	for _, l := range openFollowUps(in) {
		if l.Ref.Project == in.Issue.Project {
			tasks = append(tasks, l.Ref.IID)
		}
	}
	if !yes {
		return triage.Answer("says how a parent issue is opened", triage.Reply{Text: []triage.Prose{triage.Say(
			"There are no epics here. " + in.Team.CommandCode("epic yes") + " opens a parent issue with a task list of this one" + andFollowUps(len(tasks)-1) + ", linked to it.")}})
	}
	draft := followUpDraft(in, truncate("Epic: "+strings.TrimSpace(in.Issue.Title), maxTitle), nil)
	draft.Kind, draft.Tasks, draft.Confidential = triage.DraftParent, tasks, draft.Confidential || call.Internal
	draft.Text = []triage.Prose{triage.Say("Holds #" + strconv.FormatInt(in.Issue.IID, 10) + " and what follows from it together:")}
	out := triage.Did("opens a parent issue")
	out.Opens = &draft
	return out
}

// andFollowUps ends a list with so many follow-ups.
func andFollowUps(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " and its open follow-up"
	}
	return " and its " + strconv.Itoa(n) + " open follow-ups"
}
