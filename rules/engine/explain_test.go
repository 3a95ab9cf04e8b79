package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// whyPolicy has a rule that acts, one that asks, one that is watched and one that is off.
func whyPolicy() engine.Policy {
	acts := wants("acts", triage.AddLabel{Label: "UX"})
	asks := rule("asks", func(triage.Input) triage.Verdict {
		return triage.Ask("the weight is empty", triage.Item{Slot: "weight", Title: "A weight"})
	})
	asks.Mode = triage.Remind
	watched := wants("watched", triage.AddLabel{Label: "x"})
	watched.Mode = triage.Shadow
	off := wants("off", triage.Close{})
	off.Mode = triage.Off
	settings := []engine.Setting{acts, asks, watched, off}
	for n := range settings {
		settings[n].Section, settings[n].Summary = "Triage", "Does something."
	}
	return engine.Policy{Team: team, Settings: settings, Grace: 5 * time.Minute}
}

// explain is the answer as lines of text; those of the fold are indented.
func explain(t *testing.T, issue triage.Issue, memory triage.Memory, rule string, past ...engine.PastFinding) []string {
	t.Helper()
	d := decide(t, whyPolicy(), engine.Case{
		Issue: issue, Memory: memory, Now: now, Facts: engine.Facts{PastFindings: map[string][]engine.PastFinding{rule: past}},
		Pending: engine.Pending{Intent: triage.Intent{Answers: []triage.Reaction{{Note: 1}}}, Questions: []engine.Question{{Note: 1, Rule: rule}}},
	})
	r := d.Pending.Intent.Answers[0].Reply
	var lines []string
	for _, text := range r.Text {
		lines = append(lines, text.Plain())
	}
	for _, row := range r.Rows {
		lines = append(lines, "- "+row.Plain())
	}
	if r.DetailsTitle != "" {
		lines = append(lines, r.DetailsTitle)
	}
	for _, row := range r.DetailsRows {
		lines = append(lines, "  - "+row.Plain())
	}
	return lines
}

func TestExplain(t *testing.T) {
	ux := triage.Issue{Labels: []string{"UX", "x"}}
	tests := []struct {
		name   string
		issue  triage.Issue
		memory triage.Memory
		rule   string
		past   []engine.PastFinding
		want   string
	}{
		{name: "all, on an issue on which nothing was done", memory: triage.Memory{Touched: now}, want: `
What the rules say of this issue. ¬/flow why <rule>¬ tells all about one.
- ¬acts¬ · Triage · because · wants: add ~UX
- ¬asks¬ · Triage · the weight is empty · goes on the note at 2 March 09:05 UTC
- ¬watched¬ · Triage · because · wants: add ~x · only watched, mode ¬shadow¬
The rules with nothing to say: 1
  - ¬off¬ · Triage · the rule is off`},
		{name: "all, when the time of waiting is over", issue: ux, want: `
What the rules say of this issue. ¬/flow why <rule>¬ tells all about one.
- ¬asks¬ · Triage · the weight is empty
The rules with nothing to say: 3
  - ¬acts¬ · Triage · because
  - ¬watched¬ · Triage · because · only watched, mode ¬shadow¬
  - ¬off¬ · Triage · the rule is off`},
		{name: "all, of a closed issue", issue: triage.Issue{Closed: true}, want: `
The issue is closed; rules are not run. ¬/flow why <rule>¬ tells all about one. Before it closed:
- ¬acts¬ · Triage · because · wanted: add ~UX
- ¬asks¬ · Triage · the weight is empty
- ¬watched¬ · Triage · because · wanted: add ~x · only watched, mode ¬shadow¬
The rules with nothing to say: 1
  - ¬off¬ · Triage · the rule is off`},
		{name: "one, of an issue that the bot closed", issue: triage.Issue{Closed: true}, memory: triage.Memory{
			Touched: now, BotChanges: map[string]triage.BotChange{"state": {Rule: "asks"}},
		}, rule: "asks", want: `
¬asks¬: Does something.
The issue is closed; rules are not run. Before it closed: the weight is empty.
- It did: close the issue
- Mode ¬remind¬: it asks people on the note
- From the handbook's section “Triage”
- It looks at: opened, labels changed`},
		{name: "all, of an issue that is not ours", issue: triage.Issue{Moved: true}, want: `
The rules leave this issue alone: the issue was moved away.`},
		{name: "one that did something", issue: ux, memory: triage.Memory{BotChanges: map[string]triage.BotChange{
			"label:UX": {Rule: "acts"}, "weight:backend": {Rule: "acts", Value: 2}, "label:y": {Rule: "acts", Removed: true}, "label:x": {Rule: "other"},
		}}, rule: "acts", want: `
¬acts¬: Does something.
Here: because.
- It did: add ~UX, remove ~y
- It is suspended here: someone undid “set ~"backend-weight::2"”; ¬/flow resume acts¬ ends that
- Mode ¬act¬: it does what it wants
- From the handbook's section “Triage”
- It looks at: opened, labels changed`},
		{name: "one that waits, with its past", memory: triage.Memory{Touched: now}, rule: "asks", past: []engine.PastFinding{
			{At: now.Add(-time.Hour), Events: []string{"opened", "noted"}, Reason: "the weight is 2"},
			{At: now.Add(-2 * time.Hour), Events: []string{"swept"}, Reason: "@omar did it"},
		}, want: `
¬asks¬: Does something.
Here: the weight is empty.
- It goes on the note at 2 March 09:05 UTC, if it is still so
- Mode ¬remind¬: it asks people on the note
- From the handbook's section “Triage”
- It looks at: opened, labels changed
- On 2 March 08:00 UTC (opened; noted): the weight is 2
- On 2 March 07:00 UTC (swept): @omar did it`},
		{name: "one that is quiet with all others", memory: triage.Memory{Silences: map[string]triage.Silence{
			"all": {Until: now.Add(time.Hour), By: "omar", Why: "we know"},
		}}, rule: "asks", want: `
¬asks¬: Does something.
Here: the rule is snoozed on this issue until 2 March 10:00 UTC.
- It is quiet here, @omar silenced it with all others: “we know”; ¬/flow resume all¬ ends that
- Mode ¬remind¬: it asks people on the note
- From the handbook's section “Triage”
- It looks at: opened, labels changed`},
		{name: "one that is off", rule: "off", want: `
¬off¬: Does something.
Here: the rule is off.
- Mode ¬off¬: it is switched off
- From the handbook's section “Triage”
- It looks at: opened, labels changed`},
		{name: "one that is gone", rule: "gone", want: `
There is no rule ¬gone¬ any more.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explain(t, tt.issue, tt.memory, tt.rule, tt.past...)
			want := strings.Split(strings.ReplaceAll(strings.TrimSpace(tt.want), "¬", "`"), "\n")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Only the newest of many past decisions are told.
func TestExplainIsShort(t *testing.T) {
	var past []engine.PastFinding
	for n := range 20 {
		past = append(past, engine.PastFinding{At: now.Add(-time.Duration(n) * time.Hour), Events: []string{"opened"}, Reason: "because"})
	}
	got := explain(t, triage.Issue{}, triage.Memory{}, "acts", past...)
	if last := got[len(got)-1]; last != "- On 2 March 05:00 UTC (opened): because" {
		t.Errorf("the last line is %q", last)
	}
}
