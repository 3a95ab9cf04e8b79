package history

import (
	"strconv"
	"strings"
)

// Filter says which decisions are wanted. Empty fields fit all.
type Filter struct {
	Project string // its path or id
	Rule    string // one that had something to say
	Outcome Outcome
	Undone  bool // a person undid something
}

// Fits reports whether a decision is wanted.
func (f Filter) Fits(e Entry) bool {
	return (f.Project == "" || strings.EqualFold(f.Project, e.Path) || f.Project == strconv.FormatInt(e.Issue.Project, 10)) &&
		(f.Rule == "" || e.Has(f.Rule)) && (f.Outcome == "" || f.Outcome == e.Outcome) && (!f.Undone || e.Undone())
}

// Select is one page of the decisions that are wanted, from 0, and how many there are in all.
func (f Filter) Select(entries []Entry, page, size int) (found []Entry, total int) {
	for _, e := range entries {
		if !f.Fits(e) {
			continue
		}
		if total/size == page {
			found = append(found, e)
		}
		total++
	}
	return found, total
}

// ProjectID finds the project with a path; ok is false if no decision is known of it.
func ProjectID(entries []Entry, path string) (id int64, ok bool) {
	for _, e := range entries {
		if strings.EqualFold(e.Path, path) {
			return e.Issue.Project, true
		}
	}
	return 0, false
}

// Projects are the paths of the projects with decisions, by when they had the last.
func Projects(entries []Entry) []string {
	var all []string
	seen := map[string]bool{"": true}
	for _, e := range entries {
		if !seen[e.Path] {
			seen[e.Path] = true
			all = append(all, e.Path)
		}
	}
	return all
}
