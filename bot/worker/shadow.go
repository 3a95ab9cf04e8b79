package worker

import "slices"

// shadowAction is something that a rule in mode shadow would have done.
type shadowAction struct{ rule, what string }

// String is the shadowAction in words.
func (w shadowAction) String() string { return w.rule + ": " + w.what }

// newShadowActions are what rules in mode shadow would have done at this job and would not have before: each counts once on an issue until
// it changes.
func (j *job) newShadowActions() []shadowAction {
	var all []shadowAction
	for _, f := range j.decision.Findings {
		for _, what := range f.Would {
			if !slices.Contains(j.mail.shadowed[f.Rule], what) {
				all = append(all, shadowAction{f.Rule, what})
			}
		}
	}
	return all
}
