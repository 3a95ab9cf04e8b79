package explain_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/explain"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestQuiet explains an issue on which people have silenced rules.
func TestQuiet(t *testing.T) {
	e := worker.Explanation{Decision: engine.Decision{InScope: true, Memory: triage.Memory{
		Suspensions: map[string]triage.Undoing{"design-needs-ux": {By: "omar", What: "add ~UX"}},
		Silences: map[string]triage.Silence{
			"all":        {Until: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC), By: "maria"},
			"needs-type": {Why: "only a question\x1b[2J"},
		},
	}}}
	var text bytes.Buffer
	if err := explain.Text(&text, "my.yaml", e); err != nil {
		t.Fatal(err)
	}
	const want = `
Quiet here:
  design-needs-ux              suspended, @omar undid "add ~UX"
  all rules                    until 30 November 2026 08:00 UTC, snoozed by @maria
  needs-type                   ignored by somebody: "only a question\x1b[2J"

Why:
`
	if !strings.Contains(text.String(), want) {
		t.Errorf("the explanation lacks %s\nit is:\n%s", want, &text)
	}
	object, err := json.Marshal(explain.Object("my.yaml", e))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"undone":"add ~UX"`, `"until":"2026-11-30T08:00:00Z"`, `"rule":"needs-type"`} {
		if !strings.Contains(string(object), want) {
			t.Errorf("the explanation lacks %s:\n%s", want, object)
		}
	}
}

// TestNothingQuiet: where nobody silenced anything, nothing is said of it.
func TestNothingQuiet(t *testing.T) {
	var text bytes.Buffer
	if err := explain.Text(&text, "my.yaml", worker.Explanation{Decision: engine.Decision{InScope: true}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "Quiet") {
		t.Errorf("the explanation is:\n%s", &text)
	}
}
