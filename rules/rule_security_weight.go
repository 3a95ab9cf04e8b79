package rules

import (
	"strconv"

	"flowkeeper/rules/triage"
)

// securityWeight follows "Security Issues": they are weighted one level higher, for the extra work and the backports. The level is
// added once per issue; what a person sets afterwards stands.
var securityWeight = triage.Rule{
	Meta: triage.Meta{
		ID:      "security-weight",
		Summary: "Weighs a security issue one level higher, once.",
		Section: "Security Issues",
		On:      triage.Opened | triage.WeightChanged | triage.LabelsChanged,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Uses:    triage.UsesWeights,
		Prompt:  true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		weight, scale := in.Weight(), in.Team.Scale
		if b := in.Memory.Bump; b != nil {
			return alreadyBumped(in, *b, weight)
		}
		switch {
		case !in.IsSecurity():
			return triage.Nothing("the issue is not a security issue")
		case scale.Security == triage.SecurityNone:
			return triage.Nothing("security issues weigh what other issues do")
		case weight == nil:
			return triage.Nothing("the issue has no weight yet")
		case in.Has(triage.Spike):
			return triage.Nothing("a spike is timeboxed, also for security")
		case *weight >= scale.Top():
			return triage.Nothing(strconv.Itoa(scale.Top()) + " is the top of the scale and stays, also for security issues")
		case !in.WeightSet() && !in.LabelAdded(triage.Security):
			return triage.Nothing("neither the weight nor the security label was set just now")
		}
		raised, _ := scale.Raised(*weight)
		return bumpWeight(in, triage.Bump{From: *weight, To: raised})
	},
}

func bumpWeight(in triage.Input, b triage.Bump) triage.Verdict {
	v := triage.Want("a security issue was given weight "+strconv.Itoa(b.From), in.WeightAction(b.To))
	v.Bump = &b
	return v
}

// alreadyBumped is the verdict once the level was added or offered.
func alreadyBumped(in triage.Input, b triage.Bump, weight *int) triage.Verdict {
	if b.Suggested {
		if weight != nil && *weight == b.From && in.IsSecurity() {
			return bumpWeight(in, triage.Bump{From: b.From, To: b.To})
		}
		return triage.Nothing("the extra level for security issues was suggested once")
	}
	v := triage.Nothing("the extra level for security issues is added once, and it was: " + bumpArrow(b))
	v.Lines = []string{bumpArrow(b) + ": security issues are weighted one level higher."}
	if weight != nil && *weight != b.To {
		v.Lines = append(v.Lines, "Weight "+strconv.Itoa(*weight)+" was set afterwards and stands, the extra level is not added again.")
	}
	return v
}

// weightInWords says what an issue weighs, in numbers that it shows: "the weight is 3".
func weightInWords(in triage.Input) string {
	weight, base := in.Weight(), in.BaseWeight()
	if *base != *weight {
		return "your estimate was " + strconv.Itoa(*base) + ", " + strconv.Itoa(*weight) + " with the security level"
	}
	return "the weight is " + strconv.Itoa(*weight)
}

func bumpArrow(b triage.Bump) string { return strconv.Itoa(b.From) + " → " + strconv.Itoa(b.To) }
