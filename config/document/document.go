// Package document reads YAML files that people write: strictly, within bounds, and with the place of every mistake. What a file may say is known
// to those who read it; this package knows the network and the clock as little as they do.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on what is parsed. A full configuration has 5 KiB, some 500 words and signs, and is nested 4 deep. The parser takes time
// quadratic in words and in depth, and its recursion follows the depth, so size alone would not bound it.
const (
	MaxSize   = 1 << 20
	maxTokens = 20_000
	maxDepth  = 50
)

// Document is a parsed file.
type Document struct {
	Name string
	Root ast.Node // nil if the file says nothing

	text    string
	lines   []string // of the text with secrets hidden, for excerpts; made for the first problem
	aliases map[*ast.AliasNode]ast.Node
}

// Parse reads the source of a file. If it cannot be read there is one problem, the first.
func Parse(name string, source []byte) (*Document, *Problem) {
	doc := &Document{Name: name, aliases: map[*ast.AliasNode]ast.Node{}}
	if len(source) > MaxSize {
		return doc, doc.problem(0, 0, Diagnosticf("a configuration has a few KiB; is this the right file?", "the file is larger than 1 MiB"))
	}
	if bytes.HasPrefix(source, []byte("\xff\xfe")) || bytes.HasPrefix(source, []byte("\xfe\xff")) {
		return doc, doc.problem(0, 0, Diagnosticf("save it as UTF-8", "the file is written in UTF-16"))
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if line, column, bad := badCharacter(source); bad != nil {
		return doc, doc.problem(line, column, bad)
	}
	doc.text = strings.ReplaceAll(strings.ReplaceAll(string(source), "\r\n", "\n"), "\r", "\n")

	tokens := lexer.Tokenize(doc.text)
	if at, bad := checkBounds(tokens); bad != nil {
		return doc, doc.problem(at.Position.Line, at.Position.Column, bad)
	}
	file, err := parseTokens(tokens)
	if err != nil {
		return doc, doc.syntaxProblem(err)
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if _, directive := d.Body.(*ast.DirectiveNode); d.Body != nil && !directive {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) > 1 {
		at := Position(bodies[1])
		return doc, doc.problem(at.Line, at.Column, Diagnosticf("keep one and remove the line ---", "the file holds several documents"))
	}
	if len(bodies) == 1 {
		doc.Root = bodies[0]
		ast.Walk(&aliasVisitor{doc: doc, anchors: map[string]ast.Node{}}, doc.Root)
	}
	return doc, nil
}

// badCharacter finds the first byte that no YAML file may hold.
func badCharacter(source []byte) (line, column int, bad *Diagnostic) {
	line, column = 1, 1
	for rest := source; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, Diagnosticf("save it as UTF-8", "the file is not UTF-8")
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t' && r != '\r' || r == 0x7f:
			return line, column, Diagnosticf("remove it", "there is a control character (%#U)", r)
		}
		column++
		rest = rest[size:]
	}
	return 0, 0, nil
}

// The tokens that lead a level deeper: in flow style until one closes it, and before a value on the same line.
var (
	opensFlow   = []token.Type{token.SequenceStartType, token.MappingStartType}
	closesFlow  = []token.Type{token.SequenceEndType, token.MappingEndType}
	opensOnLine = []token.Type{token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType}
)

// checkBounds finds what would keep the parser busy for too long, before the parser is started.
func checkBounds(tokens token.Tokens) (*token.Token, *Diagnostic) {
	const hint = "is this the right file?"
	count, flow, onLine, line := 0, 0, 0, 0
	var indents []int // columns of the blocks that are open
	for _, t := range tokens {
		if t.Type == token.CommentType {
			continue
		}
		if count++; count > maxTokens {
			return t, Diagnosticf(hint, "the file is too long: a configuration has a few hundred words, this one more than %d", maxTokens)
		}
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
			for len(indents) > 0 && indents[len(indents)-1] >= t.Position.Column {
				indents = indents[:len(indents)-1]
			}
			indents = append(indents, t.Position.Column)
		}
		switch {
		case slices.Contains(opensFlow, t.Type):
			flow++
		case slices.Contains(closesFlow, t.Type):
			flow--
		case slices.Contains(opensOnLine, t.Type):
			onLine++
		case t.Type == token.CollectEntryType:
			onLine = 0
		}
		if flow > maxDepth || onLine > maxDepth || len(indents) > maxDepth {
			return t, Diagnosticf(hint, "this is nested more than %d levels deep", maxDepth)
		}
	}
	return nil, nil
}

// parseTokens calls the parser and turns a panic of it into an error: operators should see a message, not a stack trace.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", r)
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// aliasVisitor notes what each alias stands for: the anchor of its name that was defined last before it.
type aliasVisitor struct {
	doc     *Document
	anchors map[string]ast.Node
}

