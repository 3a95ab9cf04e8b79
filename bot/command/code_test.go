package command_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/command"
)

func TestWithoutCode(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"text":             {"Closes #1", "Closes #1"},
		"a span":           {"see `Closes #1` and Closes #2", "see `_________` and Closes #2"},
		"a fenced block":   {"```\nCloses #1\n```\nCloses #2", "```\n_________\n```\nCloses #2"},
		"an open fence":    {"```md\nCloses #1", "```__\n_________"},
		"an indented one":  {"a\n\n    Closes #1\n\nCloses #2", "a\n\n    _________\n\nCloses #2"},
		"code in a list":   {"- a\n\n  ~~~\n  Closes #1\n  ~~~\n", "- a\n\n  ~~~\n  _________\n  ~~~\n"},
		"a comment":        {"<!-- Closes #1 -->\n\nCloses #2", "__________________\n\nCloses #2"},
		"a comment inside": {"a <!-- Closes #1 --> b", "a __________________ b"},
		"nothing":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.ReplaceAll(command.WithoutCode(test.text), "\x1a", "_"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
