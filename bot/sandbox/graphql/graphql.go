// Package graphql answers questions in GraphQL out of plain values, against a schema. What a schema does not have is refused in the words of the library
// that GitLab uses.
package graphql

import (
	"fmt"
	"maps"
	"regexp"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// Object holds the fields of a type by their names: plain values, other objects, lists of them, or a Field for what has arguments or is costly.
// "__typename" is the name of its type where the schema has an interface.
type Object = map[string]any

// Field computes a field.
type Field func(arguments map[string]any) (any, error)

// Schema is what can be asked for.
type Schema struct{ schema *ast.Schema }

// NewSchema reads a schema, which may come in parts that extend one another.
func NewSchema(parts ...string) (*Schema, error) {
	var sources []*ast.Source
	for n, text := range parts {
		sources = append(sources, &ast.Source{Name: fmt.Sprintf("part %d", n+1), Input: text})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	return &Schema{schema}, nil
}

// Request is a question that fits the schema.
type Request struct {
	Mutation bool
	Fields   []string // what it asks for at the top

	schema    *ast.Schema
	doc       *ast.QueryDocument
	operation *ast.OperationDefinition
	variables map[string]any
}

// Read reads a question with its variables, which may hold what encoding/json makes. errs say why it does not fit the schema.
func (s *Schema) Read(query string, variables map[string]any) (r *Request, errs []string) {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return nil, []string{"Parse error on " + err.Error()}
	}
	for _, e := range validator.ValidateWithRules(s.schema, doc, nil) {
		errs = append(errs, inRuby(e.Message))
	}
	if len(errs) > 0 {
		return nil, errs
	}
	if len(doc.Operations) != 1 {
		return nil, []string{"An operation name is required"}
	}
	r = &Request{schema: s.schema, doc: doc, operation: doc.Operations[0], Mutation: doc.Operations[0].Operation == ast.Mutation}
	r.variables, err = validator.VariableValues(s.schema, r.operation, variables)
	if err != nil {
		return nil, []string{"Variable was provided invalid value: " + err.Error()}
	}
	for _, selection := range r.operation.SelectionSet {
		if f, is := selection.(*ast.Field); is {
			r.Fields = append(r.Fields, f.Name)
		}
	}
	return r, nil
}

// inRuby says what is wrong in the words of GitLab's library.
func inRuby(message string) string {
	for _, rule := range rubyWords {
		if rule.form.MatchString(message) {
			return rule.form.ReplaceAllString(message, rule.words)
		}
	}
	return message
}

var rubyWords = []struct {
	form  *regexp.Regexp
	words string
}{
	{regexp.MustCompile(`^Cannot query field "(\w+)" on type "(\w+)".*`), "Field '$1' doesn't exist on type '$2'"},
	{regexp.MustCompile(`^Unknown type "(\w+)".*`), "No such type $1, so it can't be a fragment condition"},
	{regexp.MustCompile(`^Unknown argument "(\w+)" on field "\w+\.(\w+)".*`), "Field '$2' doesn't accept argument '$1'"},
	{regexp.MustCompile(`^Field "(\w+)" is not defined by type "(\w+)".*`), "InputObject '$2' doesn't accept argument '$1'"},
}

// Answer gives the data, and the errors of fields that could not be computed: those are null.
func (r *Request) Answer(root Object) (data Object, errs []string) {
	return r.selected(r.operation.SelectionSet, root, &errs), errs
}

// selected picks the fields of a selection.
func (r *Request) selected(set ast.SelectionSet, of Object, errs *[]string) Object {
	found := Object{}
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			found[s.Alias] = r.value(s, of[s.Name], errs)
		case *ast.InlineFragment:
			r.merge(found, s.TypeCondition, s.SelectionSet, of, errs)
		case *ast.FragmentSpread:
			r.merge(found, s.Definition.TypeCondition, s.Definition.SelectionSet, of, errs)
		}
	}
	return found
}

// merge adds what a fragment selects, if the object is of its type.
func (r *Request) merge(found Object, condition string, set ast.SelectionSet, of Object, errs *[]string) {
	name, _ := of["__typename"].(string)
	if d := r.schema.Types[condition]; name != "" && condition != name && (d == nil || d.Kind == ast.Object) {
		return
	}
	maps.Copy(found, r.selected(set, of, errs))
}

// value completes a field: what it computes, and what is selected below it.
func (r *Request) value(f *ast.Field, v any, errs *[]string) any {
	if compute, is := v.(Field); is {
		computed, err := compute(f.ArgumentMap(r.variables))
		if err != nil {
			*errs = append(*errs, err.Error())
			return nil
		}
		v = computed
	}
	switch v := v.(type) {
	case Object:
		if v == nil {
			return nil
		}
		return r.selected(f.SelectionSet, v, errs)
	case []Object:
		list := make([]any, len(v))
		for n, o := range v {
			list[n] = r.selected(f.SelectionSet, o, errs)
		}
		return list
	}
	return v
}

// Nodes is a connection that has all on its one page.
func Nodes(list []Object) Object {
	if list == nil {
		list = []Object{}
	}
	return Object{"nodes": list, "pageInfo": Object{"hasNextPage": false, "endCursor": nil}}
}
