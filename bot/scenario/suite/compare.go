package suite

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules/engine"
)

// Failure is a decision that came out otherwise than it stands in the file.
type Failure struct {
	Line    int    // of the decision in the file, or of its event if no decision is written
	Message string // in one line
	Details string // the difference, and which rule says why
}

// compare holds what came to what was expected.
func compare(s scenario.Step, came scenario.Outcome) (Failure, bool) {
	switch {
	case s.DecisionLine == 0:
		return Failure{
			Line: s.Line, Message: "the event has no decision: write one behind it, or let --update write what comes", Details: marked("+ ", came.Text),
		}, true
	case s.Expected == came.Text:
		return Failure{}, false
	}
	lines := difference(s.Expected, came.Text)
	f := Failure{Line: s.DecisionLine, Message: "another decision was expected (-) than came (+)", Details: strings.Join(lines, "\n") + "\n"}
	if why := reasons(lines, came.Findings); len(why) > 0 {
		f.Details += "Why:\n" + strings.Join(why, "\n") + "\n"
	}
	return f, true
}

// difference is what was expected and what came, as lines that begin with "- ", "+ " or, for what is in both, blanks.
func difference(expected, came string) []string {
	var lines []string
	unified := diff.Diff("expected", []byte(expected), "came", []byte(came))
	for n, line := range strings.Split(string(bytes.TrimSuffix(unified, []byte("\n"))), "\n") {
		const header = 3 // lines that name the two
		switch {
		case n < header || strings.HasPrefix(line, `\`):
		case strings.HasPrefix(line, "@@"):
			if len(lines) > 0 {
				lines = append(lines, "  …")
			}
		default:
			lines = append(lines, line[:1]+" "+line[1:])
		}
	}
	return lines
}

// reasons are what rules say that have to do with a difference and do not stand in it: those of which something was expected, and those that
// want something.
func reasons(difference []string, findings []engine.Finding) []string {
	var why []string
	for _, line := range difference {
		rule, _, ok := strings.Cut(strings.TrimPrefix(line, "- "), ": ")
		if !ok || !strings.HasPrefix(line, "- ") || strings.HasPrefix(rule, " ") {
			continue
		}
		n := slices.IndexFunc(findings, func(f engine.Finding) bool { return f.Rule == rule })
		if n < 0 {
			continue
		}
		why = append(why, reason(findings[n]))
	}
	for _, f := range findings {
		if len(f.Wants) > 0 || f.Overridden {
			why = append(why, reason(f))
		}
	}
	slices.Sort(why)
	return slices.DeleteFunc(slices.Compact(why), func(line string) bool {
		said := strings.TrimPrefix(line, "  ")
		return slices.ContainsFunc(difference, func(d string) bool { return d[:1] != "-" && d[2:] == said })
	})
}

func reason(f engine.Finding) string {
	text := fmt.Sprintf("  %s: %s", f.Rule, f.Reason)
	if f.Overridden {
		text += " (suspended, a person undid it)"
	}
	return text
}

func marked(mark, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(mark + line)
	}
	return b.String()
}
