package policyfile

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"flowkeeper/config/document"
)

// TextOptions say how Text writes.
type TextOptions struct {
	Width int  // of a line in characters; 0 is as long as it takes
	IDs   bool // name rules by their ids
}

// Text writes for people what becomes of every rule, file by file, in the order of the files.
func Text(w io.Writer, p Policies, files []string, o TextOptions) {
	t := &textWriter{w: w, width: o.Width, ids: o.IDs}
	for n, name := range files {
		if n > 0 {
			t.line("")
		}
		mine := slices.DeleteFunc(slices.Clone(p.Entries), func(e Entry) bool { return e.File != name })
		t.wrap("", "", name+": "+Count(mine))
		for _, r := range p.Remarks {
			if r.File == name {
				t.note(0, r.Line, r.What, r.Do)
			}
		}
		t.entries(mine)
	}
	if len(files) > 1 {
		t.line("")
		t.wrap("", "", fmt.Sprintf("%d files: %s", len(files), Count(p.Entries)))
	}
}

// Count says how many of the rules run: "5 rules: 3 run, 1 runs otherwise than the gem runs it, 1 does not run".
func Count(entries []Entry) string {
	var n [3]int
	for _, e := range entries {
		n[e.Status()]++
	}
	if len(entries) == 0 {
		return "no rules"
	}
	var parts []string
	for _, c := range []struct {
		n         int
		one, many string
	}{
		{n[Runs], "runs", "run"}, {n[Differs], "runs otherwise than the gem runs it", "run otherwise than the gem runs them"}, {n[DoesNotRun], "does not run", "do not run"},
	} {
		switch c.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+c.one)
		default:
			parts = append(parts, strconv.Itoa(c.n)+" "+c.many)
		}
	}
	noun := "rules"
	if len(entries) == 1 {
		noun = "rule"
	}
	return strconv.Itoa(len(entries)) + " " + noun + ": " + strings.Join(parts, ", ")
}

type textWriter struct {
	w     io.Writer
	width int
	ids   bool
}

func (t *textWriter) line(s string) { fmt.Fprintln(t.w, s) }

// entries writes a table: the line of each rule, what becomes of it, its mode and its name; what is to be said of it below.
func (t *textWriter) entries(all []Entry) {
	if len(all) == 0 {
		return
	}
	lines, statuses := len("LINE"), 0
	for _, e := range all {
		lines = max(lines, len(strconv.Itoa(e.Line)))
		statuses = max(statuses, len(e.Status().String()))
	}
	row := func(line, status, mode, name string) {
		first := fmt.Sprintf("  %*s  %-*s  %-6s  ", lines, line, statuses, status, mode)
		t.wrap(first, strings.Repeat(" ", min(len(first), max(t.width/2, 6))), name)
	}
	row("LINE", "", "MODE", "RULE")
	for _, e := range all {
		mode := e.Mode.String()
		if e.Status() == DoesNotRun {
			mode = "-"
		}
		row(strconv.Itoa(e.Line), e.Status().String(), mode, t.name(e))
		for _, n := range e.Notes {
			t.note(lines+4, n.Line, n.What, n.Do)
		}
	}
}

// name is what a rule is called, with the resource unless it is the usual one.
func (t *textWriter) name(e Entry) string {
	name := e.Name
	switch {
	case t.ids && e.ID != "":
		name = e.ID
	case name == "":
		name = "(no name)"
	}
	resource := strings.ReplaceAll(e.Resource, "_", " ")
	if e.Summary {
		resource = "summary of " + resource
	}
	if resource == issues {
		return name
	}
	return name + " (" + resource + ")"
}

// note writes what is to be said, and below it what would mend it.
func (t *textWriter) note(indent, line int, what, do string) {
	blank := strings.Repeat(" ", indent)
	place := ""
	if line > 0 {
		place = "line " + strconv.Itoa(line) + ": "
	}
	t.wrap(blank+place, blank+"  ", what)
	if do != "" {
		t.wrap(blank+"  → ", blank+"    ", do)
	}
}

// wrap writes words behind a first piece, in lines no longer than the width where words allow it, each but the first indented.
func (t *textWriter) wrap(first, indent, text string) {
	text = document.Printable(text)
	if t.width <= 0 {
		t.line(strings.TrimRight(first+text, " "))
		return
	}
	line, empty := first, true
	for word := range strings.FieldsSeq(text) {
		blank := " "
		if empty {
			blank = ""
		}
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > t.width {
			t.line(line)
			line, blank = indent, ""
		}
		line, empty = line+blank+word, false
	}
	t.line(strings.TrimRight(line, " "))
}
