package config

import (
	"github.com/goccy/go-yaml/ast"

	"flowkeeper/config/document"
)

// maxEntries bounds how many keys are looked at, merged ones counted each time: a few nested merges could name millions.
const maxEntries = 10_000

// reader is the state of reading one configuration: the problems found so far and where each value came from.
type reader struct {
	schema   section
	doc      *document.Document
	problems Problems
	origin   map[string]origin // by the path of the key
	entries  int
	merging  int // depth of merges being resolved

	policyModes []policyMode // that wait for the policies
}

// origin is where the value of a key came from. bad marks a value that was wrong: the default is in force then, so it is not compared with others.
type origin struct {
	spot     location
	variable string
	bad      bool
}

// report notes a diagnostic at a node of the file.
func (r *reader) report(path string, n ast.Node, f *diagnostic) {
	r.reportAt(path, position(n), f)
}

// reportAt notes a diagnostic at a place in the file.
func (r *reader) reportAt(path string, at location, f *diagnostic) {
	p := r.doc.Problem(at, f)
	p.Path = maskText(path)
	r.problems = append(r.problems, *p)
	r.origin[path] = origin{spot: at, bad: true}
}

// reportVariable notes a diagnostic of an environment variable.
func (r *reader) reportVariable(name string, f *diagnostic) {
	r.problems = append(r.problems, Problem{Path: name, Message: maskText(f.Message), Hint: maskText(f.Hint)})
}

// resolve follows anchors and aliases. It reports an alias that leads nowhere and returns nil.
func (r *reader) resolve(path string, n ast.Node) ast.Node {
	target, f := r.doc.Resolve(n)
	if f != nil {
		r.report(path, n, f)
	}
	return target
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    ast.Node // the key
	value ast.Node
}

// mapping lists the keys of a mapping in their order, with those that "<<" merges in behind them. Duplicate keys are reported and
// the first counts. ok is false if the node is no mapping; that is not reported.
func (r *reader) mapping(path string, n ast.Node) (entries []entry, ok bool) {
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	default:
		return nil, false
	}
	seen := map[string]location{}
	var merged []ast.Node
	for _, v := range values {
		if !r.countEntry(path, v) {
			break
		}
		if v.Key.IsMergeKey() {
			merged = append(merged, v.Value)
			continue
		}
		key, plain := document.KeyText(v.Key)
		if !plain {
			r.report(path, v.Key, diagnosticf("write \"key: value\"", "a key has to be a plain word"))
			continue
		}
		if first, twice := seen[key]; twice {
			r.report(joinPath(path, key), v.Key, diagnosticf("remove one of the two", "the key is there already, in line %d", first.Line))
			continue
		}
		seen[key] = position(v.Key)
		entries = append(entries, entry{key: key, at: v.Key, value: v.Value})
	}
	for _, m := range merged {
		for _, e := range r.merge(path, m) {
			if _, own := seen[e.key]; !own {
				seen[e.key] = position(e.at)
				entries = append(entries, e)
			}
		}
	}
	return entries, true
}

// countEntry counts one key that is read. It returns false when there were too many, which it reports once.
func (r *reader) countEntry(path string, n ast.Node) bool {
	r.entries++
	if r.entries == maxEntries+1 {
		r.report(path, n, diagnosticf("", "the merges name more than %d keys", maxEntries))
	}
	return r.entries <= maxEntries
}

// merge lists the keys of the value of a "<<" key: a mapping or a list of mappings.
func (r *reader) merge(path string, n ast.Node) []entry {
	target := r.resolve(path, n)
	if target == nil {
		return nil
	}
	list, ok := target.(*ast.SequenceNode)
	if !ok {
		return r.mergeOne(path, n, target)
	}
	var all []entry
	for _, v := range list.Values {
		if target := r.resolve(path, v); target != nil {
			all = append(all, r.mergeOne(path, n, target)...)
		}
	}
	return all
}

// mergeOne lists the keys of one merged mapping. at is the value of the "<<" key.
func (r *reader) mergeOne(path string, at, target ast.Node) []entry {
	const deepest = 10
	r.merging++
	defer func() { r.merging-- }()
	if !r.countEntry(path, at) {
		return nil
	}
	if r.merging > deepest {
		r.report(path, at, diagnosticf("", "the merges are nested too deep"))
		return nil
	}
	entries, ok := r.mapping(path, target)
	if !ok {
		r.report(path, at, diagnosticf("write <<: *name of a mapping", "only a mapping can be merged"))
	}
	return entries
}

// joinPath is the path of a key within a section.
func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// literal is one word of the file or the value of a variable, before it is known what it should be.
type literal struct {
	text string
	typ  literalType
}

// literalType is the type that YAML gives a word.
type literalType int

const (
	isText literalType = iota
	isNumber
	isBool
)

// literal reads a node that has to be one word. want says in the message what should stand there: "a duration such as 5m".
func (r *reader) literal(path string, n ast.Node, want string) (literal, bool) {
	n = r.resolve(path, n)
	if n == nil {
		return literal{}, false
	}
	switch v := n.(type) {
	case *ast.StringNode:
		return literal{text: v.Value}, true
	case *ast.LiteralNode:
		return literal{text: v.Value.Value}, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return literal{text: document.Text(v), typ: isNumber}, true
	case *ast.BoolNode:
		return literal{text: document.Text(v), typ: isBool}, true
	case *ast.TagNode:
		if inner, ok := v.Value.(ast.ScalarNode); ok && v.Start.Value == "!!str" {
			return literal{text: document.Text(inner)}, true
		}
		r.report(path, v, diagnosticf("leave it out", "the tag %s is not understood", quote(v.Start.Value)))
		return literal{}, false
	case *ast.NullNode:
		r.report(path, v, diagnosticf("write "+want+", or leave the key out", "there is no value"))
		return literal{}, false
	default:
		r.report(path, v, diagnosticf("write "+want, "this is %s", nodeKind(v)))
		return literal{}, false
	}
}
