package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/rules/triage"
)

// Workflow is the workflow of a team that does not work by the handbook's. Without states the handbook's is in force.
type Workflow struct {
	States []triage.State // the path, in order
	Beside []triage.State
	Moves  map[string][]string // names of the states from which one may be entered
	Start  string              // name of a state; empty is the first intake
	Store  triage.Store
}

func (w *Workflow) keys() []key {
	return []key{
		{name: "states", help: `The states in the order in which an issue goes through them: [{name: doing, label: "Doing", is: development, needs: [assignee]}]` + "\n" +
			"  name: as people write it in commands, and the value of its label in the scope labels.workflow; if that is \"\", the whole label\n" +
			"  label: its label, if that is another one\n" +
			"  is: what it means to the rules: " + strings.Join(meaningNames(func(triage.Meaning) bool { return true }), ", ") + "\n" +
			"  needs: what an issue has to have there: " + requirementNames() + "\n" +
			"  where: how a sentence says that an issue is there: in development\n" +
			"  status: the work item status that stands for it where store is status or both; if it is left out, the one of the state's name", kind: stateList{&w.States}},
		{name: "beside", help: "States beside that order, written alike: where an issue is blocked, or dropped", kind: stateList{&w.Beside}},
		{name: "moves", help: "From which states one may be entered: {doing: [todo, review]}; states that are left out, from any", kind: moveTable{&w.Moves}},
		{name: "store", help: "Where issues keep their state: label; status: in the work item's status, in a label where GitLab has no licence for statuses; both: in step, what was touched last counts", kind: choiceValue(&w.Store, triage.StoreLabel, triage.StoreLabel, triage.StoreStatus, triage.StoreBoth)},
		{name: "start", help: "The state that new issues get; empty is the first that means intake", kind: optionalValue(&w.Start, "the name of a state", parseTextLine)},
	}
}

// table is the workflow as the rules take it; false if the handbook's is in force.
func (w *Workflow) table() (t triage.WorkflowTable, own bool) {
	return triage.WorkflowTable{Path: w.States, Beside: w.Beside, Moves: w.Moves, Start: w.Start}, len(w.States) > 0
}

// workflow is what the rules go by: the team's own workflow, else the handbook's. The configuration has been checked.
func (c *Config) workflow() *triage.Workflow {
	if table, own := c.Workflow.table(); own {
		if w, err := triage.NewWorkflow(table); err == nil {
			return w
		}
	}
	return triage.HandbookWorkflow()
}

// stateKeys are the keys of one state.
func stateKeys(s *triage.State) section {
	return section{noun: "key of a state", keys: []key{
		{name: "name", kind: textValue(&s.Name, "", "a name such as doing", parseTextLine)},
		{name: "label", kind: optionalValue(&s.Label, "a label", parseLabel)},
		{name: "is", kind: scalar[triage.Meaning]{
			field: &s.Is, want: "one meaning such as development", form: oneOf(meaningNames(func(triage.Meaning) bool { return true })...),
			parse: parseMeaning, format: func(m triage.Meaning) string { return yamlText(m.String()) },
		}},
		{name: "needs", kind: listValue{
			want: "needs", example: "[weight, assignee]", single: true, repeats: true, pairs: true, item: parseRequirement,
			get: func() []string { return textsOf(s.Needs) },
			put: func(items []string) {
				s.Needs = nil
				for _, item := range items {
					s.Needs = append(s.Needs, triage.Requirement(item))
				}
			},
		}},
		{name: "where", kind: optionalValue(&s.Where, "words such as in development", parseTextLine)},
		{name: "status", kind: optionalValue(&s.Status, "the name of a status", parseTextLine)},
	}}
}

func textsOf[T ~string](words []T) []string {
	texts := make([]string, len(words))
	for n, w := range words {
		texts[n] = string(w)
	}
	return texts
}

// meaningNames are the names of some meanings.
func meaningNames(such func(triage.Meaning) bool) []string {
	var names []string
	for _, m := range triage.Meanings() {
		if such(m) {
			names = append(names, m.String())
		}
	}
	return names
}

func requirementNames() string {
	return strings.Join(textsOf(triage.Requirements()), ", ") + " or label:<name>"
}

// parseMeaning reads what a state means.
func parseMeaning(lit literal) (triage.Meaning, *diagnostic) {
	for _, m := range triage.Meanings() {
		if m.String() == lit.text {
			return m, nil
		}
	}
	names := meaningNames(func(triage.Meaning) bool { return true })
	return triage.NoMeaning, diagnosticf(suggest(lit.text, names, ""), "no state can mean %s", quote(lit.text))
}

