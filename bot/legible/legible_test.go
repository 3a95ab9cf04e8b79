package legible_test

import (
	"testing"
	"unicode"

	"flowkeeper/bot/legible"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"  add ~UX\n":           "add ~UX",
		"two\nlines\tand a tab": "two lines and a tab",
		"\x1b[2Jgone":           "·[2Jgone",
		"a\u202eb\u2066c":       "a·b·c",
		"\xff":                  "\ufffd",
		"no\u00a0break":         "no break",
	} {
		if got := legible.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{
		"":        "",
		"12345":   "12345",
		"123456":  "1234…",
		"123 56":  "123…",
		"äöüßéèê": "äöüß…",
	} {
		if got := legible.Cut(in, 5); got != want {
			t.Errorf("Cut(%q, 5) = %q, want %q", in, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for name, tt := range map[string]struct {
		in    string
		most  int
		blank func(rune) bool
		want  string
	}{
		"nothing":             {in: "", most: 9},
		"no room":             {in: "abc", most: 0},
		"runs of blanks":      {in: " \ta \n\n b\u2003c ", most: 9, want: "a b c"},
		"controls show none":  {in: "a\x00b\x1bc", most: 9, want: "abc"},
		"controls are blanks": {in: "a\x00b\x1bc", most: 9, blank: func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }, want: "a b c"},
		"format characters":   {in: "a\u202eb\u2066c\u00ad\ufeffd\u3164", most: 9, want: "abcd"},
		"emoji are joined":    {in: "👩\u200d💻", most: 9, want: "👩\u200d💻"},
		"ASCII is not joined": {in: "@\u200dmaria", most: 9, want: "@maria"},
		"nor across a blank":  {in: "👩\u200d 💻", most: 9, want: "👩 💻"},
		"as long as may be":   {in: "123456789 ", most: 9, want: "123456789"},
		"too long":            {in: "1234567890", most: 9, want: "12345678…"},
		"a blank at the cut":  {in: "1234567 90", most: 9, want: "1234567…"},
	} {
		t.Run(name, func(t *testing.T) {
			blank := tt.blank
			if blank == nil {
				blank = unicode.IsSpace
			}
			if got := string(legible.Visible(tt.in, tt.most, blank)); got != tt.want {
				t.Errorf("Visible(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
