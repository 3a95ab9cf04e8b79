package document

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	File    string // as it was named; empty for a problem of the environment
	Line    int    // from 1; 0 if the problem is about the file as a whole or about the environment
	Column  int    // from 1, in characters; 0 as Line
	Path    string // "inbox.settle", or the name of an environment variable; may be empty
	Message string // what is wrong, a sentence without capital and full stop
	Hint    string // what would work; may be empty
	Excerpt string // the line of the file with secrets hidden; may be empty
}

// String is the problem on one line, without the excerpt: `flowkeeper.yaml:12:3: rules.wieght-scale: there is no such rule; …`.
func (p Problem) String() string {
	var parts []string
	if p.File == "" {
		parts = append(parts, "environment")
	} else {
		place := p.File
		if p.Line > 0 {
			place += ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
		}
		parts = append(parts, place)
	}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	s := strings.Join(append(parts, p.Message), ": ")
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return Printable(s)
}

// Problems is everything that is wrong with a configuration: those of the file by line, then those of the environment. It is an
// error that prints all of them.
type Problems []Problem

// printedProblems bounds the length of the error; all problems are in the list.
const printedProblems = 100

// Error prints each problem as a block: its place, what is wrong, what would work, and the line it is about.
func (ps Problems) Error() string {
	var b strings.Builder
	for n, p := range ps {
		if n == printedProblems {
			fmt.Fprintf(&b, "and %d more problems\n", len(ps)-n)
			break
		}
		b.WriteString(p.String() + "\n" + p.excerpt())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// excerpt shows the line with a mark under the column.
func (p Problem) excerpt() string {
	if strings.TrimSpace(p.Excerpt) == "" {
		return ""
	}
	const width = 110
	line, column := []rune(Printable(p.Excerpt)), max(p.Column, 1)
	column = min(column, len(line)+1)
	if from := column - width*2/3; from > 0 && len(line) > width {
		line = append([]rune("…"), line[from:]...)
		column -= from - 1
	}
	if len(line) > width {
		line = append(line[:width:width], '…')
	}
	number := fmt.Sprintf("%5d", p.Line)
	return number + " | " + strings.TrimRight(string(line), " ") + "\n" +
		strings.Repeat(" ", len(number)) + " | " + strings.Repeat(" ", column-1) + "^\n"
}

// Printable replaces what could play tricks on a terminal, one character by one.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		default:
			return '·'
		}
	}, s)
}

// Sorted puts the problems of each file by line, files in the order of their first problems, and those of the environment last; each once.
func (ps Problems) Sorted() Problems {
	order := map[string]int{"": len(ps)}
	for n, p := range ps {
		if _, known := order[p.File]; !known {
			order[p.File] = n
		}
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ps) // an alias shows one mistake several times
}

// Diagnostic is a problem before it is known where it stands.
type Diagnostic struct {
	Message string
	Hint    string
}

// Diagnosticf is a diagnostic with a formatted message and a hint, which may be empty.
func Diagnosticf(hint, format string, args ...any) *Diagnostic {
	return &Diagnostic{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Quote shows a value in a message, cut if it is long.
func Quote(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// JoinWords joins the allowed words: "all, labelled".
func JoinWords(words []string) string { return strings.Join(words, ", ") }
