package triage

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// State is one row of a workflow's table.
type State struct {
	Name  string // as people write it and sentences name it: "in dev"
	Label string // that stands for it; "" is the name, in the scope of the workflow if the team has one
	Is    Meaning
	Needs []Requirement // what an issue has to have there, in the order in which it is asked for

	// Where says in a sentence that an issue is there: "in development". "" is made from the name.
	Where string
	// Status is the name of the work item status that stands for it, "" for none.
	Status string
}

// Reviewed reports whether the proposal of an issue is agreed on there, or has been.
func (s State) Reviewed() bool {
	return s.Is == Review || s.Is == Ready || slices.Contains(s.Needs, RequireAgreement)
}

// WorkflowTable is a workflow as it is written down.
type WorkflowTable struct {
	Path   []State             // in the order in which an issue goes along it
	Beside []State             // in no order
	Moves  map[string][]string // by the name of a state: those from which it may be entered; a state left out, from any
	Start  string              // where new issues begin; "" is the first intake
}

// Workflow is the states of a team: the path, in the order in which an issue goes along it, and those beside it. It is not changed after
// NewWorkflow and may be shared.
type Workflow struct {
	WorkflowTable
	states    []State
	ranks     map[string]int   // places among the states, by name
	first     [meanings]int    // place of the first state with a meaning, -1 if there is none
	elsewhere [meanings]string // why a rule has nothing to do that is about issues in a state with a meaning
}

// NewWorkflow checks a table and indexes it. The error is of type TableFaults and lists everything that is wrong with it.
func NewWorkflow(t WorkflowTable) (*Workflow, error) {
	if faults := checkTable(t); len(faults) > 0 {
		return nil, faults
	}
	return indexWorkflow(t), nil
}

// indexWorkflow makes a workflow of a table that is known to be sound.
func indexWorkflow(t WorkflowTable) *Workflow {
	w := &Workflow{WorkflowTable: t, states: slices.Concat(t.Path, t.Beside), ranks: map[string]int{}}
	w.Path = w.states[:len(t.Path):len(t.Path)]
	for m := range w.first {
		w.first[m], w.elsewhere[m] = -1, noStateMeans+Meaning(m).String()
	}
	for n := range w.states {
		s := &w.states[n]
		if s.Where == "" {
			s.Where = whereOf(s.Name)
		}
		w.ranks[s.Name] = n
		if w.first[s.Is] < 0 {
			w.first[s.Is], w.elsewhere[s.Is] = n, "the issue is not "+s.Where
		}
	}
	if w.Start == "" {
		w.Start = w.Named(Intake)
	}
	return w
}

// whereOf says in a sentence that an issue is in a state: “in doing”. A name that says so itself stays as it is: “In Progress”.
func whereOf(name string) string {
	const in = "in "
	if len(name) > len(in) && strings.EqualFold(name[:len(in)], in) {
		return name
	}
	return in + name
}

// IsHandbook reports whether the workflow is the handbook's own, not one of the team's.
func (w *Workflow) IsHandbook() bool { return w == handbook }

// States are all states, those of the path first.
func (w *Workflow) States() []State { return w.states }

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
	if rank, ok := w.ranks[name]; ok && rank < len(w.Path) {
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

// Find is the state that people mean by what they write, without regard to case and separators nor, if only one state has such a name, to signs and
// to what numbers it: "wip" is “🚧 wip”, and "review" is “6 - review”. Ok is false if there is none.
func (w *Workflow) Find(written string) (found State, ok bool) {
	for _, same := range []func(string) string{sameSeparators, lettersOnly, unnumbered} {
		for _, s := range w.states {
			if wanted := same(written); wanted != "" && (same(s.Name) == wanted || s.Label != "" && same(s.Label) == wanted) {
				if ok && found.Name != s.Name {
					return State{}, false
				}
				found, ok = s, true
			}
		}
		if ok {
			return found, true
		}
	}
	return State{}, false
}

// lettersOnly is a name without signs and separators, in lower case.
func lettersOnly(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// numbering is what numbers a name: "6 - ", "2. ", "0-", "X - ".
var numbering = regexp.MustCompile(`^\s*([0-9]+\s*[-.:)_]|[A-Za-z]\s+-|[A-Za-z][.)])\s*`)

// unnumbered is a name without signs, separators and what numbers it, in lower case; "" if there is nothing else.
func unnumbered(name string) string { return lettersOnly(numbering.ReplaceAllString(name, "")) }

// MayMove reports whether an issue may go from one state into another. Without a state it counts as standing at the start, where it may always go,
// and from a state that people made up it may go anywhere.
func (w *Workflow) MayMove(from, to string) bool {
	allowed, limited := w.Moves[to]
	switch {
	case !limited || from == to:
		return true
	case from == "" && to == w.Start:
		return true
	case from == "":
		from = w.Start
	}
	_, known := w.ranks[from]
	return !known || slices.Contains(allowed, from)
}

// After are the names of the states into which an issue may go from one, in the order of States.
func (w *Workflow) After(from string) []string {
	var names []string
	for _, s := range w.states {
		if s.Name != from && w.MayMove(from, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
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

var handbook = indexWorkflow(WorkflowTable{Path: []State{
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
}, Beside: []State{
	{Name: "blocked", Is: Blocked, Where: "blocked"},
	{Name: "scheduling"}, {Name: "issue reviewed"}, // of older ways to work
	{Name: "staging"}, {Name: "canary"}, {Name: "production"}, {Name: "feature-flagged"}, // set by those who deliver
}})
