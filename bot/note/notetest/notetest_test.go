package notetest_test

import (
	"testing"

	"flowkeeper/bot/note/notetest"
)

func TestProblemsFindsWhatGitLabWouldActOn(t *testing.T) {
	tests := map[string]string{
		"mention":               "please ask @omar",
		"mention with a dot":    "please ask @.omar",
		"everybody":             "@all look",
		"mention in emphasis":   "*@omar*",
		"escaped mention":       `please ask \@omar`,
		"entity mention":        "please ask &#64;omar",
		"mention in a quote":    "> @omar",
		"mail address":          "write to omar@example.com",
		"issue":                 "see #12",
		"issue elsewhere":       "see group/project#12",
		"merge request":         "see !12",
		"label":                 "is ~UX",
		"quoted label":          `is ~"needs research"`,
		"milestone":             "in %17.1",
		"named milestone":       "in %Backlog",
		"placeholder":           "%{project_name}",
		"snippet":               "see $12",
		"epic":                  "see &12",
		"alert":                 "see ^alert#12",
		"wiki page":             `\[[home]]`,
		"vulnerability":         `see \[vulnerability:12]`,
		"iteration":             "in *iteration:12",
		"tracker":               "see ABC-12",
		"own tracker":           "see GL-12",
		"address":               "see https://gitlab.example.com/g/p/-/issues/1",
		"address of any scheme": "see irc://example.com/room",
		"address without one":   "see www.example.com",
		"link":                  "[see](x)",
		"image":                 "![see](x)",
		"footnote":              "see[^1]\n\n[^1]: there",
		"element":               "an <em>element</em>",
		"comment":               "a\n\n<!-- comment -->",
		"script":                "<script>alert(1)</script>",
		"heading":               "# Title",
		"underlined heading":    "Title\n===",
		"quote":                 "> words",
		"fence":                 "```\ncode",
		"indented code":         "    code",
		"table":                 "|a|b|\n|-|-|\n|c|d|",
		"rule":                  "a\n\n---",
		"quick action":          "text\n/close",
		"indented quick action": "text\n  /close",
		"open fold":             "<details><summary>x</summary>\n\ntext",
		"closed twice":          "<details><summary>x</summary>\n\ntext\n\n</details>\n\n</details>",
		"dense fold":            "<details><summary>x</summary>\ntext\n</details>",
		"inline difference":     "{+ more +}",
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			if len(notetest.Problems(body)) == 0 {
				t.Errorf("nothing found in %q", body)
			}
		})
	}
}

func TestProblemsAllowsWhatTheBotWrites(t *testing.T) {
	body := "@maria.b this issue needs one thing:\n\n- [ ] **A label** like ~UX or ~\"needs research\". Use `/label ~UX @x #1`.\n" +
		"- [x] ~~Done~~\n\n2 → 3: 100% & more!\n\n<details><summary>x</summary>\n\n- why\n\n</details>\n\n<!-- flowkeeper:v1 {} -->"
	notetest.CheckSticky(t, body, "@maria.b", "~UX", `~"needs research"`)
}

func TestWords(t *testing.T) {
	body := "One *two* - three\n\n- [ ] 4 → **five**\n\n<details><summary>six</summary>\n\n</details>"
	if got := notetest.Words(body); got != 5 {
		t.Errorf("%d words, want 5", got)
	}
}
