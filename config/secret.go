package config

import (
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"flowkeeper/config/document"
)

// hidden is what is shown in the place of a secret.
const hidden = document.Hidden

// Secret is a text that must not be printed. However it is formatted or marshalled, it says "<secret>"; only Reveal
// returns its value. The zero value is a secret that is not set.
type Secret struct{ value string }

// NewSecret hides a text.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the text. Call it where the secret is used, never where something is printed.
func (s Secret) Reveal() string { return s.value }

// IsSet reports whether there is a secret.
func (s Secret) IsSet() bool { return s.value != "" }

// Equal reports whether two secrets hold the same text.
func (s Secret) Equal(other Secret) bool { return s.value == other.value }

func (Secret) String() string { return hidden }

func (Secret) GoString() string { return hidden }

// Format implements fmt.Formatter, for the verbs that ask neither String nor GoString.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalYAML implements the marshaler of goccy/go-yaml.
func (Secret) MarshalYAML() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// secretValue is a key with a secret.
func secretValue(field *Secret, parse func(literal) (Secret, *diagnostic)) scalar[Secret] {
	return scalar[Secret]{field: field, parse: parse, format: func(s Secret) string { return secretsText(s) }}
}

// secretList is a schemaValue: several secrets, separated by commas.
type secretList struct {
	field *[]Secret
	parse func(literal) (Secret, *diagnostic)
}

func (l secretList) reset()         { *l.field = nil }
func (l secretList) text() string   { return secretsText(*l.field...) }
func (l secretList) limits() string { return "" }

// plain joins the secrets; none of them holds a comma.
func (l secretList) plain() string {
	values := make([]string, len(*l.field))
	for i, s := range *l.field {
		values[i] = s.Reveal()
	}
	return strings.Join(values, ",")
}

// read is never called: no secret has a key in the file.
func (l secretList) read(*reader, string, ast.Node) {}

func (l secretList) set(lit literal) *diagnostic {
	all, f := split(lit, l.parse)
	if f == nil {
		*l.field = all
	}
	return f
}

// secretsText shows how many secrets there are, not their values.
func secretsText(secrets ...Secret) string {
	var words []string
	for _, s := range secrets {
		if s.IsSet() {
			words = append(words, s.String())
		}
	}
	if len(words) == 0 {
		return "not set"
	}
	return joinWords(words)
}
