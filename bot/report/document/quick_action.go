package document

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"flowkeeper/rules/triage"
)

// QuickAction is the first line of a description that GitLab may execute as a quick action, with the rights of whoever saves it; "" if there is none.
// Versions of GitLab differ in what they leave alone beside code, so any line counts that is not code.
func QuickAction(description string) string {
	var code map[int]bool
	at := 0
	for line := range strings.Lines(description) {
		from := at
		at += len(line)
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] != '/' || !triage.IsQuickAction(strings.ToLower(words[0][1:])) {
			continue
		}
		if code == nil {
			code = codeLines(description)
		}
		if !code[from] {
			return line
		}
	}
	return ""
}

// codeLines are where the lines begin that are code blocks.
func codeLines(description string) map[int]bool {
	source := []byte(description)
	lines := map[int]bool{}
	_ = ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if k := n.Kind(); entering && (k == ast.KindFencedCodeBlock || k == ast.KindCodeBlock) {
			for i := range n.Lines().Len() {
				start := n.Lines().At(i).Start
				lines[strings.LastIndexByte(description[:start], '\n')+1] = true
			}
		}
		return ast.WalkContinue, nil
	})
	return lines
}
