package policyfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"flowkeeper/config/document"
)

// node is a value of a file as the gem's YAML library reads it, which differs from others in what a merge key beats. Aliases share one node.
type node struct {
	kind    nodeKind
	at      document.Location
	text    string // of a word
	word    wordKind
	first   int // the line of the text's first line; 0 if its lines are not those of the file
	items   []*node
	places  []document.Location // of the items, where an alias stands
	entries []entry
	index   map[string]int // of the entries
	lost    []lost
}

type nodeKind uint8

const (
	null nodeKind = iota
	word
	list
	mapping
)

// wordKind is what Ruby makes of a word.
type wordKind uint8

const (
	isText wordKind = iota
	isInteger
	isBool
	isOther // a date, a time, a symbol, an odd number: its text may not be what Ruby would write
)

// entry is a key with its value, the last one that the file gives it.
type entry struct {
	key    string
	at     document.Location
	value  *node
	merged bool // comes from elsewhere
}

// lost is a value that the gem does not see, because the same key comes again.
type lost struct {
	key    string
	at     document.Location // of the key that does not count
	by     document.Location // of the key, or of the merge, that counts
	merged bool
}

// get is the value of a key, nil if there is none.
func (n *node) get(key string) *node {
	if i, ok := n.index[key]; ok {
		return n.entries[i].value
	}
	return nil
}

// maxEntries bounds the keys of a file, merged ones counted each time: a few nested merges could name millions.
const maxEntries = 50_000

// tree makes nodes of a document.
type tree struct {
	doc     *document.Document
	report  func(at document.Location, f *document.Diagnostic)
	made    map[ast.Node]*node
	making  map[ast.Node]bool
	entries int
}

// node makes a node of a value. What is wrong is reported, and read as null.
func (t *tree) node(n ast.Node) *node {
	target, f := t.doc.Resolve(n)
	if f != nil {
		t.report(document.Position(n), f)
		return &node{at: document.Position(n)}
	}
	if target == nil {
		return &node{}
	}
	if known := t.made[target]; known != nil {
		return known
	}
	if t.making[target] {
		t.report(document.Position(n), document.Diagnosticf("write it out", "this stands within what it repeats"))
		return &node{at: document.Position(n)}
	}
	t.making[target] = true
	made := t.make(target)
	delete(t.making, target)
	t.made[target] = made
	return made
}

func (t *tree) make(n ast.Node) *node {
	at := document.Position(n)
	switch v := n.(type) {
	case *ast.NullNode:
		return &node{at: at}
	case *ast.SequenceNode:
		made := &node{kind: list, at: at}
		for _, item := range v.Values {
			made.items = append(made.items, t.node(item))
			made.places = append(made.places, document.Position(item))
		}
		return made
	case *ast.MappingNode:
		return t.mapping(at, v.Values)
	case *ast.MappingValueNode:
		return t.mapping(at, []*ast.MappingValueNode{v})
	case *ast.StringNode:
		quoted := v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType
		made := &node{kind: word, at: at, text: v.Value}
		if !quoted {
			made.word = plainKind(v.Value)
		}
		if !strings.Contains(v.Value, "\n") {
			made.first = at.Line
		}
		return made
	case *ast.LiteralNode:
		made := &node{kind: word, at: at, text: v.Value.Value}
		if strings.HasPrefix(v.Start.Value, "|") {
			made.first = at.Line + 1
		}
		return made
	case *ast.TagNode:
		return t.tagged(at, v)
	case ast.ScalarNode:
		return &node{kind: word, at: at, text: document.Text(v), word: plainKind(document.Text(v)), first: at.Line}
	default:
		t.report(at, document.Diagnosticf("write a word, a list or a mapping", "this is %s", document.Kind(n)))
		return &node{at: at}
	}
}

// tagged makes a node of a value with a tag. Of all tags only that of texts is harmless.
func (t *tree) tagged(at document.Location, v *ast.TagNode) *node {
	inner, ok := v.Value.(ast.ScalarNode)
	if !ok || v.Start.Value != "!!str" {
		t.report(at, document.Diagnosticf("leave it out", "the tag %s is not understood", document.Quote(v.Start.Value)))
		return &node{at: at}
	}
	return &node{kind: word, at: at, text: document.Text(inner), first: at.Line}
}

