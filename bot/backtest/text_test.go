package backtest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"flowkeeper/bot/backtest"
)

// TestPeoplesTexts: names that people choose cannot become part of the Markdown around them.
func TestPeoplesTexts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a`b", "``", "x\n\n# big", "| a | b |", "</details>", "<img src=x>", "@all", "![](http://evil)", "/close"} {
		var b bytes.Buffer
		r := backtest.Report{
			Project: name, Mentions: map[string]int{name: 1}, Contradict: []backtest.Example{{Issue: "1#1", What: name}},
			Rules: []backtest.Rule{{Rule: "needs-type", Fired: 1, Examples: []backtest.Example{{Issue: "1#1", URL: "https://gitlab.example.com/1", What: "add ~" + name}}}},
		}
		if err := r.WriteMarkdown(&b); err != nil {
			t.Fatal(err)
		}
		outside := ""
		for line := range strings.Lines(b.String()) {
			for n, part := range codeSpans(line) {
				if n%2 == 0 {
					outside += part
				}
			}
		}
		for _, bad := range []string{"<img", "@all", "big", "evil", "/close", "| a |"} {
			if strings.Contains(outside, bad) {
				t.Errorf("%q is outside of code:\n%s", name, b.String())
			}
		}
		if strings.Count(outside, "</details>") != 1 {
			t.Errorf("%q ends what is folded:\n%s", name, b.String())
		}
	}
}

// TestContradictions: they are said even if no rule did anything, in Markdown, too; so is what was left out.
func TestContradictions(t *testing.T) {
	t.Parallel()
	r := backtest.Report{Gone: 3, Contradict: []backtest.Example{{Issue: "1#1", What: "one rule wants ~a, another one ~b"}}}
	var text, markdown bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteMarkdown(&markdown); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{text.String(), markdown.String()} {
		if !strings.Contains(got, "another one ~b") || !strings.Contains(got, "3 issues") {
			t.Errorf("the contradiction or what was left out is missing:\n%s", got)
		}
	}
}

// TestJSONLists: programs find lists where lists are, also if they are empty.
func TestJSONLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	result, err := w.play(nil, handbook())
	w.must(err)
	data, err := json.Marshal(result.Reports[0])
	w.must(err)
	if strings.Contains(string(data), "null") {
		t.Errorf("JSON says %s", data)
	}
}

// codeSpans cuts a line of Markdown: every second part is code.
func codeSpans(line string) []string {
	var parts []string
	for {
		begin := strings.IndexByte(line, '`')
		if begin < 0 {
			return append(parts, line)
		}
		rest := strings.TrimLeft(line[begin:], "`")
		fence := line[begin : len(line)-len(rest)]
		end := closing(rest, fence)
		if end < 0 {
			return append(parts, line)
		}
		parts = append(parts, line[:begin], rest[:end])
		line = rest[end+len(fence):]
	}
}

// closing is where a run of exactly as many backticks begins, -1 if there is none.
func closing(text, fence string) int {
	for from := 0; ; {
		begin := strings.IndexByte(text[from:], '`')
		if begin < 0 {
			return -1
		}
		begin += from
		run := len(text[begin:]) - len(strings.TrimLeft(text[begin:], "`"))
		if run == len(fence) {
			return begin
		}
		from = begin + run
	}
}
