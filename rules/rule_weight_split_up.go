package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// weightSplitUp follows "If the issue should be broken down": a weight of 5 or more is an epic or a spike.
var weightSplitUp = triage.Rule{
	Meta: triage.Meta{
		ID:      "weight-split-up",
		Summary: "Asks to split or spike an issue whose estimate is 5 or more.",
		Section: "If the issue should be broken down",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
		Uses:    triage.UsesWeights,
		Words: func(t *triage.Team) string {
			return "Asks to split or spike an issue whose estimate is " + strconv.Itoa(t.Scale.SplitFrom) + " or more."
		},
		Prompt: true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		base, from := in.BaseWeight(), in.Team.Scale.SplitFrom
		switch {
		case base == nil:
			return triage.Nothing("the issue has no weight")
		case *base < from:
			return triage.Nothing(weightInWords(in) + "; only " + strconv.Itoa(from) + " or more has to be split up")
		}
		item := triage.Item{
			Slot: "split", Title: "A smaller issue", Text: ": promote it to an epic and split it",
			Asks: []triage.Role{triage.EngineeringManager, triage.ProductManager},
		}
		if !in.Has(triage.Spike) {
			item.Text += ", or " + in.Team.CommandCode("spike <what>")
		}
		item.Text += "."
		if planned := planOf(in); planned != "" {
			item.Text += " A " + strconv.Itoa(*base) + " cannot be " + planned + "."
		}
		return triage.Ask(weightInWords(in)+"; "+strconv.Itoa(from)+" or more is not scheduled, it is split up or spiked", item)
	},
}

// planOf names the plan that the issue is in, "" if it is in none.
func planOf(in triage.Input) string {
	switch {
	case in.Is(triage.Ready):
		return in.Where()
	case in.Has(triage.Deliverable):
		return "a deliverable"
	}
	return ""
}
