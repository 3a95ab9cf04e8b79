package command_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/command"
)

// hostile are texts that parsers of Markdown or HTML take long for, or deep stacks, each of a megabyte.
func hostile() map[string]string {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	half := func(s, end string) string {
		return strings.Repeat(s, size/2/len(s)) + strings.Repeat(end, size/2/len(end))
	}
	ticks := func() string {
		var b strings.Builder
		for n := 1; b.Len() < size; n++ {
			b.WriteString(strings.Repeat("`", n) + " ")
		}
		return b.String()[:size]
	}
	return map[string]string{
		"words":                       fill("word "),
		"lines":                       fill("word\n"),
		"commands":                    fill("/flow next\n"),
		"paragraphs":                  fill("/flow next\n\n"),
		"nested quotes":               fill("> "),
		"quotes nested less":          fill(strings.Repeat("> ", 99) + "\n"),
		"lists nested less":           fill(strings.Repeat("- ", 99) + "\n"),
		"nested quotes packed":        fill(">"),
		"quotes growing":              growing("> ", size),
		"nested lists":                growing("  ", size),
		"lists in one line":           fill("- "),
		"numbered lists":              fill("1. "),
		"tildes":                      "a" + fill("~"),
		"links empty":                 fill("[]("),
		"links apart":                 fill("[](") + fill("1."),
		"brackets":                    fill("["),
		"brackets closed":             half("[", "]"),
		"links nested":                half("[", "](a)"),
		"images nested":               half("![", "](a)"),
		"link destinations":           fill("[a](<b"),
		"link titles":                 fill("[a](b \""),
		"references":                  fill("[a]: /b\n"),
		"references open":             fill("[a]: /b \"\n"),
		"references named":            fill("[a][b] "),
		"footnotes nested":            "\n" + half("[^1]:", "\n"),
		"footnotes nested over lines": half("[^1]:\n", "> "),
		"formulas over lines":         fill("`\n$"),
		"code over lines":             fill("``\n\\"),
		"long address":                "[a]: /" + strings.Repeat("b", 15_000) + "\n\n" + fill("[a] <b>"),
		"footnotes":                   fill("[^1]: a\n\n"),
		"footnote marks":              fill("[^1]") + "\n\n[^1]: a",
		"emphasis":                    fill("*a_"),
		"stars":                       fill("*"),
		"stars apart":                 fill("*a **a "),
		"emphasis nested":             half("*a ", " a*"),
		"strikes":                     fill("~a ~~a "),
		"ticks growing":               ticks(),
		"ticks":                       fill("` `` "),
		"dollars":                     fill("$a "),
		"dollars doubled":             fill("$$ $ "),
		"dollars with ticks":          fill("$`a "),
		"angles":                      fill("<"),
		"tags":                        fill("<b>"),
		"tags closed":                 half("<b>", "</i>"),
		"tags in blocks":              fill("<div>\n\n"),
		"tags open":                   fill("<a b=\""),
		"tags open over lines":        fill("<a b=\n"),
		"comments":                    fill("<!--"),
		"comments in a line":          fill("a <!-- "),
		"instructions":                fill("a <? "),
		"declarations":                fill("a <!A "),
		"sections":                    fill("a <![CDATA[ "),
		"entities":                    fill("&a"),
		"backslashes":                 fill("\\"),
		"tables":                      "|" + strings.Repeat("a|", size/4) + "\n|" + strings.Repeat("-|", size/4),
		"table rows":                  "|a|\n|-|\n" + fill("|a|\n"),
		"table cells":                 strings.Repeat("|a", 500) + "\n" + strings.Repeat("|-", 500) + "\n" + fill("a\n"),
		"terms":                       fill("a\n: b\n\n"),
		"colons":                      fill(": "),
		"fences":                      fill("```\n"),
		"fences open":                 fill("~~~ a\n\n"),
		"quote fences":                fill(">>>\n"),
		"quote fences growing":        growing(">", size),
		"front matter":                "---\n" + fill("a\n"),
		"blank lines":                 fill("\n"),
		"blanks":                      fill(" "),
		"tabs":                        fill("\t"),
		"tabs in quotes":              fill(">\t"),
		"unseen characters":           fill("\u200b"),
		"zero bytes":                  fill("\x00"),
		"invalid bytes":               fill("\xff"),
		"setext":                      fill("a\n=\n"),
		"underlines":                  fill("a\n-"),
		"carriage returns":            fill("\r"),
	}
}

// growing repeats lines that are each one piece longer than the one before.
func growing(piece string, size int) string {
	var b strings.Builder
	for n := 1; b.Len() < size; n++ {
		b.WriteString(strings.Repeat(piece, n) + "- a\n")
	}
	return b.String()
}

// TestHostile reads texts that are made to take long, between two commands, so that they are parsed. It promises no time; a text that
// takes for ever is stopped by the test's deadline.
func TestHostile(t *testing.T) {
	r := command.New("flow", "flowkeeper")
	next := command.Line{Number: 1, Text: "next"}
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			sizes := []int{30_000, len(text)}
			if testing.Short() {
				sizes = []int{3_000}
			}
			for _, size := range sizes {
				found := r.Read("/flow next\n\n" + text[:size] + "\n\n/flow back")
				checkLines(t, "/flow next\n\n"+text[:size]+"\n\n/flow back", found)
				if len(found) == 0 || found[0] != next {
					t.Errorf("the command before %d bytes is not found: %v", size, found)
				}
			}
		})
	}
}

// BenchmarkRead measures an ordinary comment, one without commands, and the texts that take longest.
func BenchmarkRead(b *testing.B) {
	long := hostile()
	comments := map[string]string{
		"ordinary":   "Thanks, that is clear now. See `log.txt` and [the page](https://example.com).\n\n/flow weight 3\n/flow next\n",
		"none":       strings.Repeat("Nothing here is for the bot, but there are **many** words in `this`.\n\n", 20),
		"details":    "<details>\n\n" + strings.Repeat("- item\n", 100) + "\n</details>\n\n/flow next\n",
		"no command": long["words"],
	}
	for _, name := range []string{"commands", "link destinations", "quotes nested less", "references", "tags"} {
		comments["worst: "+name] = "/flow next\n\n" + long[name][:60_000]
	}
	r := command.New("flow", "flowkeeper")
	for name, comment := range comments {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Read(comment)
			}
		})
	}
}
