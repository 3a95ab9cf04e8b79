// Package policyfile reads policy files in the language of the gitlab-triage gem. It says of every rule whether it runs, whether it runs otherwise
// than the gem would run it, or why it does not run at all: Ruby is never run, and what the gem would ignore is never ignored.
package policyfile

import (
	"flowkeeper/config/document"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// Source is a policy file: its name as people know it, and what it holds.
type Source struct {
	Name    string
	Content []byte
}

// Defaults are what a rule has that does not say otherwise.
type Defaults struct {
	Mode triage.Mode
	Own  bool // comments are comments of their own, else items of the bot's note
}

// Policies are what policy files hold.
type Policies struct {
	Rules   []policy.Rule // that run, in the order of the files
	Entries []Entry       // everything that the files list, in their order
	Remarks []Remark      // on files as a whole
}

// Entry is one rule of a file, or a summary, as its author sees it.
type Entry struct {
	ID       string // "policy/stale-issues"; "" for what can never run: rules of epics and branches, and summaries
	Name     string // as the file has it, "" for none
	File     string
	Line     int
	Resource string // "issues", "merge_requests", "epics", "branches"
	Summary  bool   // stands under summaries
	Mode     triage.Mode
	Notes    []Note
}

// Status is what becomes of a rule.
type Status uint8

// What becomes of a rule, from well to not at all.
const (
	Runs       Status = iota
	Differs           // runs otherwise than the gem would run it
	DoesNotRun        //
)

var statusNames = [...]string{"runs", "runs, differs", "does not run"}

// String is the status in words.
func (s Status) String() string { return statusNames[s] }

// MarshalText writes the status for programs.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Note says something of a rule: why it does not run, how it differs, or, with the status Runs, what is worth knowing.
type Note struct {
	Status Status
	Line   int
	What   string // a sentence without capital and full stop
	Do     string // what would express it, or mend it; may be empty
}

// Status is the worst that the notes say.
func (e Entry) Status() Status {
	worst := Runs
	for _, n := range e.Notes {
		worst = max(worst, n.Status)
	}
	return worst
}

// Remark says something of a file as a whole.
type Remark struct {
	File string
	Line int
	What string
	Do   string // may be empty
}

// Read reads policy files, whose rules have ids that differ from each other. What is no YAML, has not the shape of the language, or misspells a key
// that only we know is a problem; everything else is told in the entries. If there are problems, the policies are not to be used.
func Read(sources []Source, defaults Defaults) (Policies, document.Problems) {
	var all Policies
	var problems document.Problems
	ids := slugs{}
	for _, s := range sources {
		f := &file{name: s.Name, defaults: defaults, ids: ids, all: &all}
		doc, bad := document.Parse(s.Name, s.Content)
		if bad != nil {
			problems = append(problems, *bad)
			continue
		}
		f.doc = doc
		f.read()
		problems = append(problems, f.problems...)
	}
	return all, problems.Sorted()
}
