package backtest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// TestPolicies plays policies: comments of people count as activity, what they say counts once, and what asks for more than GitLab has a record of is
// named and not played.
func TestPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.open(0, sandbox.IssueOptions{Labels: []string{"bug"}})
	w.at(5 * day)
	if _, err := w.gitlab.Comment("ann", ref, "still so"); err != nil {
		t.Fatal(err)
	}
	w.edit(16*day, ref, sandbox.Change{AddLabels: []string{"keep"}})
	has := func(l string) policy.Condition { return policy.HasLabels{AnyOf: [][]string{{l}}} }
	text := func(s string) policy.Template { return policy.Template{{Text: s}} }
	p := handbook("none")
	for _, r := range []policy.Rule{
		{ID: "policy/stale", Mode: triage.Shadow, When: []policy.Condition{
			policy.LacksLabels{Labels: []string{"stale"}}, policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 10, Unit: policy.Days},
		}, Actions: policy.Actions{Labels: []string{"stale"}, Own: true, Mentions: []string{"mia"}, Comment: text("Stale?\n\nIn ten days it is closed.")}},
		{ID: "policy/kind", Mode: triage.Remind, When: []policy.Condition{has("bug")}, Actions: policy.Actions{Comment: text("How bad?"), Mentions: []string{"mia"}}},
		{ID: "policy/due", Mode: triage.Act, When: []policy.Condition{has("keep"), policy.IsType{Type: "issue"}}, Actions: policy.Actions{DueDate: "2026-12-24"}},
		{ID: "policy/popular", Mode: triage.Act, When: []policy.Condition{policy.Counts{What: policy.Upvotes, Threshold: 5}}, Actions: policy.Actions{Labels: []string{"unpopular"}}},
		{ID: "policy/guest", Mode: triage.Act, When: []policy.Condition{policy.AnyOf{Lists: [][]policy.Condition{{policy.IsMember{Not: true, Source: "team"}}}}}, Actions: policy.Actions{Labels: []string{"guest"}}},
		{ID: "policy/off", Mode: triage.Off, When: []policy.Condition{policy.InIteration{Title: "Any"}}, Actions: policy.Actions{Labels: []string{"planned"}}},
	} {
		p.Settings = append(p.Settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	result, err := w.play(nil, p)
	w.must(err)
	got := result.Reports[0]
	stale := rule(got, "policy/stale")
	if stale.WouldLabel != 1 || stale.WouldComment != 1 || stale.WouldMention != 1 || stale.WouldRemind != 0 {
		t.Errorf("stale: %+v, want one label and one comment", stale)
	}
	if at := monday.Add(15 * day); !slices.ContainsFunc(stale.Examples, func(e backtest.Example) bool {
		return e.What == "comment: Stale? In ten days it is closed." && e.At.Sub(at).Abs() < time.Minute
	}) {
		t.Errorf("examples %+v, want the comment ten days after that of ann", stale.Examples)
	}
	if kind := rule(got, "policy/kind"); kind.WouldRemind != 1 || kind.WouldMention != 1 || kind.Examples[0].What != "How bad?" {
		t.Errorf("kind: %+v, want one reminder", kind)
	}
	if due := rule(got, "policy/due"); due.WouldOther != 1 {
		t.Errorf("due: %+v, want one other act", due)
	}
	want := []backtest.Remark{
		{Rule: "policy/due", What: "played with what GitLab keeps no record of as it is now: due dates, the type"},
		{Rule: "policy/popular", What: "not played: GitLab keeps no record of votes"},
		{Rule: "policy/guest", What: "not played: GitLab keeps no record of members"},
	}
	if !slices.Equal(got.Remarks, want) {
		t.Errorf("remarks %+v, want %+v", got.Remarks, want)
	}
	if len(got.Rules) != 3 || len(got.Contradict) > 0 {
		t.Errorf("rules %+v, contradictions %+v", got.Rules, got.Contradict)
	}
	var b bytes.Buffer
	if err := got.WriteText(&b); err != nil || !strings.Contains(b.String(), "policy/popular is not played: GitLab keeps no record of votes.\n") || !strings.Contains(b.String(), ", with 1 comment of policies beside it, and mentioned mia twice") {
		t.Errorf("error %v, text:\n%s", err, b.String())
	}
}
