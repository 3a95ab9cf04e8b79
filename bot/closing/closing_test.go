package closing_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/closing"
)

func TestRead(t *testing.T) {
	of := closing.SourceOf("fleet/ship/hull", "https://gitlab.example/sub/fleet/ship/hull")
	for name, test := range map[string]struct {
		title, description string
		issues             string // separated by blanks
		external           string
	}{
		"every word":              {description: "Close #1 closes #2 Closed #3 closing #4 Fix #5 fixes #6 Fixed #7 fixing #8 Resolve #9 resolves #10 Resolved #11 resolving #12 Implement #13 implements #14 Implemented #15 implementing #16", issues: "#1 #2 #3 #4 #5 #6 #7 #8 #9 #10 #11 #12 #13 #14 #15 #16"},
		"a colon":                 {description: "Closes: #1", issues: "#1"},
		"the word issue":          {description: "Fixes issue #1, issues #2 and issue #3", issues: "#1 #2 #3"},
		"lists":                   {description: "Closes #1, #2 and #3, and #4 #5", issues: "#1 #2 #3 #4 #5"},
		"spaces before the comma": {description: "Closes #1 , #2 ,and #3", issues: "#1 #2"},
		"the end of a line":       {description: "Fixes #18, #19\nand #20.\n\nCloses #21\n\n#22 is another matter.", issues: "#18 #19 #21"},
		"an address in brackets":  {description: "(Closes https://gitlab.example/sub/fleet/oar/-/issues/23).", issues: "fleet/oar#23"},
		"only related":            {description: "Related to #17 and fixes #18; see #19", issues: "#18"},
		"a list that ends":        {description: "Closes #4, #6, Related to #5", issues: "#4 #6"},
		"other projects":          {description: "Closes fleet/oar#1 and other/group/x.y_z#2", issues: "fleet/oar#1 other/group/x.y_z#2"},
		"a project beside it":     {description: "Closes mast#1", issues: "fleet/ship/mast#1"},
		"addresses":               {description: "Closes https://gitlab.example/sub/fleet/oar/-/issues/1, http://gitlab.example/sub/fleet/oar/-/work_items/2, https://gitlab.example/sub/fleet/oar/issues/3#note_4", issues: "fleet/oar#1 fleet/oar#2 fleet/oar#3"},
		"an issue behind a page":  {description: "Closes https://example.com/a/b#3, #4 and https://gitlab.example/sub/fleet/oar/-/merge_requests/1 #5", issues: "#4 #5"},
		"addresses of elsewhere":  {description: "Closes https://example.com/fleet/oar/-/issues/1 https://gitlab.example/fleet/oar/-/issues/1 https://gitlab.example.evil/sub/fleet/oar/-/issues/1"},
		"other trackers":          {description: "Fixes PLAN-12, ABC_1-3 and #4; closes #5, ABC_1-3", issues: "#5", external: "PLAN-12 ABC_1-3"},
		"GitLab's other sign":     {description: "Closes GL-7", issues: "#7"},
		"in the title":            {title: "Resolve \"Leak\": closes #5", issues: "#5"},
		"once":                    {title: "Closes #5", description: "Closes #5, fleet/ship/hull#5", issues: "#5"},
		"code":                    {description: "```\nCloses #1\n```\n`Closes #2` Closes `#3`\n\n    Closes #4\n\nCloses #5", issues: "#1 #2 #4 #5"},
		"a comment of a template": {description: "<!-- Closes #1 -->\nCloses #2", issues: "#1 #2"},
		"raw HTML":                {description: "<details><!--\n\n```\nCloses #1", issues: "#1"},
		"within a word":           {description: "encloses #1, prefix #2, Disclosed #3"},
		"capitals":                {description: "CLOSES #1, cLoses #2"},
		"no number":               {description: "Closes #0, #12345678901, #x"},
		"merge requests":          {description: "Closes !1"},
		"nothing":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			got := closing.Read(test.title, test.description, of)
			var want closing.References
			for issue := range strings.FieldsSeq(test.issues) {
				if strings.HasPrefix(issue, "#") {
					issue = "fleet/ship/hull" + issue
				}
				want.Issues = append(want.Issues, issue)
			}
			if test.external != "" {
				want.External = strings.Fields(test.external)
			}
			want.Mentions = got.Mentions
			if (want.Issues != nil || want.External != nil) && !got.Mentions {
				t.Error("what it closes is not mentioned")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
		})
	}
}

// A merge request from a fork is one of the project that it goes to, and so is what its text names without a project.
func TestReadFromAFork(t *testing.T) {
	got := closing.Read("", "Closes #1 and ada/hull#2", closing.SourceOf("fleet/hull", "https://gitlab.example/fleet/hull"))
	if diff := cmp.Diff([]string{"fleet/hull#1", "ada/hull#2"}, got.Issues); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}

// What a person can write is bounded in what it makes the bot do.
func TestReadBounds(t *testing.T) {
	var b strings.Builder
	for n := range 5000 {
		b.WriteString("Closes #" + strings.Repeat("1", 1+n%9) + ", x/y" + strings.Repeat("z", n%40) + "#3\n\n")
	}
	got := closing.Read("", b.String(), closing.SourceOf("a/b", "https://gitlab.example/a/b"))
	if n := len(got.Issues); n == 0 || n > 50 {
		t.Errorf("found %d issues, want some, and at most 50", n)
	}
}

func TestMentions(t *testing.T) {
	of := closing.SourceOf("a/b", "https://gitlab.example/a/b")
	for text, want := range map[string]bool{
		"Related to #12": true, "See a/c#3.": true, "PLAN-12": true, "https://gitlab.example/a/b/-/issues/1": true, "`#12`": false, "<!-- See #12 -->": false, "`Closes #12`": true, "https://example.com/-/issues/1": false, "#0": false, "faster": false, "": false,
	} {
		if got := closing.Read("", text, of).Mentions; got != want {
			t.Errorf("%q mentions an issue: %t, want %t", text, got, want)
		}
	}
}

func TestDigest(t *testing.T) {
	if closing.Digest("a", "b") == closing.Digest("a", "c") || closing.Digest("ab", "") == closing.Digest("a", "b") {
		t.Error("two texts have one digest")
	}
	if a, b := closing.Digest("a", "b"), closing.Digest("a", "b"); a != b {
		t.Error("one text has two digests")
	}
}