// mapping makes a node of keys and values in their order. A merge key counts where it stands: it beats the keys before it, and those behind it beat
// it.
func (t *tree) mapping(at document.Location, values []*ast.MappingValueNode) *node {
	made := &node{kind: mapping, at: at, index: map[string]int{}}
	for _, v := range values {
		here := document.Position(v.Key)
		if v.Key.IsMergeKey() {
			t.merge(made, document.Position(v.Value), v.Value)
			continue
		}
		key, ok := document.KeyText(v.Key)
		if !ok {
			t.report(here, document.Diagnosticf(`write "key: value"`, "a key has to be a plain word"))
			continue
		}
		t.set(made, entry{key: key, at: here, value: t.node(v.Value)}, here)
	}
	return made
}

// merge sets the keys of a mapping, or of a list of mappings the first of which counts.
func (t *tree) merge(into *node, at document.Location, n ast.Node) {
	source := t.node(n)
	if source.kind == mapping {
		into.lost = append(into.lost, source.lost...)
		for _, e := range source.entries {
			t.set(into, entry{key: e.key, at: e.at, value: e.value, merged: true}, at)
		}
		return
	}
	if source.kind != list || slices.ContainsFunc(source.items, func(i *node) bool { return i.kind != mapping }) {
		t.report(at, document.Diagnosticf("write <<: *name of a mapping", "only a mapping can be merged"))
		return
	}
	seen := map[string]bool{}
	for _, item := range source.items {
		into.lost = append(into.lost, item.lost...)
		for _, e := range item.entries {
			if !seen[e.key] {
				t.set(into, entry{key: e.key, at: e.at, value: e.value, merged: true}, at)
			}
		}
		for _, e := range item.entries {
			seen[e.key] = true
		}
	}
}

// set gives a key its value, and notes the value that is lost. A key that stands behind a merge is meant to beat it.
func (t *tree) set(into *node, e entry, by document.Location) {
	if t.entries++; t.entries >= maxEntries {
		if t.entries == maxEntries {
			t.report(by, document.Diagnosticf("", "the merges name more than %d keys", maxEntries))
		}
		return
	}
	i, twice := into.index[e.key]
	if !twice {
		into.index[e.key] = len(into.entries)
		into.entries = append(into.entries, e)
		return
	}
	if old := into.entries[i]; !sameWord(old.value, e.value) && (e.merged || !old.merged) {
		into.lost = append(into.lost, lost{key: e.key, at: old.at, by: by, merged: e.merged})
	}
	into.entries[i] = e
}

// sameWord reports whether nothing is lost when one value takes the place of another.
func sameWord(a, b *node) bool {
	return a == b || a.kind == word && b.kind == word && a.text == b.text && a.word == b.word
}

var (
	integer  = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
	decimal  = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,6})\.(0|[0-9]{0,6}[1-9])$`) // Ruby writes it as it is
	rubyBool = regexp.MustCompile(`(?i)^(yes|no|true|false|on|off)$`)
	// rubyOther are symbols, dates and times, numbers in other forms, and times of the day, which are numbers, too.
	rubyOther = regexp.MustCompile(`^(:\S.*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9 :.Zz+-]+)?|` +
		`[-+]?(0[xX][0-9a-fA-F_,]+|0b[01_,]+|[0-9][0-9_,]*|([0-9][0-9_,]*)?\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.(?i:inf))|` +
		`\.(?i:nan)|[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}(\.[0-9_]*)?)$`)
)

// plainKind is what Ruby makes of a word without quotes.
func plainKind(s string) wordKind {
	switch {
	case integer.MatchString(s):
		return isInteger
	case rubyBool.MatchString(s):
		return isBool
	case decimal.MatchString(s):
		return isText
	case rubyOther.MatchString(s):
		return isOther
	default:
		return isText
	}
}
