package markdown_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox/markdown"
)

func TestIssueReferences(t *testing.T) {
	type refs = []markdown.IssueReference
	for text, want := range map[string]refs{
		"see #12, #13 and #12 again":                  {{"", 12}, {"", 13}},
		"(#1) a/b#2 a/b/c-d#3":                        {{"", 1}, {"a/b", 2}, {"a/b/c-d", 3}},
		"`#12`":                                       nil,
		"[`#12`](https://x.test/a)":                   nil,
		"```\n#12\n```":                               nil,
		`\#12 and C\#4`:                               nil,
		"&#12; color:#123abc x#1":                     nil,
		"[a](https://gitlab.example/g/p/-/issues/12)": {{"g/p", 12}},
		"https://gitlab.example/g/p/-/work_items/12#note_1 now":    {{"g/p", 12}},
		"[a](https://gitlab.example/g/p/-/./issues/12)":            nil,
		"[a](https://elsewhere.example/g/p/-/issues/12)":           nil,
		"[a](https://gitlab.example/groups/g/-/issues?state=open)": nil,
		"<!-- #12 -->": nil,
	} {
		if diff := cmp.Diff(want, markdown.IssueReferences(text, "https://gitlab.example")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// An instance may be reached by a number or by a name without a dot.
func TestIssueReferencesOfLocalInstance(t *testing.T) {
	for _, instance := range []string{"http://127.0.0.1:8080", "http://localhost:8080", "http://gitlab"} {
		got := markdown.IssueReferences("Closes "+instance+"/g/p/-/issues/12.", instance)
		if diff := cmp.Diff([]markdown.IssueReference{{Path: "g/p", IID: 12}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", instance, diff)
		}
	}
}
