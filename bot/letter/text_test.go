package letter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/letter"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

func TestList(t *testing.T) {
	now := noon.Add(100 * time.Hour)
	letters := []letter.Letter{
		{Project: 7, IID: 12, Buried: now.Add(-59 * time.Second), Attempts: 1, Cause: "403 Forbidden\nand a second line"},
		{Project: 7, IID: 13, Buried: now.Add(-125 * time.Minute), Attempts: 12, Cause: "a title with \x1b[31m colour and \u202e direction"},
		{Project: 123, IID: 4567, Buried: now.Add(-72 * time.Hour), Attempts: 2, Cause: strings.Repeat("ü", 200)},
		{Project: 8, IID: 1, Buried: now.Add(time.Minute), Attempts: 3},
	}
	var b strings.Builder
	if err := letter.List(&b, letters, now); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"ISSUE     AGE   ATTEMPTS  CAUSE\n" +
		"7#12      59s   1         403 Forbidden\n" +
		"7#13      2h5m  12        a title with ·[31m colour and · direction\n" +
		"123#4567  3d    2         " + strings.Repeat("ü", 99) + "…\n" +
		"8#1       0s    3         \n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error("-want +got\n", diff)
	}
}

func TestEmptyList(t *testing.T) {
	var b strings.Builder
	if err := letter.List(&b, nil, noon); err != nil || b.String() != "no dead letters\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

// TestShow: a whole letter, without what people wrote in comments.
func TestShow(t *testing.T) {
	update := happened(triage.Updated|triage.LabelsChanged|triage.WeightChanged, ann, 0, issue(0, "type::bug"))
	update.Event.Changes = triage.Changes{
		Added: []string{"type::bug"}, Removed: []string{"a \x1b[2J label"}, Weight: &triage.WeightChange{From: nil, To: triage.Int(3)},
	}
	decision := record.Decision{
		Events: []string{"updated"}, InScope: true, Commands: []engine.Result{{Command: "weight", Reason: "sets weight 3"}},
		Findings: []engine.Finding{
			{Rule: "team-labels", Mode: triage.Act, Reason: "an issue carries its labels", Wants: []string{"add ~backend"}, Evaluated: true},
			{Rule: "needs-type", Mode: triage.Remind, Reason: "it has no type", Evaluated: true, Overridden: true},
		},
		Done: []string{"note created"},
	}
	l := bury(t, &decision, update, noted(omar, time.Minute, "Walter is wrong\n\n/flow weight 3", issue(time.Minute, "type::bug")))
	l.Mail = append(l.Mail, letter.Mail{Accepted: noon.Add(2 * time.Minute)})
	l.Woken = true
	var b strings.Builder
	if err := letter.Show(&b, l, noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	want := `7#12 https://gitlab.example/secret/garden/-/issues/12
Given up 1h0m ago, at 2026-05-04 13:00:00 UTC, attempt 3.

Cause:
  PUT https://gitlab.example/api/v4/projects/7/issues/12: 403 Forbidden

Events, oldest first:
  2026-05-04 12:00:00 UTC  updated, labels changed, weight changed by @annabel +~"type::bug" -~"a ·[2J label" weight none→3
  2026-05-04 12:01:00 UTC  noted by @omar.k
  2026-05-04 12:02:00 UTC  a delivery that this version cannot read
  the bot's own wake-up was due

Decision:
  command weight: sets weight 3
  team-labels                  act     an issue carries its labels
                                     → add ~backend
  needs-type                   remind  it has no type
                                     → it is suspended here, a person undid it
  done before it was given up: note created
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error("-want +got\n", diff)
	}
}

// TestShowWithoutDecision: what failed before anything was decided, and what was left alone.
func TestShowWithoutDecision(t *testing.T) {
	for want, decision := range map[string]*record.Decision{
		"Decision:\n  none was made\n":                          nil,
		"Decision:\n  left alone: it is another team's issue\n": {Events: []string{"opened"}, Reason: "it is another team's issue"},
	} {
		var b strings.Builder
		if err := letter.Show(&b, bury(t, decision, happened(triage.Opened, ann, 0, issue(0))), noon); err != nil || !strings.HasSuffix(b.String(), want) {
			t.Errorf("%v\n%s\nwant at the end:\n%s", err, b.String(), want)
		}
	}
}

func TestLoss(t *testing.T) {
	opened, comment := happened(triage.Opened, ann, 0, issue(0)), noted(ann, time.Minute, "/flow why", issue(0))
	woken := bury(t, nil)
	woken.Woken = true
	const rest = ": commands in them are not carried out and no rule looks at them"
	for name, test := range map[string]struct {
		letter letter.Letter
		want   string
	}{
		"one":     {bury(t, nil, opened), "1 delivery (1× opened)" + rest},
		"several": {bury(t, nil, opened, comment, comment), "3 deliveries (1× opened; 2× noted)" + rest},
		"woken":   {woken, "0 deliveries and a wake-up" + rest},
	} {
		if got := letter.DescribeLoss(test.letter); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
