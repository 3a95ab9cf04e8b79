package triage_test

import (
	"strings"
	"testing"

	"flowkeeper/rules/triage"
)

func TestUnquote(t *testing.T) {
	tests := []struct{ name, arg, want string }{
		{"nothing", "", ""},
		{"blanks", "  \t", ""},
		{"bare", "in dev", "in dev"},
		{"bare among blanks", "  in dev ", "in dev"},
		{"case stays", "UX", "UX"},
		{"label", "~UX", "UX"},
		{"label with a scope", "~workflow::refinement", "workflow::refinement"},
		{"quoted label", `~"workflow::in dev"`, "workflow::in dev"},
		{"tilde apart", `~ "in dev"`, "in dev"},
		{"tilde escaped by the editor", `\~"in dev"`, "in dev"},
		{"tilde within the quotes", `"~UX"`, "UX"},
		{"tilde alone", "~", ""},
		{"double quotes", `"in dev"`, "in dev"},
		{"single quotes", "'in dev'", "in dev"},
		{"curly quotes", "“in dev”", "in dev"},
		{"curly quotes the wrong way round", "”in dev”", "in dev"},
		{"single curly quotes", "‘in dev’", "in dev"},
		{"German quotes", "„in dev“", "in dev"},
		{"guillemets", "« in dev »", "in dev"},
		{"guillemets pointing inwards", "»in dev«", "in dev"},
		{"code", "`in dev`", "in dev"},
		{"blanks within the quotes", `" in dev "`, "in dev"},
		{"unterminated", `"in dev`, "in dev"},
		{"unterminated label", `~"workflow::in dev`, "workflow::in dev"},
		{"unterminated curly", "“in dev", "in dev"},
		{"never opened", `in dev"`, "in dev"},
		{"never opened curly", "in dev”", "in dev"},
		{"quote alone", `"`, ""},
		{"empty quotes", `""`, ""},
		{"apostrophe", "don't", "don't"},
		{"apostrophe in quotes", "'don't know'", "don't know"},
		{"plural", "the users'", "the users'"},
		{"mixed marks do not pair", `"in dev'`, "in dev'"},
		{"quoted word within", `say "no"`, `say "no"`},
		{"two names", `"a" and "b"`, `"a" and "b"`},
		{"two labels", `~"in dev", ~"in review"`, `~"in dev", ~"in review"`},
		{"invalid UTF-8", "\"a\xff\"", "a\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := triage.Unquote(tt.arg); got != tt.want {
				t.Errorf("Unquote(%q) = %q, want %q", tt.arg, got, tt.want)
			}
		})
	}
}

func FuzzUnquote(f *testing.F) {
	for _, s := range []string{"", "~", `~"a b"`, "“a”", "'a", "\xff", `\~"`, "~'\u00a0'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		got := triage.Unquote(arg)
		if !strings.Contains(arg, got) || got != strings.TrimSpace(got) {
			t.Errorf("Unquote(%q) = %q, which was not written there", arg, got)
		}
		for _, label := range []string{`~"` + plain(arg) + `"`, `"` + plain(arg) + `"`, "'" + plain(arg) + "'"} {
			if name := triage.Unquote(label); name != plain(arg) {
				t.Errorf("Unquote(%q) = %q, want %q", label, name, plain(arg))
			}
		}
	})
}

// plain is a name without anything that quotes.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune("'\"`´“”„‘’‚«»‹›~\\", r) {
			return -1
		}
		return r
	}, s))
}
