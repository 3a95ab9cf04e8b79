package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"flowkeeper/bot/command"
)

// TestComments reads the comments of testdata. Each may be followed by the lines expected of it: the number, "@" for a mention, the text.
func TestComments(t *testing.T) {
	r := command.New("flow", "flowkeeper")
	eachComment(t, func(name, comment, want string) {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, printed(r.Read(comment))); diff != "" {
				t.Errorf("Read(%q): (-want +got)\n%s", comment, diff)
			}
			if diff := cmp.Diff(want, printed(r.Read(strings.ReplaceAll(comment, "\n", "\r\n")))); diff != "" {
				t.Errorf("with carriage returns: (-want +got)\n%s", diff)
			}
		})
	})
}

// eachComment calls f for the comments of testdata and the lines that are expected.
func eachComment(tb testing.TB, f func(name, comment, want string)) {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no comments in testdata: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		parts := txtar.Parse(data).Files
		for i, part := range parts {
			if part.Name == "lines" {
				continue
			}
			want := ""
			if i+1 < len(parts) && parts[i+1].Name == "lines" {
				want = string(parts[i+1].Data)
			}
			f(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+part.Name, string(part.Data), want)
		}
	}
}

// printed writes lines as they stand in testdata.
func printed(lines []command.Line) string {
	var b strings.Builder
	for _, l := range lines {
		mention := ""
		if l.Mention {
			mention = "@ "
		}
		fmt.Fprintf(&b, "%d %s%s\n", l.Number, mention, l.Text)
	}
	return b.String()
}