// parseRequirement reads what a state needs.
func parseRequirement(lit literal) (string, *diagnostic) {
	s, f := parseTextLine(lit)
	if f != nil {
		return "", f
	}
	if label := triage.Requirement(s).Label(); label != "" {
		if _, f := parseLabel(literal{text: label}); f != nil {
			return "", f
		}
		return s, nil
	}
	if triage.Requirement(s).Valid() {
		return s, nil
	}
	if word, label, ok := strings.Cut(s, ":"); ok && label != "" && triage.Nearest(word, []string{"label"}) != "" {
		return "", diagnosticf("did you mean "+quote("label:"+label)+"?", "no state can need %s", quote(s))
	}
	return "", diagnosticf(suggest(s, append(textsOf(triage.Requirements()), "label:<name>"), ""), "no state can need %s", quote(s))
}

// stateList is a schemaValue: a list of states, each a mapping, or a word for one that has but a name.
type stateList struct{ field *[]triage.State }

func (l stateList) reset()         { *l.field = nil }
func (l stateList) limits() string { return "" }
func (l stateList) plain() string  { return l.text() }

func (l stateList) text() string {
	all := make([]string, len(*l.field))
	for n := range *l.field {
		var parts []string
		for _, k := range stateKeys(&(*l.field)[n]).keys {
			if text := k.kind.text(); text != `""` && text != "[]" {
				parts = append(parts, k.name+": "+text)
			}
		}
		all[n] = "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (l stateList) shape() shape {
	var s triage.State
	one := stateKeys(&s).shape()
	one["required"] = []string{"name"}
	return shape{"type": "array", "items": either(shape{"type": "string", "minLength": 1}, one)}
}

func (l stateList) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil {
		return
	}
	list, ok := target.(*ast.SequenceNode)
	if !ok {
		r.report(path, n, diagnosticf("write a list such as [{name: todo, is: intake}, {name: done, is: done}]", "this is %s, a list of states is wanted", nodeKind(target)))
		return
	}
	r.origin[path] = origin{spot: position(list)}
	states := make([]triage.State, len(list.Values))
	for n, value := range list.Values {
		readState(r, path+"["+strconv.Itoa(n)+"]", value, &states[n])
	}
	*l.field = states
}

// readState reads one state.
func readState(r *reader, path string, n ast.Node, s *triage.State) {
	target := r.resolve(path, n)
	if target == nil {
		return
	}
	r.origin[path] = origin{spot: position(n)}
	keys := stateKeys(s)
	if isWord(target) {
		keys.keys[0].kind.read(r, joinPath(path, "name"), target)
		return
	}
	keys.read(r, path, target)
	if s.Name == "" && !r.origin[path].bad && !r.origin[joinPath(path, "name")].bad {
		r.report(path, n, diagnosticf("write {name: doing} and what else there is to say", "the state has no name"))
	}
}

// moveTable is a schemaValue: lists of states by the name of a state.
type moveTable struct{ field *map[string][]string }

func (m moveTable) reset()         { *m.field = nil }
func (m moveTable) limits() string { return "" }
func (m moveTable) plain() string  { return m.text() }

func (m moveTable) text() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(*m.field)) {
		parts = append(parts, yamlText(name)+": "+exampleList((*m.field)[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (m moveTable) shape() shape {
	word := shape{"type": "string", "minLength": 1}
	return shape{"type": []string{"object", "null"}, "additionalProperties": either(word, shape{"type": "array", "items": word, "uniqueItems": true})}
}

func (m moveTable) read(r *reader, path string, n ast.Node) {
	target := r.resolve(path, n)
	if target == nil || target.Type() == ast.NullType {
		return
	}
	entries, ok := r.mapping(path, target)
	if !ok {
		r.report(path, n, diagnosticf("write {doing: [todo, review]}", "this is %s, states and lists of states are wanted", nodeKind(target)))
		return
	}
	all := map[string][]string{}
	for _, e := range entries {
		here := joinPath(path, e.key)
		listValue{
			want: "states", example: "[todo, review]", single: true, item: parseTextLine,
			get: func() []string { return all[e.key] }, put: func(items []string) { all[e.key] = items },
		}.read(r, here, e.value)
		if !r.origin[here].bad {
			r.origin[here] = origin{spot: position(e.at)}
		}
	}
	*m.field = all
}
