package triage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// TableFault is something that is wrong with the table of a workflow.
type TableFault struct {
	At      string // where: "states[1].is", "beside[0].name", "moves.doing[2]", "start", or "" for the table as a whole
	Message string // what is wrong
	Hint    string // what would work
}

// TableFaults are all faults of a table.
type TableFaults []TableFault

// Error lists the faults, one on each line, with what would work.
func (f TableFaults) Error() string {
	lines := make([]string, len(f))
	for n, fault := range f {
		lines[n] = fault.Message + ": " + fault.Hint
	}
	return strings.Join(lines, "\n")
}

// tableCheck looks at a table and collects what is wrong with it.
type tableCheck struct {
	WorkflowTable
	states []State
	faults TableFaults
}

func checkTable(t WorkflowTable) TableFaults {
	c := &tableCheck{WorkflowTable: t, states: slices.Concat(t.Path, t.Beside)}
	c.checkStates()
	c.checkMeanings()
	c.checkOrder()
	c.checkMoves()
	return c.faults
}

func (c *tableCheck) report(at, hint, message string, args ...any) {
	c.faults = append(c.faults, TableFault{At: at, Message: fmt.Sprintf(message, args...), Hint: hint})
}

// at is where a key of a state stands in the table.
func (c *tableCheck) at(n int, key string) string {
	if n < len(c.Path) {
		return fmt.Sprintf("states[%d].%s", n, key)
	}
	return fmt.Sprintf("beside[%d].%s", n-len(c.Path), key)
}

// checkStates looks at each state by itself, at their names and at their labels.
func (c *tableCheck) checkStates() {
	names, labels := map[string]string{}, map[string]string{} // by what people may write for a name, and by spelling
	for n, s := range c.states {
		if s.Name == "" || s.Name != strings.TrimSpace(s.Name) {
			c.report(c.at(n, "name"), `give it a name without blanks around it, such as "in dev"`, "state %d is called %q", n+1, s.Name)
			continue
		}
		c.checkName(n, s)
		if other, twice := names[sameSeparators(s.Name)]; twice {
			c.report(c.at(n, "name"), "give each state its own", "%q and %q are one name to those who write commands", other, s.Name)
		}
		names[sameSeparators(s.Name)] = s.Name
		if other, twice := labels[fold(s.Label)]; twice && s.Label != "" {
			c.report(c.at(n, "label"), "give each state its own", "%q and %q have one label, %q", other, s.Name, s.Label)
		}
		labels[fold(s.Label)] = s.Name
		if s.Is >= meanings {
			c.report(c.at(n, "is"), "the meanings are "+strings.Join(meaningNames[1:], ", "), "%q means something unknown (%d)", s.Name, s.Is)
		}
		for i, r := range s.Needs {
			switch {
			case !r.Valid():
				c.report(fmt.Sprintf("%s[%d]", c.at(n, "needs"), i), "there are "+requirementNames(), "%q needs %q, which is unknown", s.Name, r)
			case slices.Contains(s.Needs[:i], r):
				c.report(fmt.Sprintf("%s[%d]", c.at(n, "needs"), i), "remove one of the two", "%q needs %q twice", s.Name, r)
			}
		}
	}
}

// checkName looks at what the name does in a sentence of a comment, and in a command.
func (c *tableCheck) checkName(n int, s State) {
	if scope := Scope(s.Name); scope != "" {
		c.report(c.at(n, "name"), fmt.Sprintf("write %q, and label: %q beside it if it is not in the scope of the workflow", Value(s.Name), s.Name), "%q names a scope", s.Name)
	}
	if hasSigns(s.Where) {
		c.report(c.at(n, "where"), "write plain words", "%q holds signs that mean something else in the bot's sentences", s.Where)
	}
	if hasSigns(s.Name) {
		c.report(c.at(n, "name"), fmt.Sprintf("write a plain name, and label: %q beside it", s.Name), "%q holds signs that mean something else in the bot's sentences", s.Name)
	}
}

// hasSigns reports whether words would not show in a comment as they are written.
func hasSigns(words string) bool {
	return strings.ContainsAny(words, "`*<>[]@\\|~\"") || strings.ContainsFunc(words, unicode.IsControl)
}

