package policyfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/config/policyfile"
	"flowkeeper/rules/policy"
)

// TestExpansion draws labels of words and braces and compares every choice of them with what the reader makes of the text.
func TestExpansion(t *testing.T) {
	word := rapid.StringMatching(`[a-z:.]{1,4}`)
	blanks := rapid.SampledFrom([]string{"", " "})
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		want := [][]string{{}}
		mixed := false // a list behind other braces, which the gem takes for one list
		for range rapid.IntRange(1, 3).Draw(t, "labels") {
			text, choices := "", []string{""}
			for range rapid.IntRange(1, 3).Draw(t, "parts") {
				var items []string
				switch rapid.IntRange(0, 2).Draw(t, "kind") {
				case 0:
					items = []string{word.Draw(t, "word")}
					text += items[0]
				case 1:
					items = rapid.SliceOfN(word, 2, 3).Draw(t, "list")
					mixed = mixed || strings.Contains(text[strings.LastIndex(text, ",")+1:], "{")
					padded := make([]string, len(items))
					for i, item := range items {
						padded[i] = blanks.Draw(t, "before") + item + blanks.Draw(t, "behind")
					}
					text += "{" + strings.Join(padded, ",") + "}"
				case 2:
					from := rapid.IntRange(0, 11).Draw(t, "from")
					to := from + rapid.IntRange(0, 2).Draw(t, "more")
					for n := from; n <= to; n++ {
						items = append(items, fmt.Sprint(n))
					}
					text += fmt.Sprintf("{%s%d..%d%s}", blanks.Draw(t, "before"), from, to, blanks.Draw(t, "behind"))
				}
				choices = each(choices, items, func(a, b string) string { return a + b })
			}
			texts = append(texts, fmt.Sprintf("%q", text))
			want = each(want, choices, func(list []string, label string) []string { return append(slices.Clone(list), label) })
		}
		source := "resource_rules: {issues: {rules: [{conditions: {labels: [" + strings.Join(texts, ", ") + "]}, actions: {labels: [x]}}]}}"
		p, problems := policyfile.Read([]policyfile.Source{{Name: "a.yml", Content: []byte(source)}}, policyfile.Defaults{})
		if mixed || len(want) > 1000 {
			if len(problems) > 0 || len(p.Rules) > 0 {
				t.Fatalf("%s runs", source)
			}
			return
		}
		if len(p.Rules) != 1 {
			t.Fatalf("%s: %v %v", source, problems, p.Entries)
		}
		if diff := cmp.Diff(sorted(want), sorted(p.Rules[0].When[0].(policy.HasLabels).AnyOf)); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", source, diff)
		}
	})
}

// each joins every one of the first with every one of the second.
func each[A, B any](first []A, second []B, join func(A, B) A) []A {
	var all []A
	for _, a := range first {
		for _, b := range second {
			all = append(all, join(a, b))
		}
	}
	return all
}

func sorted(lists [][]string) [][]string {
	lists = slices.Clone(lists)
	slices.SortFunc(lists, slices.Compare)
	return lists
}
