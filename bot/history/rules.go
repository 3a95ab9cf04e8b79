package history

import (
	"time"

	"flowkeeper/rules/triage"
)

// Of is what became of a rule since a time.
type Of struct {
	Fired  int     // issues on which it wanted something
	Undone int     // issues on which a person undid what it did
	Last   []Entry // the newest decision of each of the last of these, at most MaxUndone
}

// MaxUndone is how many issues Of names.
const MaxUndone = 3

// ByRule is what became of each rule since a time, by the entries, the newest first.
func ByRule(entries []Entry, since time.Time) map[string]Of {
	type place struct {
		rule  string
		issue triage.Ref
	}
	all := map[string]Of{}
	fired, undone := map[place]bool{}, map[place]bool{}
	for _, e := range entries {
		if e.At.Before(since) {
			break
		}
		for _, f := range e.Findings {
			of, at := all[f.Rule], place{f.Rule, e.Issue}
			if f.Wanted && !fired[at] {
				fired[at] = true
				of.Fired++
			}
			if f.Undone && !undone[at] {
				undone[at] = true
				of.Undone++
				if len(of.Last) < MaxUndone {
					of.Last = append(of.Last, e)
				}
			}
			all[f.Rule] = of
		}
	}
	return all
}
