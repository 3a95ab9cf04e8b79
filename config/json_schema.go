package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// shape is a JSON Schema of a value.
type shape map[string]any

// JSONSchema is the schema of the configuration file, for editors and for checks of repositories that hold one: what keys there are, what each
// may be and means. What depends on other keys, or on what a label means, only Load finds.
func JSONSchema(catalogue []triage.Rule) ([]byte, error) {
	c := Default(catalogue)
	s := schema(&c).shape()
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "Flowkeeper's configuration"
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(s)
	return b.Bytes(), err
}

// schemaFile is the schema's place beside the reference, whose first line names it to editors.
const schemaFile = "schema.json"

// withForm gives a value its shape in the schema.
func (o scalar[T]) withForm(s shape) scalar[T] {
	o.form = s
	return o
}

func (s section) shape() shape {
	properties := shape{}
	for _, k := range s.inFile() {
		p := k.kind.shape()
		if help := k.helpText(); help != "" {
			p["description"] = help
		}
		properties[k.name] = p
	}
	whole := shape{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if s.keep != nil {
		setting := policySetting(policy.Rule{})
		whole["patternProperties"] = shape{"^" + policy.Prefix: rule{&setting}.shape()}
	}
	if s.off != nil {
		return either(shape{"const": offWord}, whole)
	}
	return whole
}

func (o scalar[T]) shape() shape {
	if o.form == nil {
		return shape{"type": "string"}
	}
	return maps.Clone(o.form)
}

func (m listValue) shape() shape {
	items := maps.Clone(m.form)
	if items == nil {
		items = shape{"type": "string", "minLength": 1}
	}
	list := shape{"type": "array", "items": items}
	if !m.repeats {
		list["uniqueItems"] = true
	}
	if m.least > 0 {
		list["minItems"] = m.least
	}
	if m.single {
		return shape{"anyOf": []shape{items, list}}
	}
	return list
}

// secretList has no key in the file.
func (l secretList) shape() shape { return nil }

func (p byPerson[T]) shape() shape {
	var v T
	return shape{
		"type": []string{"object", "null"}, "additionalProperties": p.value(&v).shape(), "propertyNames": shape{"pattern": "^@?[A-Za-z0-9_.][A-Za-z0-9_.-]*$"},
	}
}

func (k rule) shape() shape {
	modes := oneOf(k.allowedModes()...)
	options := shape{modeKey: modes}
	for _, o := range k.setting.Meta.Options {
		options[o.Name] = optionShape(o)
	}
	return shape{"anyOf": []shape{modes, {"type": "object", "properties": options, "additionalProperties": false}}}
}

func optionShape(o triage.Option) shape {
	s := shape{"type": "string", "minLength": 1}
	if _, number := o.Default.(int); number {
		s = wholeNumber(o.Min, o.Max)
	}
	s["description"] = o.Help
	return s
}

// The shapes that values share.
func oneOf(words ...string) shape { return shape{"enum": words} }

// anyCase are words that may begin with a capital.
func anyCase(words []string) shape {
	all := slices.Clone(words)
	for _, w := range words {
		all = append(all, strings.ToUpper(w[:1])+w[1:])
	}
	return oneOf(all...)
}

func wholeNumber(least, most int) shape {
	return shape{"type": "integer", "minimum": least, "maximum": most}
}

func matching(pattern string) shape { return shape{"type": "string", "pattern": pattern} }

// either is one shape or another.
func either(a, b shape) shape { return shape{"anyOf": []shape{a, b}} }

var (
	durationShape = either(shape{"const": 0}, matching(`^[0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d)([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))*$`))
	dayShape      = matching(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	daysShape     = matching(`^[0-9]{4}-[0-9]{2}-[0-9]{2}( *\.\. *[0-9]{4}-[0-9]{2}-[0-9]{2})?$`)
	clockShape    = matching(`^([01]?[0-9]|2[0-3]):[0-5][0-9]$`)
	percentShape  = matching(`^[0-9]{1,3}%$`)
	sizeShape     = either(shape{"type": "integer", "minimum": 0}, matching(`^[0-9]{1,15} ?([A-Za-z]*)$`))
	idShape       = either(shape{"type": "integer", "minimum": 1}, shape{"type": "string", "minLength": 1})
	projectShape  = either(shape{"type": "integer", "minimum": 1}, matching(`^([0-9]+|[^/]+(/[^/]+)+)$`))
	urlShape      = matching(`^([Hh][Tt][Tt][Pp][Ss]?://.+)?$`)
	listenShape   = matching(`^[^/]*:[^:]*$`)
)
