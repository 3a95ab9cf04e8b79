package scenario_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"flowkeeper/bot/scenario"
	"flowkeeper/rules/triage"
)

// TestEncodeScenarios: a scenario that people wrote means the same after it was read and written.
func TestEncodeScenarios(t *testing.T) {
	files, err := filepath.Glob("../../rules/testdata/scenarios/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := scenario.Read(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		checkEncode(t, want)
	}
}

// TestEncode: whatever a file holds, read again it is the same. A quoted word of YAML, a tab or a part's mark is a text like others.
func TestEncode(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"-- event --", "null", "yes", "3", "1e3", "a, b", "[x]", "{a", "a: b", "a #b", " a ", "it's", `"q`, "a\nb\n\n", "\t", "\r", "*a", "&a", "- a", "<<", "~",
	}))
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(texts, 0, 3)
		count := rapid.Ptr(rapid.IntRange(0, 9), true)
		checkEncode(t, scenario.File{
			About: "About.",
			Team:  &scenario.Team{GroupLabel: texts.Draw(t, "group"), Labels: list.Draw(t, "labels"), Roles: map[triage.Role][]string{triage.Engineers: list.Draw(t, "engineers")}},
			Rules: map[string]any{"needs-type": "act", "weight-research": map[string]any{"mode": "remind", "from": texts.Draw(t, "option")}},
			Issue: scenario.Issue{
				Type: "Issue", Author: "ann", Title: texts.Draw(t, "title"), Labels: list.Draw(t, "of the issue"), Weight: count.Draw(t, "weight"),
				Weights: rapid.Ptr(rapid.Bool(), true).Draw(t, "weights"), Age: time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "age")),
			},
			Memory: &scenario.Memory{
				Own:     map[string]scenario.BotChange{"a key": {Rule: texts.Draw(t, "rule"), Value: 2, Removed: true}},
				Snoozed: map[string]time.Duration{"all": time.Hour}, Undone: map[string]string{"a": texts.Draw(t, "undone")}, Bump: &scenario.Bump{To: 1},
			},
			Around: &scenario.Around{Links: list.Draw(t, "links"), Agreements: map[string]string{"ann": "thumb"}, Levels: map[string]int{"ann": 20}, Issues: []int64{34}},
			Steps: []scenario.Step{
				{Event: scenario.Event{By: "ann", Kind: "commented", Text: texts.Draw(t, "text"), Level: count.Draw(t, "level")}, Expected: "decided\n"},
				{Event: scenario.Event{After: time.Minute, Add: list.Draw(t, "add"), Internal: true}},
			},
		})
	})
}

// failer is a test, or a draw of rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkEncode(t failer, want scenario.File) {
	t.Helper()
	data := want.Encode()
	got, err := scenario.Read(data)
	if err != nil {
		t.Fatalf("reading what was written: %v\n%s", err, data)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(scenario.File{}, "RulesLine"), cmpopts.IgnoreFields(scenario.Step{}, "Line", "DecisionLine")); diff != "" {
		t.Fatalf("written and read (-want +got):\n%s\n%s", diff, data)
	}
}

// TestWrite puts new decisions behind their events and keeps everything else.
func TestWrite(t *testing.T) {
	before := "About.\n-- event --\nkind: opened\n-- decision --\nold\n-- event --\nweight: 3\n"
	want := "About.\n-- event --\nkind: opened\n-- decision --\none\n-- event --\nweight: 3\n-- decision --\ntwo\n"
	if got := string(scenario.InsertDecisions([]byte(before), []string{"one\n", "two\n"})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