func TestUnseen(t *testing.T) {
	tests := []struct {
		name, comment string
		want          []command.Line
	}{
		{"nothing", "", nil},
		{"blanks", " \u00a0\n\u2028", nil},
		{"non-breaking blanks", "/flow\u00a0to\u00a0in\u00a0dev", []command.Line{{Number: 1, Text: "to in dev"}}},
		{"other blanks", "/flow\u2003to\u3000in\u202fdev\u2009", []command.Line{{Number: 1, Text: "to in dev"}}},
		{"tab", "/flow\tnext", []command.Line{{Number: 1, Text: "next"}}},
		{"non-breaking blank before", "\u00a0/flow next", []command.Line{{Number: 1, Text: "next"}}},
		{"four non-breaking blanks before", "\u00a0\u00a0\u00a0\u00a0/flow next", nil},
		{"byte order mark", "\ufeff/flow next", []command.Line{{Number: 1, Text: "next"}}},
		{"byte order mark before a fence", "\ufeff```\n/flow next\n```", nil},
		{"byte order mark before a quote", "\ufeff> a\n/flow next", nil},
		{"byte order mark before a list", "\ufeff- a\n/flow next", nil},
		{"byte order mark before a formula", "\ufeff$$\n/flow next\n$$", nil},
		{"zero width blank before a fence", "a\n\n\u200b```\n/flow next\n```", nil},
		{"zero width blank before a quote", "a\n\n\u200b> b\n/flow next", nil},
		{"footnote far in", "a[^1]\n\n[^1]:       b\n/flow next", nil},
		{"footnote in a tab", "a[^1]\n\n[^1]:\t\tb\n/flow next", nil},
		{"footnote, then a paragraph", "a[^1]\n\n[^1]:       b\n\n/flow next", []command.Line{{Number: 5, Text: "next"}}},
		{"description", "Term\n\n~ text\n/flow next", nil},
		{"description right below", "Term\n~ text\n/flow next", nil},
		{"tilde in a line", "About ~ 3 days\n/flow next", []command.Line{{Number: 2, Text: "next"}}},
		{"link to the wiki", "[[a\n/flow next]]", nil},
		{"link to the wiki with a title", "See [[a|\n/flow next\n]] there", nil},
		{"link to the wiki with a bracket", "[[a\\]\n/flow next]]", nil},
		{"link to the wiki, then text", "[[_TOC_]]\n/flow next", []command.Line{{Number: 2, Text: "next"}}},
		{"brackets that nothing closes", "[[a\n/flow next", []command.Line{{Number: 2, Text: "next"}}},
		{"brackets in brackets", "[[a [b](c)]]\n/flow next", []command.Line{{Number: 2, Text: "next"}}},
		{"front matter behind an encoding", "# coding: utf-8\n+++\n/flow next\n+++\n/flow back", []command.Line{{Number: 5, Text: "back"}}},
		{"front matter that a longer line closes", "+++\n/flow next\n++++\n/flow back", []command.Line{{Number: 4, Text: "back"}}},
		{"front matter that two lines close", "+++\n/flow next\n++++\n/flow next\n+++\n/flow back", []command.Line{{Number: 6, Text: "back"}}},
		{"include", "::include{file=x}\n/flow next", []command.Line{{Number: 2, Text: "next"}}},
		{"alert", "> [!note] Title\n/flow next", nil},
		{"right-to-left mark before", "\u200f/flow next", []command.Line{{Number: 1, Text: "next"}}},
		{"marks of direction within", "/flow \u2067to in dev\u2069\u200e", []command.Line{{Number: 1, Text: "to in dev"}}},
		{"override of direction", "/flow \u202etxen", []command.Line{{Number: 1, Text: "txen"}}},
		{"zero-width blank is no blank", "/flow\u200bnext", nil},
		{"zero-width blank and blank", "/flow\u200b next", []command.Line{{Number: 1, Text: "next"}}},
		{"soft hyphen", "/flow un\u00adclear", []command.Line{{Number: 1, Text: "unclear"}}},
		{"prefix made inert", "/\u200bflow next\n@\u2060flowkeeper next", nil},
		{"invisible letters", "\u3164/flow next\u2800", []command.Line{{Number: 1, Text: "next"}}},
		{"unseen behind the full stop", "/flow next.\u200b\u00a0", []command.Line{{Number: 1, Text: "next"}}},
		{"joined emoji", "/flow unclear 👩\u200d🚒", []command.Line{{Number: 1, Text: "unclear 👩\u200d🚒"}}},
		{"joiner in a plain word", "/flow ne\u200dxt", []command.Line{{Number: 1, Text: "next"}}},
		{"joiner in Persian", "/flow unclear نمی\u200cشود", []command.Line{{Number: 1, Text: "unclear نمی\u200cشود"}}},
		{"Arabic around", "مرحبا\n/flow next\nشكرا", []command.Line{{Number: 2, Text: "next"}}},
		{"line separator is a blank", "text\u2028/flow next", nil},
		{"line separator in an argument", "/flow next\u2028/flow back", []command.Line{{Number: 1, Text: "next /flow back"}}},
		{"carriage return is nothing", "text\r/flow next", nil},
		{"form feed", "/flow\fnext", []command.Line{{Number: 1, Text: "next"}}},
		{"control characters", "\x01/flow ne\x02xt\x7f", []command.Line{{Number: 1, Text: "next"}}},
		{"zero bytes", "/flow next\x00\n\x00/flow next\n/flow\x00next", []command.Line{{Number: 1, Text: "next\ufffd"}}},
		{"invalid UTF-8", "/flow ne\xffxt", []command.Line{{Number: 1, Text: "ne\ufffdxt"}}},
		{"invalid UTF-8 before", "\xff/flow next", nil},
		{"letters that fold", "/ﬂow next\n／flow next", nil},
		{"marks cannot be forged", "<div>\n\n/flow next\n\n</div>\n\n<p><!--\xff0--></p>\n\n<p><!--\ufffd0--></p>", nil},
	}
	r := command.New("flow", "flowkeeper")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, r.Read(tt.comment)); diff != "" {
				t.Errorf("Read(%q): (-want +got)\n%s", tt.comment, diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	comment := "/flow next\n/task next\n@flowkeeper next\n@ next\n/ next\n@robo.t next"
	tests := []struct {
		name, prefix, bot string
		want              []command.Line
	}{
		{"usual", "flow", "flowkeeper", []command.Line{{Number: 1, Text: "next"}, {Number: 3, Text: "next", Mention: true}}},
		{"another prefix", "task", "", []command.Line{{Number: 2, Text: "next"}}},
		{"prefix in capitals", "FLOW", "", []command.Line{{Number: 1, Text: "next"}}},
		{"name not known", "flow", "", []command.Line{{Number: 1, Text: "next"}}},
		{"name with a dot", "nobody", "robo.t", []command.Line{{Number: 6, Text: "next", Mention: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, command.New(tt.prefix, tt.bot).Read(comment)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestManyCommands(t *testing.T) {
	got := command.New("flow", "").Read(strings.Repeat("/flow next\n", 50))
	if len(got) != 20 || got[0].Number != 1 || got[19].Number != 20 {
		t.Errorf("got %d lines, want the first 20: %v", len(got), got)
	}
	inside := "<div>\n\n" + strings.Repeat("/flow next\n", 30) + "\n</div>\n\n/flow back"
	if diff := cmp.Diff([]command.Line{{Number: 36, Text: "back"}}, command.New("flow", "").Read(inside)); diff != "" {
		t.Errorf("lines that are no commands count: (-want +got)\n%s", diff)
	}
}

func TestLongComments(t *testing.T) {
	words := strings.Repeat("words ", 1000) + "\n\n"
	tests := []struct {
		name, comment string
		want          []command.Line
	}{
		{"at the beginning of a megabyte", "/flow next\n\n" + strings.Repeat(words, 170), []command.Line{{Number: 1, Text: "next"}}},
		{"at its end", strings.Repeat(words, 170) + "/flow next", nil},
		{"at the end of what is read", strings.Repeat(words, 10) + "/flow next", []command.Line{{Number: 21, Text: "next"}}},
		{"in a paragraph that is cut off", strings.Repeat(words, 10) + "`\n/flow next\n" + words + "`", nil},
		{"in a paragraph of a megabyte", "/flow next\n" + strings.Repeat("words\n", 170_000), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, command.New("flow", "").Read(tt.comment)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestTogether lets many read at once, for the race detector.
func TestTogether(t *testing.T) {
	r := command.New("flow", "flowkeeper")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			eachComment(t, func(name, comment, want string) {
				if diff := cmp.Diff(want, printed(r.Read(comment))); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", name, diff)
				}
			})
		})
	}
	all.Wait()
}
