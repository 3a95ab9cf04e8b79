package triage

import (
	"cmp"
	"slices"
)

// LabelSet is labels of which an issue carries one at most, though they have no scope in common.
type LabelSet struct {
	scope  string // stands for a scope in common; no label has it
	labels []string
}

// Has reports whether a label is in the set; a nil set has none.
func (s *LabelSet) Has(label string) bool { return s != nil && slices.Contains(s.labels, label) }

// anyState is the scope of the workflow's labels where they have none in common. No label has it. The scopes of other sets begin with it.
const anyState = "\x00"

// indexStates indexes the labels of the workflow.
func (t *Team) indexStates() {
	t.states = map[string]string{}
	all := &LabelSet{scope: anyState}
	for n, s := range t.Workflow.States() {
		label := s.Label
		if label == "" {
			label = StateLabel(t.Label(WorkflowScope), s.Name)
		}
		t.states[label] = s.Name
		if status := t.StateStatus(s.Name); status != "" {
			t.states[status] = s.Name
			t.addKnown(status)
		}
		all.labels = append(all.labels, label)
		t.addKnown(label)
		if n == 0 {
			t.stateScope = Scope(label)
		} else if Scope(label) != t.stateScope {
			t.stateScope = ""
		}
	}
	if t.stateScope == "" {
		t.stateSet = all
		t.addSet(all)
	}
}

// addSet makes a set of labels known that exclude each other.
func (t *Team) addSet(set *LabelSet) {
	for _, l := range set.labels {
		t.sets[l] = set
	}
}

// StateLabel is the label of a state that has none of its own. Without a scope the label is the state's name.
func StateLabel(scope, name string) string {
	if scope == "" {
		return name
	}
	return Scoped(scope, name)
}

// State is the label of a workflow state, also of one that people made up.
func (t *Team) State(name string) string {
	if s := t.Workflow.State(name); s.Label != "" {
		return s.Label
	}
	switch _, known := t.Workflow.ranks[name]; {
	case !known && t.stateScope != "":
		return Scoped(t.stateScope, name)
	case !known && t.KeepsStatus():
		return StatusLabel(name) // nowhere else can a state be made up
	}
	return StateLabel(t.Label(WorkflowScope), name)
}

// StateOf is the name of the workflow state for which a label in its known spelling stands. A label in the workflow's scope, and the label of a
// status that is none of the workflow's, stands for a state that people made up. Ok is false for all other labels.
func (t *Team) StateOf(label string) (name string, ok bool) {
	if name, ok = t.states[label]; ok {
		return name, true
	}
	if t.stateScope != "" && Scope(label) == t.stateScope {
		return Value(label), true
	}
	if name, ok = StatusOf(label); ok && t.KeepsStatus() {
		return name, true
	}
	return "", false
}

// IsState reports whether a label, or that of a status, stands for a state.
func (t *Team) IsState(label string) bool {
	_, is := t.StateOf(label)
	return is
}

// ScopeOf is what two labels have in common of which an issue carries one only: the scope of a scoped label, "" of a label that may stand beside all
// others. The labels of the workflow have one scope, whatever they are called, and so have severities and priorities.
func (t *Team) ScopeOf(label string) string {
	if set := t.sets[label]; set != nil {
		return set.scope
	}
	return Scope(label)
}

// StateScope is the scope, in the sense of ScopeOf, of the workflow's labels.
func (t *Team) StateScope() string {
	if t.stateSet != nil {
		return anyState
	}
	return t.stateScope
}

// Exclusive is the same action for a team and an issue: a label of the workflow takes the place of all others of the workflow, also where GitLab sees
// no scope, and one of the severities or priorities that of the others. Where the team keeps states in statuses, the state's status is set in its place.
func (t *Team) Exclusive(a Action, i Issue) Action {
	switch a := a.(type) {
	case AddLabel:
		if state, ok := t.StateOf(a.Label); ok && t.Store == StoreStatus && hasStatus(i) {
			return AddLabel{Label: cmp.Or(t.StateStatus(state), StatusLabel(state))}
		}
		return t.AddLabel(a.Label)
	case RemoveLabel:
		if set := t.sets[a.Label]; set != nil {
			a.Among = set
		}
		return a
	}
	return a
}

// AddLabel wants a label on the issue, see Exclusive.
func (t *Team) AddLabel(label string) AddLabel {
	add := AddLabel{Label: label}
	if set := t.sets[label]; set != nil {
		add.Among = set
	}
	return add
}
