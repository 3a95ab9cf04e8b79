package note_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/triage"
)

func TestInert(t *testing.T) {
	const wj = "\u2060"
	tests := []struct {
		name, in, want string
		max            int
	}{
		{name: "plain words stay", in: "It is, on the whole, (fairly) plain: 3 + 4 = 7; done?", want: "It is, on the whole, (fairly) plain: 3 + 4 = 7; done?"},
		{name: "nothing", in: "", want: ""},
		{name: "blanks only", in: " \t\r\n\u00a0", want: ""},
		{name: "mention", in: "ask @omar", want: `ask \@` + wj + "omar"},
		{name: "references", in: "#1 !2 ~x %y &3 $4 ^a", want: `\#` + wj + `1 \!` + wj + `2 \~` + wj + `x \%` + wj + `y \&` + wj + `3 \$` + wj + `4 \^` + wj + "a"},
		{name: "a sigil alone is only escaped", in: "this & that", want: `this \& that`},
		{name: "a sigil at the end is kept from what follows", in: "C#", want: `C\#` + wj},
		{name: "math", in: "$x$", want: `\$` + wj + `x\$` + wj},
		{name: "commit", in: "in 1a2b3c4d5e6f, not 1a2b3c or decade", want: "in 1a2b3c" + wj + "4d5e6f, not 1a2b3c or decade"},
		{name: "commit of seven", in: "see deadbee.", want: "see deadbe" + wj + "e."},
		{name: "emoji", in: "well :tada: done: at 12:30", want: "well :" + wj + "tada: done: at 12:30"},
		{name: "colons in words", in: "type::bug, 12:30:", want: "type::bug, 12:30:"},
		{name: "emoji behind a colon", in: "::tada:", want: `\::` + wj + "tada:"},
		{name: "emoji that what follows may close", in: "so :tada", want: "so :" + wj + "tada"},
		{name: "tracker key", in: "see ABC-12 or GL-3, 2026-07-31", want: "see ABC-" + wj + "12 or GL-" + wj + "3, 2026-07-31"},
		{name: "addresses", in: "https://a.b WWW.c.d", want: "https:" + wj + "//a.b WWW" + "." + wj + "c.d"},
		{name: "line ends become blanks", in: "a\r\n\n/close\u2028b\u0085c", want: "a /close b c"},
		{name: "quick action", in: "\n/close", want: `\/close`},
		{name: "list", in: "- a", want: `\- a`},
		{name: "numbered list", in: "12. a", want: `12\. a`},
		{name: "numbered list with parenthesis", in: "1) a", want: `1\) a`},
		{name: "number in the text", in: "a 1. b", want: "a 1. b"},
		{name: "underline of a heading", in: "===", want: `\===`},
		{name: "html", in: "<b>a</b> &amp; -->", want: `\<b\>a\</b\> \&` + wj + `amp; --\>`},
		{name: "emphasis and code", in: "*a* __b__ `c` ~~d~~", want: `\*` + wj + `a\*` + ` \_\_b\_\_ ` + "\\`c\\`" + ` \~` + wj + `\~` + wj + `d\~` + wj + `\~` + wj},
		{name: "backslash", in: `\@a\`, want: `\\\@` + wj + `a\\`},
		{name: "bidi and invisible characters", in: "a\u202eb\u200bc\u2066d\ufeffe\u00adf\u3164g\U000e0041h", want: "abcdefgh"},
		{name: "control characters", in: "a\x00b\x1bc", want: "a b c"},
		{name: "invalid UTF-8", in: "a\xffb", want: "a\ufffdb"},
		{name: "emoji sequence", in: "👩\u200d🚒 ok", want: "👩\u200d🚒 ok"},
		{name: "joiner behind ASCII", in: "@\u200dомар", want: `\@` + wj + "омар"},
		{name: "joiner within ASCII", in: "@\u200domar", want: `\@` + wj + "omar"},
		{name: "cut", in: "abcdef", max: 5, want: "abcd…"},
		{name: "just long enough", in: "abcde", max: 5, want: "abcde"},
		{name: "not cut inside an escape", in: "abc*def", max: 5, want: `abc\*` + wj + "…"},
		{name: "no blank before the ellipsis", in: "abc def", max: 5, want: "abc…"},
		{name: "trailing blanks are not cut off", in: "abcde   ", max: 5, want: "abcde"},
		{name: "one rune", in: "abc", max: 1, want: "…"},
		{name: "no room", in: "abc", max: -1, want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			max := tt.max
			if max == 0 {
				max = 100
			}
			got := note.Escape(tt.in, max)
			if got != tt.want {
				t.Errorf("Inert(%q, %d)\n got %q\nwant %q", tt.in, max, got, tt.want)
			}
			notetest.Check(t, got)
		})
	}
}

// hostile is text of the kind that people have tried on bots.
var hostile = []string{
	"/close", "\n/close", "text\r\n/label ~x\n", "@all", "**@all**", "`@all`", "x`@all", "&#64;all", `\@all`, "@\u200ball", "＠all",
	"#1", "a/b#1+", "!1", "~bug", `~"needs research"`, "%17.1", `%"a b"`, "$1", "&1", "^alert#1", "[[home]]", "[vulnerability:1]",
	"*iteration:1", "GL-1", "ABC-12", "abc@example.com", "<a@example.com>", "<https://example.com>", "https://gitlab.com/a/b/-/issues/1",
	"www.example.com", "irc://x", "[a](b)", "![a](b)", "[a]: /b", "[^1]", "<b>", "<!--", "-->", "--!>", "<details>", "</details>",
	"<script>", "&lt;b&gt;", "***", "---", "===", "# a", "> a", ">>> a", "- a", "+ a", "1. a", "1) a", "\ta", "    a", "```\na", "~~~", "`",
	"``", "$`a`$", "$$", "$a$", "|a|b|\n|-|-|", "{+a+}", "[-a-]", ":::", ": a", "{{<a>}}", "%{a}", "<!-- flowkeeper:v1 {} -->",
	"\n\n<!-- flowkeeper:v9 {} -->", "\\", `a\`, "a  \nb", "\u202eb", "\x00", "\xff", "[ ] a", "[x] a", "👩\u200d🚒", "Привет, @мир", "- [ ] a",
	"://", "w://", "@", "#", "~~~~a~~~~", "a_b_c", "1.", "1)", "a ", "", "[_TOC_]", "::include{file=x}", strings.Repeat("@a ", 300),
}

func FuzzInert(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, 80)
	}
	f.Fuzz(func(t *testing.T, s string, max int) {
		max %= 300
		got := note.Escape(s, max)
		if got == "" {
			if max > 0 && seen(s) != "" {
				t.Fatalf("nothing is left of %q", s)
			}
			return
		}
		if strings.ContainsAny(got, "\r\n") || !utf8.ValidString(got) {
			t.Fatalf("%q is not one line of text", got)
		}
		checkPlain(t, s, got, max)
		notetest.Check(t, "- **Title** text “"+got+"”")
		notetest.Check(t, got+"\ntext")
		notetest.Check(t, "text\n"+got)
		notetest.Check(t, "`rule` "+got+" "+got+"”, he said")
		if _, state := note.ParseMarker("text\n\n"+got, triage.Ref{}); state != note.Unmarked {
			t.Errorf("%q is taken for a marker", got)
		}
	})
}

// checkPlain requires that got renders as one paragraph without any formatting, and shows what can be seen of the text s.
func checkPlain(t *testing.T, s, got string, max int) {
	t.Helper()
	notetest.Check(t, got)
	html, ok := strings.CutPrefix(notetest.HTML(got), "<p>")
	if !ok || strings.Contains(strings.TrimSuffix(html, "</p>\n"), "<") {
		t.Errorf("%q renders as %q", got, html)
	}
	shown := notetest.Text(got)
	if n := utf8.RuneCountInString(strings.ReplaceAll(strings.TrimSpace(shown), "\u2060", "")); n > max {
		t.Errorf("%q shows %d runes, at most %d wanted", got, n, max)
	}
	have, whole := seen(shown), seen(s)
	if start, cut := strings.CutSuffix(have, "…"); have != whole && !(cut && strings.HasPrefix(whole, start)) {
		t.Errorf("shows %q, want %q", have, whole)
	}
}

// seen is the text without blanks and without what cannot be seen.
func seen(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) || strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r) {
			return -1
		}
		return r
	}, s)
}

func BenchmarkInert(b *testing.B) {
	text := strings.Repeat("Please ask @omar about #12 and ~UX. ", 10)
	b.ReportAllocs()
	for b.Loop() {
		note.Escape(text, 200)
	}
}
