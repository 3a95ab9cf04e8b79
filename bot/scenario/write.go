package scenario

import (
	"bytes"
	"reflect"

	"github.com/goccy/go-yaml"
	"golang.org/x/tools/txtar"
)

// Encode writes the file, which Read gives back as it was. It panics if a rule has a value that no YAML can have.
func (f File) Encode() []byte {
	archive := txtar.Archive{Comment: []byte(f.About + "\n")}
	add := func(name string, data []byte) {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: data})
	}
	if f.Team != nil {
		add("team", encodePart(*f.Team))
	}
	if f.Rules != nil {
		add("rules", encodeValue(f.Rules))
	}
	if f.Policies != "" {
		add("policies", []byte(f.Policies))
	}
	add("issue", encodePart(f.Issue))
	if f.Memory != nil {
		add("memory", encodePart(*f.Memory))
	}
	if f.Around != nil {
		add("around", encodePart(*f.Around))
	}
	for _, s := range f.Steps {
		add("event", encodePart(s.Event))
		if s.Expected != "" {
			add("decision", []byte(s.Expected))
		}
	}
	return txtar.Format(&archive)
}

// encodePart writes a part, a line for every field that is not its zero value.
func encodePart(part any) []byte {
	var b bytes.Buffer
	v := reflect.ValueOf(part)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			b.WriteString(v.Type().Field(i).Tag.Get("yaml") + ": ")
			b.Write(encodeValue(f.Interface()))
		}
	}
	return b.Bytes()
}

// encodeValue writes a value on one line, as JSON. YAML includes that, and whatever is in a text is escaped, which the YAML encoder does not do
// to tabs.
func encodeValue(v any) []byte {
	data, err := yaml.MarshalWithOptions(v, yaml.JSON())
	if err != nil {
		panic(err) // texts, numbers, and lists and maps of them have a JSON
	}
	return data
}

// InsertDecisions puts the decisions into the text of a scenario, each behind its event, in place of those it has. All else stays as people wrote it.
func InsertDecisions(data []byte, decisions []string) []byte {
	archive := txtar.Parse(data)
	files := make([]txtar.File, 0, len(archive.Files))
	for _, f := range archive.Files {
		if f.Name == "decision" {
			continue
		}
		files = append(files, f)
		if f.Name == "event" && len(decisions) > 0 {
			files = append(files, txtar.File{Name: "decision", Data: []byte(decisions[0])})
			decisions = decisions[1:]
		}
	}
	archive.Files = files
	return txtar.Format(archive)
}
