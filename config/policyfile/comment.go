package policyfile

import (
	"regexp"
	"strings"

	"flowkeeper/config/document"
	"flowkeeper/rules/policy"
)

// readComment reads the text of a comment. Lines that GitLab would carry out become actions; the rest is a template.
func readComment(r *ruleReader, e entry) {
	if _, ok := r.text(e); !ok {
		return
	}
	c := &commentReader{ruleReader: r, e: e}
	var kept []string
	ruby := false
	for i, line := range strings.Split(e.value.text, "\n") {
		at := c.lineAt(i)
		if !ruby && strings.Contains(line, "#{") {
			ruby = true
			r.refuse(at, "a field such as {{author}}, {{title}} or {{milestone}}", "comment has Ruby in it, which is never run")
		}
		name, args, isAction := c.quickAction(line)
		if !isAction {
			kept = append(kept, line)
			continue
		}
		c.carryOut(at, name, args)
	}
	text := strings.TrimSpace(strings.Join(kept, "\n"))
	r.rule.Actions.Comment = c.template(text)
}

// commentReader is the state of reading a comment.
type commentReader struct {
	*ruleReader
	e     entry
	fence string // that a block of code ends with, "" outside of one
}

// lineAt is where a line of the comment stands in the file.
func (c *commentReader) lineAt(i int) document.Location {
	if c.e.value.first > 0 {
		return document.Location{Line: c.e.value.first + i, Column: 1}
	}
	return c.e.value.at
}

var (
	fenceForm       = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	quickActionForm = regexp.MustCompile(`^ {0,3}/([A-Za-z_]+)(?:[ \t]+(.*))?$`)
)

// quickAction finds a line that GitLab carries out: not in a block of code.
func (c *commentReader) quickAction(line string) (name, args string, ok bool) {
	if m := fenceForm.FindStringSubmatch(line); m != nil {
		switch {
		case c.fence == "":
			c.fence = m[1]
		case strings.HasPrefix(m[1], c.fence) && strings.Trim(strings.TrimSpace(line), c.fence[:1]) == "":
			c.fence = ""
		}
		return "", "", false
	}
	if c.fence != "" {
		return "", "", false
	}
	return parseQuickAction(line)
}

// field is a placeholder of a template.
var field = regexp.MustCompile(`\{\{\s*([A-Za-z_.]+)\s*\}\}`)

// template takes a text apart into words of the team's own and fields. Unknown fields stay as they are written.
func (c *commentReader) template(text string) policy.Template {
	text = c.unescape(text)
	if text == "" {
		return nil
	}
	var t policy.Template
	var unknown []string
	end := 0
	for _, m := range field.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		if !policy.KnownField(name) {
			unknown = appendNew(unknown, name)
			continue
		}
		if m[0] > end {
			t = append(t, policy.Piece{Text: text[end:m[0]]})
		}
		t = append(t, policy.Piece{Field: name})
		end = m[1]
	}
	if end < len(text) {
		t = append(t, policy.Piece{Text: text[end:]})
	}
	for _, name := range unknown {
		c.differ(c.e.at, near(name, policy.Fields()), "comment: there is no field {{%s}}, it stays as it is written", name)
	}
	return t
}

// unescape takes away the backslashes with which braces are kept from Ruby.
func (c *commentReader) unescape(text string) string {
	text = strings.NewReplacer(`\{`, `{`, `\}`, `}`).Replace(text)
	if strings.Contains(text, `\`) {
		c.differ(c.e.at, "", "comment: a backslash stays, which Ruby takes away")
	}
	return text
}
