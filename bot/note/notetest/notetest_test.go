package notetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/note/notetest"
)

func TestProblemsFindsWhatGitLabWouldActOn(t *testing.T) {
	tests := map[string]struct{ body, found string }{
		"mention":               {"please ask @omar", `reference "@omar"`},
		"mention with a dot":    {"please ask @.omar", `reference "@.omar"`},
		"everybody":             {"@all look", `reference "@all"`},
		"mention in emphasis":   {"*@omar*", `reference "@omar"`},
		"escaped mention":       {`please ask \@omar`, `reference "@omar"`},
		"entity mention":        {"please ask &#64;omar", `reference "@omar"`},
		"mention in a quote":    {"> @omar", `reference "@omar"`},
		"mail address":          {"write to omar@example.com", `reference "@example.com"`},
		"issue":                 {"see #12", `reference "#12"`},
		"issue elsewhere":       {"see group/project#12", `reference "#12"`},
		"merge request":         {"see !12", `reference "!12"`},
		"label":                 {"is ~UX", `reference "~UX"`},
		"quoted label":          {`is ~"needs research"`, `reference "~\"needs research\""`},
		"milestone":             {"in %17.1", `reference "%17.1"`},
		"named milestone":       {"in %Backlog", `reference "%Backlog"`},
		"placeholder":           {"%{project_name}", `reference "%{project_name"`},
		"snippet":               {"see $12", `reference "$12"`},
		"epic":                  {"see &12", `reference "&12"`},
		"alert":                 {"see ^alert#12", `reference "^alert"`},
		"wiki page":             {`\[[home]]`, `reference "[["`},
		"vulnerability":         {`see \[vulnerability:12]`, `reference "[vulnerability:"`},
		"iteration":             {"in *iteration:12", `reference "*iteration:"`},
		"tracker":               {"see ABC-12", `reference "ABC-12"`},
		"own tracker":           {"see GL-12", `reference "GL-12"`},
		"address":               {"see https://gitlab.example.com/g/p/-/issues/1", `reference "s://"`},
		"address of any scheme": {"see irc://example.com/room", `reference "c://"`},
		"address without one":   {"see www.example.com", `reference "www.e"`},
		"link":                  {"[see](x)", `element <a>`},
		"image":                 {"![see](x)", `element <img>`},
		"footnote":              {"see[^1]\n\n[^1]: there", `element <sup>`},
		"element":               {"an <em>element</em>", `HTML "<em>"`},
		"comment":               {"a\n\n<!-- comment -->", `comment "<!-- comment -->"`},
		"script":                {"<script>alert(1)</script>", `HTML "<script>`},
		"heading":               {"# Title", `element <h1>`},
		"underlined heading":    {"Title\n===", `element <h1>`},
		"quote":                 {"> words", `element <blockquote>`},
		"fence":                 {"```\ncode", `element <pre>`},
		"indented code":         {"    code", `element <pre>`},
		"table":                 {"|a|b|\n|-|-|\n|c|d|", `element <table>`},
		"rule":                  {"a\n\n---", `element <hr>`},
		"quick action":          {"text\n/close", `quick action "/close"`},
		"indented quick action": {"text\n  /close", `quick action "  /close"`},
		"open details":          {"<details><summary>x</summary>\n\ntext", `the details are not closed`},
		"closed twice":          {"<details><summary>x</summary>\n\ntext\n\n</details>\n\n</details>", `line 7: "</details>" does not match`},
		"dense fold":            {"<details><summary>x</summary>\ntext\n</details>", `no blank line before and after`},
		"inline difference":     {"{+ more +}", `reference "{+"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			problems := notetest.Problems(tt.body)
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.found) }) {
				t.Errorf("found %q in %q, want %q", problems, tt.body, tt.found)
			}
		})
	}
}

func TestProblemsAllowsWhatTheBotWrites(t *testing.T) {
	body := "@maria.b this issue needs one thing:\n\n- [ ] **A label** like ~UX or ~\"needs research\". Use `/label ~UX @x #1`.\n" +
		"- [x] ~~Done~~\n\n2 → 3: 100% & more!\n\n<details><summary>x</summary>\n\n- why\n\n</details>\n\n<!-- flowkeeper:v1 {} -->"
	notetest.CheckNote(t, body, "@maria.b", "~UX", `~"needs research"`)
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	errors []string
}

func (*recorder) Helper() {}

func (*recorder) Logf(string, ...any) {}

func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }

// What each check asks for besides harmlessness.
func TestChecksFail(t *testing.T) {
	const (
		fold   = "<details><summary>x</summary>\n\n- why\n\n</details>\n\n"
		sticky = "<!-- flowkeeper:v1 {} -->"
		answer = "<!-- flowkeeper:re 7:1 12 -->"
	)
	check := func(check func(testing.TB, string, ...string)) func(testing.TB, string) {
		return func(t testing.TB, body string) { check(t, body) }
	}
	harmless, note, reply := check(notetest.Check), check(notetest.CheckNote), check(notetest.CheckReply)
	for name, tt := range map[string]struct {
		check func(testing.TB, string)
		body  string
		says  string // "" if the body is fine
	}{
		"harmless":                     {harmless, "words", ""},
		"a mention":                    {harmless, "ask @omar", "@omar"},
		"a sticky note":                {note, "words\n\n" + fold + sticky, ""},
		"a sticky note, mention":       {note, "ask @omar\n\n" + sticky, "@omar"},
		"a sticky note of 60 words":    {note, strings.Repeat("word ", 60) + "\n\n" + sticky, ""},
		"a sticky note of 61 words":    {note, strings.Repeat("word ", 61) + "\n\n" + sticky, "61 words"},
		"a sticky note, two folds":     {note, fold + fold + sticky, "2 folds"},
		"a sticky note, two markers":   {note, sticky + "\n\n" + sticky, "2 comments"},
		"a sticky note, no marker":     {note, "words", "is no marker"},
		"a sticky note, marker first":  {note, sticky + "\n\nwords", "is no marker"},
		"a sticky note, no JSON":       {note, "words\n\n<!-- flowkeeper:v1 {x} -->", "is no marker"},
		"a sticky note, of an answer":  {note, "words\n\n" + answer, "is no marker"},
		"an answer":                    {reply, "words\n\n" + fold + answer, ""},
		"a description":                {reply, "words\n\n<!-- flowkeeper:follow-up 7#12 99 -->", ""},
		"an answer, mention":           {reply, "ask @omar\n\n" + answer, "@omar"},
		"an answer, two folds":         {reply, fold + fold + answer, "2 folds"},
		"an answer, two markers":       {reply, answer + "\n\n" + answer, "2 comments"},
		"an answer, marker first":      {reply, answer + "\n\nwords", "the last line \"words\""},
		"an answer, of a sticky note":  {reply, "words\n\n" + sticky, "the last line"},
		"a title":                      {notetest.CheckTitle, "*any* <b> # words", ""},
		"a title, mention":             {notetest.CheckTitle, "ask @omar", "@omar"},
		"a title, two lines":           {notetest.CheckTitle, "one\ntwo", "is not one line"},
		"a title, two lines otherwise": {notetest.CheckTitle, "one\u2028two", "is not one line"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			tt.check(r, tt.body)
			switch {
			case tt.says == "" && len(r.errors) > 0:
				t.Errorf("%q fails with %q", tt.body, r.errors)
			case tt.says != "" && !strings.Contains(strings.Join(r.errors, "\n"), tt.says):
				t.Errorf("%q fails with %q, want an error that says %q", tt.body, r.errors, tt.says)
			}
		})
	}
}

func TestWords(t *testing.T) {
	body := "One *two* - three\n\n- [ ] 4 → **five**\n\n<details><summary>six</summary>\n\n</details>"
	if got := notetest.Words(body); got != 5 {
		t.Errorf("%d words, want 5", got)
	}
}
