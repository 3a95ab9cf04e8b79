package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// crossCheckWorkflow checks what the states say together: the table by itself, and its labels beside those of other meanings.
func (r *reader) crossCheckWorkflow(c *Config) {
	table, own := c.Workflow.table()
	if !own {
		if len(c.Workflow.Beside)+len(c.Workflow.Moves) > 0 || c.Workflow.Start != "" {
			r.reportConflict(diagnosticf("write workflow.states, too", "there is no workflow without states; the handbook's cannot be changed in part"),
				"workflow.beside", "workflow.moves", firstMove(c.Workflow.Moves), "workflow.start")
		}
		return
	}
	check := workflowCheck{reader: r, whole: !r.anyBad("workflow")}
	var faults triage.TableFaults
	if _, err := triage.NewWorkflow(table); errors.As(err, &faults) {
		for _, f := range faults {
			check.add(f.At, diagnosticf(f.Hint, "%s", f.Message))
		}
	}
	check.stateLabels(c)
	check.stateNeeds(c)
	check.stateStatuses(c)
	for _, f := range check.found {
		r.reportAt(f.path, f.spot, f.what)
	}
}

// workflowCheck collects what the states say wrong together, before any of it is reported: one place may have several faults.
type workflowCheck struct {
	*reader
	whole bool // nothing is wrong with the states by themselves
	found []foundFault
}

// foundFault is a fault with the key at which it is shown.
type foundFault struct {
	path string
	spot location
	what *diagnostic
}

// add notes a fault at a place in the table, unless that place is wrong already: at the key, or at what it belongs to if nobody wrote the key. A
// fault of the table as a whole may come of another.
func (w *workflowCheck) add(at string, f *diagnostic) {
	if at == "" && !w.whole {
		return
	}
	for _, path := range placesAbove("workflow", at) {
		switch from, set := w.origin[path]; {
		case from.bad:
			return
		case set:
			w.found = append(w.found, foundFault{path, from.spot, f})
			return
		}
	}
}

// anyBad reports whether something is wrong with a section or below it.
func (r *reader) anyBad(section string) bool {
	for path, from := range r.origin {
		if from.bad && (path == section || strings.HasPrefix(path, section+".")) {
			return true
		}
	}
	return false
}

// firstMove is the path of one of the moves, "" if there are none.
func firstMove(moves map[string][]string) string {
	for to := range moves {
		return joinPath("workflow.moves", to)
	}
	return ""
}

// placesAbove are the paths at which a fault may be shown, the nearest first: the key that is wrong, or what it belongs to if nobody wrote the key.
func placesAbove(section, at string) []string {
	if at == "" {
		return []string{section + ".states"}
	}
	places := []string{joinPath(section, at)}
	for cut := strings.LastIndexAny(at, ".["); cut > 0; cut = strings.LastIndexAny(at, ".[") {
		at = at[:cut]
		places = append(places, joinPath(section, at))
	}
	return places
}

// stateLabels checks that the label of a state is no other state's and means nothing else.
func (w *workflowCheck) stateLabels(c *Config) {
	scope := c.Labels[triage.WorkflowScope][0]
	team := triage.NewTeam(triage.TeamConfig{Names: c.Labels, Severity: c.Severity.policy(), Priority: c.Priority.policy()})
	others := map[string]string{c.Team.GroupLabel: "team.group_label", "": ""}
	for _, l := range c.Team.Labels {
		others[l] = "team.labels"
	}
	for _, d := range triage.LabelDefaults() {
		if !d.Scope {
			for _, name := range c.Labels[d.Role] {
				others[name] = "labels." + d.Key
			}
		}
	}
	for _, l := range team.TriageLabels() {
		others[l] = "a type, severity or priority"
	}
	var taken []triage.State
	for n, s := range slices.Concat(c.Workflow.States, c.Workflow.Beside) {
		at := fmt.Sprintf("states[%d].label", n)
		if n >= len(c.Workflow.States) {
			at = fmt.Sprintf("beside[%d].label", n-len(c.Workflow.States))
		}
		if s.Label == "" {
			s.Label = triage.StateLabel(scope, s.Name)
			if strings.Contains(s.Label, ",") {
				w.add(at, diagnosticf("write another one, label: …", "%s has a comma, which no label can have", quote(s.Label)))
			}
		} else if c.Workflow.hasLabelTwice(s.Label) {
			continue // is told already
		}
		if other := others[s.Label]; other != "" {
			w.add(at, diagnosticf("give each its own label", "%s is the label of the state %s and of %s", quote(s.Label), quote(s.Name), other))
		}
		for _, before := range taken {
			if triage.SameSpelling(before.Label, s.Label) && before.Name != s.Name {
				w.add(at, diagnosticf("give each its own label", "%s is the label of the states %s and %s", quote(s.Label), quote(before.Name), quote(s.Name)))
			}
		}
		taken = append(taken, s)
	}
}

// stateStatuses checks that the status of a state is no other state's, whatever its upper and lower case, and that statuses are used at all.
func (w *workflowCheck) stateStatuses(c *Config) {
	_, chosen := w.origin["workflow.store"]
	used := c.Workflow.Store == triage.StoreStatus || c.Workflow.Store == triage.StoreBoth
	var taken []triage.State
	for n, s := range slices.Concat(c.Workflow.States, c.Workflow.Beside) {
		at := fmt.Sprintf("states[%d].status", n)
		if n >= len(c.Workflow.States) {
			at = fmt.Sprintf("beside[%d].status", n-len(c.Workflow.States))
		}
		if !used && !chosen && s.Status != "" {
			w.add(at, diagnosticf("write store: status or store: both", "states are kept in labels, so the status %s is not used", quote(s.Status)))
		}
		s.Status = cmp.Or(s.Status, s.Name)
		same := func(before triage.State) bool {
			return strings.EqualFold(before.Status, s.Status) && before.Name != s.Name
		}
		if first := slices.IndexFunc(taken, same); used && first >= 0 {
			w.add(at, diagnosticf("give each its own status", "%s is the status of the states %s and %s", quote(s.Status), quote(taken[first].Name), quote(s.Name)))
		}
		taken = append(taken, s)
	}
}

// hasLabelTwice reports whether two states are written down with one label.
func (w *Workflow) hasLabelTwice(label string) bool {
	n := 0
	for _, s := range slices.Concat(w.States, w.Beside) {
		if s.Label != "" && triage.SameSpelling(s.Label, label) {
			n++
		}
	}
	return n > 1
}
