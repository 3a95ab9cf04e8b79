package worker_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestFindingsAreCounted has five rules that come to the five outcomes, and a sixth that is not run.
func TestFindingsAreCounted(t *testing.T) {
	t.Parallel()
	label := func(id, label string) engine.Setting {
		return rule(id, func(triage.Input) triage.Verdict {
			return triage.Verdict{Reason: "r", Actions: []triage.Action{triage.AddLabel{Label: label}}}
		})
	}
	told := rule("told", func(triage.Input) triage.Verdict { return triage.Verdict{Reason: "r", Lines: []string{"a word"}} })
	watched := label("watched", "watched")
	watched.Rule.Mode, watched.Mode = triage.Act, triage.Shadow
	off := label("off", "off")
	off.Mode = triage.Off
	b := newBench(t, nil, label("changed", "changed"), label("undone", "undone"), told, watched, off,
		rule("silent", func(triage.Input) triage.Verdict { return triage.Nothing("r") }))
	ref := b.open()
	b.tell(ref, b.opened(ref))
	b.must(b.lab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"undone"}}))
	before := b.findings()
	e := b.event("omar", triage.Updated|triage.LabelsChanged)
	e.Changes.Removed = []string{"undone"}
	b.tell(ref, e)

	want := map[string]float64{
		`outcome="nothing",rule="changed"`: 1, `outcome="overridden",rule="undone"`: 1, `outcome="told",rule="told"`: 1,
		`outcome="shadow",rule="watched"`: 1, `outcome="nothing",rule="silent"`: 1,
	}
	after := b.findings()
	maps.DeleteFunc(after, func(k string, v float64) bool { return v == before[k] })
	for k := range after {
		after[k] -= before[k]
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("the second job (-want +got):\n%s", diff)
	}
	if before[`outcome="changed",rule="changed"`] != 1 || before[`outcome="changed",rule="undone"`] != 1 {
		t.Errorf("the first job counted %v, want that two rules changed the issue", before)
	}
}

// findings are flowkeeper_rule_findings_total by its labels.
func (b *bench) findings() map[string]float64 {
	all := map[string]float64{}
	for name, n := range testkit.Metrics(b, b.metrics) {
		if labels, ok := strings.CutPrefix(name, "flowkeeper_rule_findings_total{"); ok {
			all[strings.TrimSuffix(labels, "}")] = n
		}
	}
	return all
}

// TestEventToDone measures from the receipt, wherever that was: an hour ago for one delivery, by a clock that is ahead for another. What the bot
// put into the mailbox itself was received by nobody.
func TestEventToDone(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, rule("r", func(triage.Input) triage.Verdict { return triage.Nothing("r") }))
	ref := b.open()
	late, ahead := b.opened(ref), b.event("ann", triage.Updated)
	late.ReceivedAt, ahead.ReceivedAt = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	swept := b.event("ann", triage.Swept)
	swept.ReceivedAt = time.Now().Add(-1000 * time.Hour)
	b.tell(ref, late, ahead, swept)

	const name = "flowkeeper_event_to_done_seconds"
	if n := testkit.Metrics(t, b.metrics)[name]; n != 2 {
		t.Errorf("%v deliveries were measured, want two", n)
	}
	families, err := b.metrics.Gather()
	b.must(err)
	for _, f := range families {
		if sum := f.GetMetric()[0].GetHistogram().GetSampleSum(); f.GetName() == name && (sum < 3600 || sum > 7200) {
			t.Errorf("they took %v seconds together, want an hour and a little, and nothing below zero", sum)
		}
	}
}