func (v *aliasVisitor) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode:
		v.anchors[Text(n.Name)] = n.Value
	case *ast.AliasNode:
		v.doc.aliases[n] = v.anchors[Text(n.Value)]
	}
	return v
}

// Resolve follows anchors and aliases. For an alias without an anchor, and for aliases that go round in circles, there is a diagnostic and no node.
func (d *Document) Resolve(n ast.Node) (ast.Node, *Diagnostic) {
	const longestChain = 20
	for range longestChain {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			target := d.aliases[v]
			if target == nil {
				name := Text(v.Value)
				return nil, Diagnosticf("define it before with &"+name, "there is no anchor %s", Quote(name))
			}
			n = target
		default:
			return n, nil
		}
	}
	return nil, Diagnosticf("", "the aliases go round in circles")
}

// syntaxHints explain the parser's most common errors in plain words.
var syntaxHints = []struct{ part, message, hint string }{
	{"found character '\t'", "there is a tab", "indent with blanks"},
	{"tab character", "there is a tab", "indent with blanks"},
	{"'@' is a reserved", "a word cannot begin with @", "write usernames without @"},
	{"'`' is a reserved", "a word cannot begin with `", "put it in quotes"},
	{"unexpected directive value", "a word cannot begin with %", "put it in quotes"},
	{"mapping value is not allowed", "a key is not expected here", "check the indentation; a text with \": \" needs quotes"},
	{"map key-value is pre-defined", "this does not belong to the line before", "check the indentation"},
	{"value is not allowed in this context", "a value is not expected here", "check the indentation and the line before"},
	{"sequence end token ']' not found", "the list is not closed", "add the missing ]"},
	{"',' or ']' must be specified", "the list is not closed", "add the missing , or ]"},
	{"could not find flow mapping end token", "the mapping is not closed", "add the missing }"},
	{"',' or '}' must be specified", "the mapping is not closed", "add the missing , or }"},
	{"single-quoted text", "the text in quotes is not closed", "add the missing '"},
	{"double-quoted text", "the text in quotes is not closed", `add the missing "`},
	{"non-map value is specified", "a key and a value are expected here", "write \"key: value\""},
	{"unexpected key name", "a key is not complete", "write \"key: value\", with a blank behind the colon"},
}

// syntaxProblem is the parser's error as a problem.
func (d *Document) syntaxProblem(err error) *Problem {
	found, ok := errors.AsType[yaml.Error](err)
	if !ok || found.GetToken() == nil {
		return d.problem(0, 0, Diagnosticf("", "the file is not valid YAML: %s", MaskText(firstLine(err.Error()))))
	}
	at := found.GetToken().Position
	for _, s := range syntaxHints {
		if strings.Contains(found.GetMessage(), s.part) {
			return d.problem(at.Line, at.Column, Diagnosticf(s.hint, "invalid YAML: %s", s.message))
		}
	}
	return d.problem(at.Line, at.Column, Diagnosticf("", "invalid YAML: %s", MaskText(firstLine(found.GetMessage()))))
}

// Problem is a diagnostic with its place in the file.
func (d *Document) Problem(at Location, f *Diagnostic) *Problem {
	return d.problem(at.Line, at.Column, f)
}

func (d *Document) problem(line, column int, f *Diagnostic) *Problem {
	p := &Problem{File: d.Name, Line: line, Column: column, Message: MaskText(f.Message), Hint: MaskText(f.Hint)}
	if d.lines == nil {
		d.lines = maskSource(strings.Split(d.text, "\n"))
	}
	if line > 0 && line <= len(d.lines) {
		p.Excerpt = d.lines[line-1]
	}
	return p
}

// Location is a place in a file: a line and a column in characters, both from 1; the zero value is the file as a whole.
type Location struct{ Line, Column int }

// Position is where a node begins. A mapping's own token is its first colon, so its first key is asked.
func Position(n ast.Node) Location {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return Position(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return Position(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Location{t.Position.Line, t.Position.Column}
	}
	return Location{}
}

// Text is the text of a scalar without quotes.
func Text(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// firstLine cuts a text at its first line break.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// KeyText is a key as it is written, without quotes. ok is false for a key that is no plain word.
func KeyText(n ast.MapKeyNode) (text string, ok bool) {
	switch v := n.(type) {
	case *ast.MappingKeyNode:
		if inner, ok := v.Value.(ast.ScalarNode); ok {
			return Text(inner), true
		}
		return "", false
	case ast.ScalarNode:
		return Text(v), true
	default:
		return "", false
	}
}

// Kind names the type of a node, for messages.
func Kind(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "a word"
	default:
		return fmt.Sprintf("something else (%s)", n.Type())
	}
}
