package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/config/document"
	"flowkeeper/rules/triage"
)

// file is the state of reading one file.
type file struct {
	name     string
	doc      *document.Document
	defaults Defaults
	ids      slugs
	all      *Policies
	problems document.Problems
	steps    int
}

// maxSteps bounds how many conditions and actions are read: aliases could repeat a rule, and what is in it, many thousand times.
const maxSteps = 20_000

// step counts what is read. It returns false once it is too much, which is reported once.
func (f *file) step(at document.Location) bool {
	if f.steps++; f.steps == maxSteps {
		f.reportf(at, "", "the aliases repeat more than can be read")
	}
	return f.steps < maxSteps
}

// report notes a problem of the file.
func (f *file) report(at document.Location, d *document.Diagnostic) {
	f.problems = append(f.problems, *f.doc.Problem(at, d))
}

func (f *file) reportf(at document.Location, do, format string, args ...any) {
	f.report(at, document.Diagnosticf(do, format, args...))
}

func (f *file) remarkf(at document.Location, do, format string, args ...any) {
	f.all.Remarks = append(f.all.Remarks, Remark{File: f.name, Line: at.Line, What: fmt.Sprintf(format, args...), Do: do})
}

// The keys of the file, and of what it says of a resource.
const (
	keyResources = "resource_rules"
	keyRules     = "rules"
	keySummaries = "summaries"
)

// The resources that the gem knows. We know the first two.
const (
	issues        = "issues"
	mergeRequests = "merge_requests"
	epics         = "epics"
	branches      = "branches"
)

var resources = []string{issues, mergeRequests, epics, branches}

func (f *file) read() {
	if f.doc.Root == nil {
		f.remarkf(document.Location{}, "", "the file says nothing")
		return
	}
	t := &tree{doc: f.doc, report: f.report, made: map[ast.Node]*node{}, making: map[ast.Node]bool{}}
	root := t.node(f.doc.Root)
	if len(f.problems) > 0 {
		return
	}
	if root.kind != mapping {
		f.reportf(root.at, `write "resource_rules:" and the rules below it`, "this is %s, the keys of a policy file are wanted", kindText(root))
		return
	}
	f.lostKeys(root)
	found := root.get(keyResources)
	if found == nil {
		f.noResources(root)
		return
	}
	if found.kind == null {
		return
	}
	if !f.wantMapping(found, `write "issues:" below it, further indented`) {
		return
	}
	f.lostKeys(found)
	for _, e := range found.entries {
		if !slices.Contains(resources, e.key) {
			f.reportf(e.at, document.Suggest(e.key, resources, ""), "there are no rules for %s", document.Quote(e.key))
			continue
		}
		f.resource(e.key, e.value)
	}
}

// noResources says what is wrong with a file without rules.
func (f *file) noResources(root *node) {
	var keys []string
	for _, e := range root.entries {
		keys = append(keys, e.key)
	}
	for _, e := range root.entries {
		if triage.Nearest(e.key, []string{keyResources}) != "" {
			f.reportf(e.at, document.Suggest(e.key, []string{keyResources}, ""), "there is no such key in a policy file")
			return
		}
	}
	if slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(resources, k) || k == keyRules }) {
		f.reportf(root.at, "write resource_rules: above, and this below it, further indented", "the rules do not stand below resource_rules")
		return
	}
	f.reportf(root.at, "a policy file has resource_rules, issues below it, and rules below that; is this one?", "there is no resource_rules")
}

// lostKeys says of keys that come twice outside of rules which one the gem takes.
func (f *file) lostKeys(n *node) {
	for _, l := range n.lost {
		f.remarkf(l.by, "remove one of the two", "%s is there already, in line %d; the last one counts, as for the gem", l.key, l.at.Line)
	}
}

// wantMapping reports a value that has to be a mapping and is none.
func (f *file) wantMapping(n *node, do string) bool {
	if n.kind != mapping {
		f.reportf(n.at, do, "this is %s, keys and values are wanted", kindText(n))
	}
	return n.kind == mapping
}

// wantList reports a value that has to be a list and is none. No value is an empty list.
func (f *file) wantList(n *node, do string) bool {
	if n.kind != list && n.kind != null {
		f.reportf(n.at, do, "this is %s, a list is wanted", kindText(n))
	}
	return n.kind == list
}

// resource reads what a file says of one kind of resources.
func (f *file) resource(name string, n *node) {
	if n.kind == null || !f.wantMapping(n, `write "rules:" below it, further indented`) {
		return
	}
	f.lostKeys(n)
	for _, e := range n.entries {
		switch e.key {
		case keyRules:
			if f.wantList(e.value, `write "- name: …" below it, and so on for each rule`) {
				f.rules(name, e.value)
			}
		case keySummaries:
			if f.wantList(e.value, `write "- name: …" below it`) {
				f.summaries(name, e.value)
			}
		default:
			if near := triage.Nearest(e.key, []string{keyRules, keySummaries}); near != "" {
				f.reportf(e.at, document.Suggest(e.key, []string{keyRules, keySummaries}, ""), "there is no such key below %s", name)
				continue
			}
			f.remarkf(e.at, "", "%s means nothing below %s, to the gem neither", document.Quote(e.key), name)
		}
	}
}

// rules reads the rules of a resource. Those of resources that no webhook tells of are listed alone.
func (f *file) rules(resource string, all *node) {
	for i, n := range all.items {
		at := all.places[i]
		if !f.step(at) {
			return
		}
		if n.kind == null {
			f.reportf(at, "remove it, or write the rule", "the rule is empty")
			continue
		}
		if !f.wantMapping(n, `write "name: …", "conditions:" and "actions:" below each other`) {
			continue
		}
		switch resource {
		case issues:
			f.rule(resource, triage.SubjectIssue, n, at, i)
		case mergeRequests:
			f.rule(resource, triage.SubjectMergeRequest, n, at, i)
		case epics:
			f.listed(resource, n, at, false, "rules of epics are not run", "rules of issues, if the label or the state is wanted on the issues of the epic")
		case branches:
			f.listed(resource, n, at, false, "rules of branches are not run", "GitLab's own clean-up of merged branches, or the gem in a scheduled pipeline")
		}
	}
}

// summaries lists what makes an issue out of many.
func (f *file) summaries(resource string, all *node) {
	for i, n := range all.items {
		at := all.places[i]
		if !f.step(at) {
			return
		}
		if f.wantMapping(n, `write "name: …" and "actions:" below each other`) {
			f.listed(resource, n, at, true, "a summary makes one issue out of many, and rules here look at one at a time", insteadOfSummary)
		}
	}
}

const insteadOfSummary = "a report: flowkeeper report lists those that there are"

// listed notes an entry that never runs.
func (f *file) listed(resource string, n *node, at document.Location, summary bool, why, do string) {
	f.all.Entries = append(f.all.Entries, Entry{
		Name: nameOf(n), File: f.name, Line: at.Line, Resource: resource, Summary: summary, Notes: []Note{{Status: DoesNotRun, Line: at.Line, What: why, Do: do}},
	})
}

// nameOf is the name of a rule, "" for none.
func nameOf(n *node) string {
	if name := n.get("name"); name != nil && name.kind == word {
		return strings.Join(strings.Fields(name.text), " ")
	}
	return ""
}

// kindText names what a value is, for messages.
func kindText(n *node) string {
	switch n.kind {
	case null:
		return "empty"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case word:
		switch n.word {
		case isBool:
			return "true or false"
		case isInteger:
			return "a number"
		case isText, isOther:
		}
	}
	return "a word"
}
