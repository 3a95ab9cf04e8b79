package policy

import "slices"

// names are the labels that the rule names, each once: those that it sets first.
func (r Rule) names() []string {
	var all []string
	for _, label := range slices.Concat(r.Actions.Labels, looksOf(r.When).Labels, r.Actions.RemoveLabels) {
		if label != None && label != Any && !slices.Contains(all, label) {
			all = append(all, label)
		}
	}
	return all
}
