package document_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"flowkeeper/bot/note/notetest"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// TestNoReferences: links to issues are none that GitLab would take for a mention of them, and lead there nevertheless.
func TestNoReferences(t *testing.T) {
	body := notetest.HTML(document.Markdown(withTitle("words", "UX"), options))
	links := regexp.MustCompile(`href="(https://[^"]*/issues/12)"`).FindAllStringSubmatch(body, -1)
	if len(links) == 0 {
		t.Fatalf("no issue is linked in\n%s", body)
	}
	taken := regexp.MustCompile(`/-/issues/[0-9]+|/app/issues/[0-9]+`) // GitLab's form of an issue's address, with and without the dash
	for _, l := range links {
		if taken.MatchString(l[1]) {
			t.Errorf("%s is a reference", l[1])
		}
		if strings.Replace(l[1], "/./", "/", 1) != "https://gitlab.example.com/my-group/app/-/issues/12" {
			t.Errorf("%s leads elsewhere", l[1])
		}
	}
}

// TestNames: issues are named as people refer to them from where the document stands; of a confidential one nothing else is told.
func TestNames(t *testing.T) {
	row := func(path string, iid int64, confidential bool) planning.IssueRow {
		return planning.IssueRow{Ref: triage.Ref{Project: 7, IID: iid}, Path: path, Title: "words", Confidential: confidential}
	}
	for _, test := range []struct {
		home string
		row  planning.IssueRow
		want string
	}{
		{"my-group/app", row("my-group/app", 12, false), "- `#12` words\n"},
		{"my-group/planning", row("my-group/app", 12, false), "- `app#12` words\n"},
		{"my-group/planning", row("my-group/sub/app", 12, false), "- `my-group/sub/app#12` words\n"},
		{"", row("my-group/app", 12, false), "- `my-group/app#12` words\n"},
		{"my-group/app", row("my-group/app", 12, true), "- (confidential) `#12`\n"},
		{"my-group/planning", row("my-group/app", 0, true), "- a confidential issue of `my-group/app`\n"},
	} {
		d := planning.Document{Kind: k, Sections: []planning.Section{{Name: "list", Rows: []planning.Row{{Issue: &test.row}}}}}
		if got := document.Markdown(d, document.Options{Home: test.home}); !strings.Contains(got, "\n"+test.want) {
			t.Errorf("from %q: %q, want %q", test.home, got, test.want)
		}
	}
}

// TestWriteTable: a terminal sees one line for each row, and nothing that moves its cursor.
func TestWriteTable(t *testing.T) {
	var out strings.Builder
	if err := document.WriteTable(&out, withTitle("red \x1b[31m\r\n\u202e words", "UX\x1b[0m")); err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(out.String(), "\n") {
		if strings.ContainsAny(line, "\x1b\r\u202e\t") {
			t.Errorf("line %d is %q", n+1, line)
		}
	}
	if !strings.Contains(out.String(), "[ ] my-group/app#12  red") {
		t.Errorf("no row in\n%s", &out)
	}
}

// TestWriteJSON: a program gets the words as people wrote them, the texts too.
func TestWriteJSON(t *testing.T) {
	var out strings.Builder
	if err := document.WriteJSON(&out, withTitle("@all | words", "UX")); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Kind, Key string
		Sections  []struct {
			Name  string
			Text  []string
			Rows  []struct{ Issue struct{ Title, URL string } }
			Table struct{ Rows [][]string }
		}
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Kind != "triage" || got.Sections[0].Rows[0].Issue.Title != "@all | words" || got.Sections[0].Text[0] != "“@all | words”" || got.Sections[1].Table.Rows[0][0] != "@all | words" {
		t.Errorf("%+v of\n%s", got, &out)
	}
}
