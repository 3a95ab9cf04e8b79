package shadow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/shadow"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// decided is a decision on issue 7#iid so many hours before began; only that of issue 1 tells the project's path.
func decided(t *testing.T, iid int64, hours int, findings ...engine.Finding) inbox.Record {
	t.Helper()
	d := record.Decision{InScope: true, Findings: findings}
	if iid == 1 {
		d.Path = "team/project"
	}
	body, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return inbox.Record{Issue: triage.Ref{Project: 7, IID: iid}, At: began.Add(-time.Duration(hours) * time.Hour), Body: body}
}

func finding(rule string, mode triage.Mode, would ...string) engine.Finding {
	return engine.Finding{Rule: rule, Mode: mode, Evaluated: true, Notable: true, Reason: "it is so", Would: would}
}

// TestReport: each rule counts once an issue, with its newest wish; those that would do nothing are left out.
func TestReport(t *testing.T) {
	acts := finding("acts", triage.Act)
	acts.Wants = []string{"add ~x"}
	records := []inbox.Record{
		decided(t, 1, 1, finding("a", triage.Shadow, "add ~new"), finding("silent", triage.Shadow), acts),
		{Issue: triage.Ref{Project: 7, IID: 9}, At: began.Add(-time.Hour), Body: []byte("of another version")},
		decided(t, 2, 2, finding("asks\x1b[2J", triage.Shadow, "ask for “A weight”"), finding("a", triage.Shadow, "add ~x", "remove ~y")),
		decided(t, 1, 3, finding("a", triage.Shadow, "add ~old"), finding("b", triage.Shadow, "add ~b")),
		decided(t, 3, 30, finding("a", triage.Shadow, "add ~x")),
	}
	since := began.Add(-24 * time.Hour)
	report := shadow.ReportOf(records, since, true)
	if !report.Oldest.IsZero() {
		t.Errorf("it says that nothing is kept of before %s, though there is", report.Oldest)
	}
	var text strings.Builder
	if err := shadow.Text(&text, report, since); err != nil {
		t.Fatal(err)
	}
	want := `team/project#1  2026-03-02 08:00 UTC
  a                          add ~new
  b                          add ~b
7#2  2026-03-02 07:00 UTC
  asks·[2J                   ask for “A weight”
  a                          add ~x, remove ~y

Issues on which a rule would have done something since 2026-03-01 09:00 UTC:
  a                          2
  asks·[2J                   1
  b                          1
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReportHasBounds: a report says what it leaves out, and from when on decisions are kept.
func TestReportHasBounds(t *testing.T) {
	var records []inbox.Record
	for n := range int64(shadow.MaxIssues + 2) {
		records = append(records, decided(t, n+1, 1, finding("a", triage.Shadow, "add ~x")))
	}
	report := shadow.ReportOf(records, began.Add(-24*time.Hour), true)
	if len(report.Issues) != shadow.MaxIssues || report.More != 2 || report.Rules[0].Issues != shadow.MaxIssues+2 || !report.Oldest.Equal(began.Add(-time.Hour)) {
		t.Errorf("%d issues and %d more, %v, oldest %s", len(report.Issues), report.More, report.Rules, report.Oldest)
	}
	var text strings.Builder
	if err := shadow.Text(&text, shadow.ReportOf(nil, began, false), began); err != nil {
		t.Fatal(err)
	}
	if want := "Since 2026-03-02 09:00 UTC no rule in shadow would have done anything.\n"; text.String() != want {
		t.Errorf("%q, want %q", text.String(), want)
	}
}
