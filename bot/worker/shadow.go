package worker

import "slices"

// wish is something that a rule in mode shadow would have done.
type wish struct{ rule, what string }

// String is the wish in words.
func (w wish) String() string { return w.rule + ": " + w.what }

// wishes are what rules in mode shadow would have done at this job and would not have before: each counts once on an issue until it changes.
func (j *job) wishes() []wish {
	var all []wish
	for _, f := range j.decision.Findings {
		for _, what := range f.Would {
			if !slices.Contains(j.watched[f.Rule], what) {
				all = append(all, wish{f.Rule, what})
			}
		}
	}
	return all
}
