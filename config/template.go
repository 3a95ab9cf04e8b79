package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"flowkeeper/config/document"
	"flowkeeper/rules/planning"
)

// Template is a Markdown file of the team's own.
type Template struct {
	File string // empty: none
	Text string // of the file when the configuration was loaded
}

// maxTemplate bounds a template; GitLab takes descriptions of a million characters.
const maxTemplate = 256 << 10

var placeholder = regexp.MustCompile(`\{\{\s*([^{}\n]*?)\s*\}\}`)

// templateValue is the path of a template, or empty. The file is read at once.
func templateValue(field *Template) scalar[Template] {
	return scalar[Template]{
		field: field, want: "the path of a file", format: func(t Template) string { return yamlText(t.File) },
		parse: func(lit literal) (Template, *diagnostic) {
			if lit.typ == isText && lit.text == "" {
				return Template{}, nil
			}
			path, f := parseTextLine(lit)
			if f != nil {
				return Template{}, f
			}
			text, f := readTemplate(path)
			return Template{File: path, Text: text}, f
		},
	}
}

// readTemplate reads a template and looks whether it can be filled in.
func readTemplate(path string) (string, *diagnostic) {
	source, err := document.ReadFile(path, maxTemplate)
	switch {
	case err != nil:
		return "", diagnosticf("write the path of a Markdown file, or leave it empty for the built-in one", "%s: %v", quote(path), err)
	case len(source) > maxTemplate:
		return "", diagnosticf("is this the right file?", "%s is larger than 256 KiB", quote(path))
	case !utf8.Valid(source):
		return "", diagnosticf("save it as UTF-8", "%s is not UTF-8", quote(path))
	}
	text := strings.ReplaceAll(string(source), "\r\n", "\n")
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(planning.Placeholders(), found[1]) {
			return "", diagnosticf(suggest(found[1], planning.Placeholders(), ""), "%s has {{%.40s}}, which stands for nothing", quote(path), found[1])
		}
	}
	if err := planning.CheckTemplate(text); err != nil {
		return "", diagnosticf("take one of them out", "%s: %v", quote(path), err)
	}
	return text, nil
}
