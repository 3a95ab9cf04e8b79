package triage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkStates looks at each state by itself and at their names.
func checkStates(path, beside []State) error {
	var errs []error
	taken := map[string]string{} // by what people may write for a name
	for n, s := range slices.Concat(path, beside) {
		if s.Name == "" || s.Name != strings.TrimSpace(s.Name) {
			errs = append(errs, fmt.Errorf(`state %d is called %q: give it a name without blanks around it, such as "in dev"`, n+1, s.Name))
			continue
		}
		if scope := Scope(s.Name); scope != "" {
			errs = append(errs, fmt.Errorf("%q names a scope: the workflow has one for all its states, write %q", s.Name, Value(s.Name)))
		}
		if other, twice := taken[sameSeparators(s.Name)]; twice {
			errs = append(errs, fmt.Errorf("%q and %q are one name to those who write commands: give each state its own", other, s.Name))
		}
		taken[sameSeparators(s.Name)] = s.Name
		if s.Is >= meanings {
			errs = append(errs, fmt.Errorf("%q means something unknown (%d): the meanings are %s", s.Name, s.Is, strings.Join(meaningNames[1:], ", ")))
		}
		for _, r := range s.Needs {
			if !slices.Contains(Requirements(), r) {
				errs = append(errs, fmt.Errorf("%q needs %q, which is unknown: there are %v", s.Name, r, Requirements()))
			}
		}
	}
	return errors.Join(errs...)
}

// checkMeanings looks at what the states mean together.
func checkMeanings(path, beside []State) error {
	var errs []error
	for _, s := range path {
		if !s.Is.onPath() {
			errs = append(errs, fmt.Errorf("%q means %s, which is no step on the path: move it beside the path", s.Name, s.Is))
		}
	}
	for _, s := range beside {
		if s.Is != NoMeaning && s.Is.onPath() {
			errs = append(errs, fmt.Errorf("%q means %s, which is a step on the path: move it there, or take the meaning away", s.Name, s.Is))
		}
	}
	switch at := having(path, Intake); {
	case len(at) == 0:
		errs = append(errs, errors.New("no state means intake, where new issues begin: give that meaning to the first state of the path"))
	case len(at) > 1:
		errs = append(errs, fmt.Errorf("%q and %q both mean intake: only one state is where new issues begin, take the meaning away from the others",
			path[at[0]].Name, path[at[1]].Name))
	case at[0] > 0:
		errs = append(errs, fmt.Errorf("%q means intake and comes after %q: the path begins with the intake", path[at[0]].Name, path[0].Name))
	}
	if len(having(path, Done)) == 0 {
		errs = append(errs, errors.New("no state means done, where closed issues belong: give that meaning to the last state of the path"))
	}
	return errors.Join(append(errs, checkOrder(path))...)
}

// ordered are the meanings between which rules and commands move issues, in the order of the path. The others may stand anywhere among them.
var ordered = []Meaning{Intake, Breakdown, Refinement, Review, Ready, Development, CodeReview, Done}

// checkOrder looks whether the path leads forward: what comes next for the rules also comes later.
func checkOrder(path []State) error {
	var errs []error
	var last State
	for _, s := range path {
		switch {
		case last.Is == Done && s.Is != Done:
			errs = append(errs, fmt.Errorf("%q comes after %q, which means done: the path ends with what is done", s.Name, last.Name))
		case !slices.Contains(ordered, s.Is):
		case slices.Index(ordered, s.Is) < slices.Index(ordered, last.Is):
			errs = append(errs, fmt.Errorf("%q means %s and comes after %q, which means %s: put it before", s.Name, s.Is, last.Name, last.Is))
		default:
			last = s
		}
	}
	return errors.Join(errs...)
}

// having are the places of the states with a meaning.
func having(states []State, m Meaning) []int {
	var at []int
	for n, s := range states {
		if s.Is == m {
			at = append(at, n)
		}
	}
	return at
}
