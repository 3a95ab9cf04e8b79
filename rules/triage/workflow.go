package triage

import (
	"errors"
	"slices"
	"strings"
)

// State is one row of a workflow's table.
type State struct {
	Name  string // as people write it, and the value of its label in the scope of the workflow: "in dev"
	Is    Meaning
	Needs []Requirement // what an issue has to have there, in the order in which it is asked for

	// Where says in a sentence that an issue is there: "in development". "" is made from the name.
	Where string
}

// Workflow is the states of a team: the path, in the order in which an issue goes along it, and those beside it. It is not changed after
// NewWorkflow and may be shared.
type Workflow struct {
	states    []State
	path      int              // how many of the states, from the first on, make the path
	ranks     map[string]int   // places among the states, by name
	first     [meanings]int    // place of the first state with a meaning, -1 if there is none
	elsewhere [meanings]string // why a rule has nothing to do that is about issues in a state with a meaning
}

// NewWorkflow checks a table and indexes it. The error lists everything that is wrong with it, with what would work.
func NewWorkflow(path, beside []State) (*Workflow, error) {
	if err := errors.Join(checkStates(path, beside), checkMeanings(path, beside)); err != nil {
		return nil, err
	}
	return indexWorkflow(path, beside), nil
}

// indexWorkflow makes a workflow of a table that is known to be sound.
func indexWorkflow(path, beside []State) *Workflow {
	w := &Workflow{states: slices.Concat(path, beside), path: len(path), ranks: map[string]int{}}
	for m := range w.first {
		w.first[m], w.elsewhere[m] = -1, "the team's workflow has no state that means "+Meaning(m).String()
	}
	for n := range w.states {
		s := &w.states[n]
		if s.Where == "" {
			s.Where = "in " + strings.TrimPrefix(s.Name, "in ")
		}
		w.ranks[s.Name] = n
		if w.first[s.Is] < 0 {
			w.first[s.Is], w.elsewhere[s.Is] = n, "the issue is not "+s.Where
		}
	}
	return w
}

// States are all states, those of the path first.
func (w *Workflow) States() []State { return w.states }

// Path are the states of the path, in order.
func (w *Workflow) Path() []State { return w.states[:w.path] }

// Names are the names of all states, in the order of States.
func (w *Workflow) Names() []string {
	names := make([]string, len(w.states))
	for n, s := range w.states {
		names[n] = s.Name
	}
	return names
}

// Rank is the place of a state on the path, from 0; states beside it and unknown ones have -1.
func (w *Workflow) Rank(name string) int {
	if rank, ok := w.ranks[name]; ok && rank < w.path {
		return rank
	}
	return -1
}

// State is the state of that name. One that people made up has no meaning.
func (w *Workflow) State(name string) State {
	if n, ok := w.ranks[name]; ok {
		return w.states[n]
	}
	return State{Name: name, Where: "in " + name}
}

// Find is the state that people mean by what they write, without regard to case and separators. Ok is false if there is none.
func (w *Workflow) Find(written string) (found State, ok bool) {
	for _, s := range w.states {
		if sameSeparators(s.Name) == sameSeparators(written) {
			return s, true
		}
	}
	return State{}, false
}

// Has reports whether any state has the meaning.
func (w *Workflow) Has(m Meaning) bool { return w.first[m] >= 0 }

// Named is the name of the first state that has a meaning. Where no state has it, the next meaning counts; with Intake among them there
// always is a state, else the name may be "".
func (w *Workflow) Named(meanings ...Meaning) string {
	for _, m := range meanings {
		if w.Has(m) {
			return w.states[w.first[m]].Name
		}
	}
	return ""
}

// Before reports whether a state stands on the path before all those with one of the meanings. Where there are none of those, it does not.
func (w *Workflow) Before(name string, meanings ...Meaning) bool {
	first := -1
	for _, m := range meanings {
		if w.Has(m) && (first < 0 || w.first[m] < first) {
			first = w.first[m]
		}
	}
	rank := w.Rank(name)
	return rank >= 0 && rank < first
}

// HandbookWorkflow is the workflow of the handbook's "Workflow labels" and, between refinement and development, of its "Issue refinement".
func HandbookWorkflow() *Workflow { return handbook }

var handbook = indexWorkflow([]State{
	{Name: "start", Is: Intake},
	{Name: "validation backlog"},
	{Name: "problem validation"},
	{Name: "ready for design", Is: DesignReady},
	{Name: "design", Is: Design},
	{Name: "solution validation"},
	{Name: "planning breakdown", Is: Breakdown},
	{Name: "refinement", Is: Refinement},
	{Name: "needs issue review", Is: Review, Where: "in review", Needs: []Requirement{RequireWeight}},
	{Name: "ready for development", Is: Ready, Where: "ready for development", Needs: []Requirement{RequireWeight, RequireType, RequireAgreement}},
	{Name: "in dev", Is: Development, Where: "in development", Needs: []Requirement{RequireAssignee}},
	{Name: "in review", Is: CodeReview},
	{Name: "verification", Is: Verification},
	{Name: "awaiting security release", Is: SecurityRelease},
	{Name: "complete", Is: Done, Where: "complete"},
}, []State{
	{Name: "blocked", Is: Blocked, Where: "blocked"},
	{Name: "scheduling"}, {Name: "issue reviewed"}, // of older ways to work
	{Name: "staging"}, {Name: "canary"}, {Name: "production"}, {Name: "feature-flagged"}, // set by those who deliver
})