// checkMeanings looks at what the states mean together.
func (c *tableCheck) checkMeanings() {
	for n, s := range c.states {
		onPath := n < len(c.Path)
		switch {
		case onPath && !s.Is.onPath():
			c.report(c.at(n, "is"), "move it beside the path", "%q means %s, which is no step on the path", s.Name, s.Is)
		case !onPath && s.Is != NoMeaning && s.Is.onPath():
			c.report(c.at(n, "is"), "move it there, or take the meaning away", "%q means %s, which is a step on the path", s.Name, s.Is)
		}
	}
	intake := slices.IndexFunc(c.Path, func(s State) bool { return s.Is == Intake })
	switch {
	case intake < 0:
		c.report("", c.exampleIntake(), "no state means intake, where new issues begin")
	case intake > 0:
		c.report(c.at(intake, "is"), "the path begins with the intake", "%q means intake and comes after %q", c.Path[intake].Name, c.Path[0].Name)
	}
}

// exampleIntake is the hint for a path without an intake.
func (c *tableCheck) exampleIntake() string {
	example := State{Name: "todo"}
	if len(c.Path) > 0 && c.Path[0].Name != "" {
		example = c.Path[0]
	}
	return fmt.Sprintf("give that meaning to the first state of the path: {name: %q, is: intake}", example.Name)
}

// ordered are the meanings between which rules and commands move issues, in the order of the path. The others may stand anywhere among them.
var ordered = []Meaning{Intake, Breakdown, Refinement, Review, Ready, Development, CodeReview, Done}

// checkOrder looks whether the path leads forward: what comes next for the rules also comes later.
func (c *tableCheck) checkOrder() {
	var last State
	for n, s := range c.Path {
		switch {
		case last.Is == Done && s.Is != Done && last.Name != "" && s.Name != "": // one without a name is told already
			c.report(c.at(n, "name"), "the path ends with what is done", "%q comes after %q, which means done", s.Name, last.Name)
		case !slices.Contains(ordered, s.Is):
		case slices.Index(ordered, s.Is) < slices.Index(ordered, last.Is):
			c.report(c.at(n, "is"), "put it before", "%q means %s and comes after %q, which means %s", s.Name, s.Is, last.Name, last.Is)
		default:
			last = s
		}
	}
}

// checkMoves looks whether the moves and the start name states, and whether every state can be reached.
func (c *tableCheck) checkMoves() {
	before := len(c.faults)
	known := make([]string, len(c.states))
	for n, s := range c.states {
		known[n] = s.Name
	}
	known = slices.DeleteFunc(known, func(name string) bool { return name == "" })
	if c.Start != "" && !slices.Contains(known, c.Start) {
		c.report("start", didYouMean(c.Start, known), "new issues start in %q, which is no state", c.Start)
	}
	for _, to := range slices.Sorted(maps.Keys(c.Moves)) {
		if !slices.Contains(known, to) {
			c.report("moves."+to, didYouMean(to, known), "a move leads into %q, which is no state", to)
		}
		for i, from := range c.Moves[to] {
			if !slices.Contains(known, from) {
				c.report(fmt.Sprintf("moves.%s[%d]", to, i), didYouMean(from, known), "%q is entered from %q, which is no state", to, from)
			}
		}
	}
	if len(c.faults) == before && len(c.Moves) > 0 {
		c.checkReachable()
	}
}

// checkReachable looks whether every state with limited moves can be reached from the start.
func (c *tableCheck) checkReachable() {
	w := indexWorkflow(c.WorkflowTable)
	if w.Start == "" {
		return
	}
	reached := []string{w.Start}
	for n := 0; n < len(reached); n++ {
		for _, next := range w.After(reached[n]) {
			if !slices.Contains(reached, next) {
				reached = append(reached, next)
			}
		}
	}
	for _, to := range slices.Sorted(maps.Keys(c.Moves)) {
		if !slices.Contains(reached, to) {
			c.report("moves."+to, "name a state from which it may be entered", "no way leads from %q into %q", w.Start, to)
		}
	}
}

// didYouMean is the hint for a name that is no state's.
func didYouMean(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "the states are " + cmp.Or(strings.Join(known, ", "), "still to be written")
}
