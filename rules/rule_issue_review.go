package rules

import (
	"fmt"

	"flowkeeper/rules/triage"
)

// issueReview follows "Convention over configuration": product, engineering and product design look whether configuration can be avoided,
// and say that they agree before the issue is ready for development.
var issueReview = triage.Rule{
	Meta: triage.Meta{
		ID:      "issue-review",
		Summary: "Keeps the tally of agreements in the issue review; in mode act, moves the issue on when all agree.",
		States:  [][]triage.Meaning{{triage.Review}, {triage.Ready}},
		Section: "Convention over configuration",
		On:      triage.Opened | triage.LabelsChanged | triage.Noted | triage.Awarded | triage.Revoked,
		Mode:    triage.Remind,
		MaxMode: triage.Act,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		switch {
		case !in.Is(triage.Review):
			return in.NotIn(triage.Review)
		case !needsAgreement(in):
			return triage.Nothing("only a feature waits for an agreement")
		case !in.Team.Workflow.Has(triage.Ready):
			return in.NotIn(triage.Ready)
		}
		if needs := agreementNeeds(in); !in.Knows(needs) {
			return triage.Load("who agreed has to be counted", needs)
		}
		tally := in.Tally()
		if !tally.Complete() {
			item := agreementItem(in, tally)
			item.Asks = []triage.Role{triage.ProductManager, triage.EngineeringManager, triage.ProductDesigner}
			return triage.Ask("the review is not agreed yet: "+agreementProgress(tally), item)
		}
		v := triage.Want("the review is agreed: "+agreementProgress(tally), stateAction(in, triage.Ready))
		v.Suggestion = &triage.Item{
			Slot: "agreed", Title: "The next step", Text: "The review is agreed.", Do: in.Team.CommandCode("next"),
			Asks: []triage.Role{triage.ProductManager, triage.EngineeringManager},
		}
		return v
	},
}

// needsAgreement reports whether an issue is ready for development only when people have agreed to it: if it is a feature and, with a workflow of the
// team's own, if it has no type.
func needsAgreement(in triage.Input) bool {
	kind := in.ScopedValue(triage.TypeScope)
	return kind == "feature" || kind == "" && !in.Team.Workflow.IsHandbook()
}

// agreementNeeds are the facts that a tally rests on.
func agreementNeeds(in triage.Input) triage.Need {
	if in.Tally().Roster {
		return triage.NeedAgreements
	}
	return triage.NeedAgreements | triage.NeedAccessLevels
}

// agreementItem asks for agreement, in the same words for every rule that needs it.
func agreementItem(in triage.Input, t triage.Tally) triage.Item {
	question := ": could we ship this without a new setting? "
	if !in.Team.Workflow.IsHandbook() {
		question = ". "
	}
	return triage.Item{
		Slot: "agreement", Title: "Sign-off",
		Text: question + missingAgreers(t) + ": 👍 this issue or " + in.Team.CommandCode("agree") + ".",
	}
}

// missingAgreers says whose agreement is missing.
func missingAgreers(t triage.Tally) string {
	switch {
	case !t.Roster && t.Members == 0:
		return "Two OKs from members"
	case !t.Roster:
		return "One more OK from a member"
	case t.Product > 0:
		return "Product said OK, one from engineering is missing"
	case t.Engineering > 0:
		return "Engineering said OK, one from product is missing"
	}
	return "One OK from product, one from engineering"
}

// agreementProgress says how far the agreement is.
func agreementProgress(t triage.Tally) string {
	if t.Roster {
		return fmt.Sprintf("product %d of 1, engineering %d of 1", min(t.Product, 1), min(t.Engineering, 1))
	}
	return fmt.Sprintf("%d of 2 members", min(t.Members, 2))
}
