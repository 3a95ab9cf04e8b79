package worker_test

import (
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestCommandMeansWhatItsWriterSaw: a command that depends on the issue's state is run on the state in which it was delivered. What the bot
// reads later, before it writes, does not give the command another meaning.
func TestCommandMeansWhatItsWriterSaw(t *testing.T) {
	next := triage.Command{Name: "next", Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		if in.Issue.Has("step::1") {
			return triage.Did("moves", triage.AddLabel{Label: "step::2"})
		}
		return triage.Did("moves", triage.AddLabel{Label: "step::3"})
	}}
	weighs := engine.Setting{Mode: triage.Act, Rule: triage.Rule{
		Meta: triage.Meta{ID: "weighs", On: triage.Noted, Mode: triage.Act, MaxMode: triage.Act},
		Decide: func(triage.Input, triage.Options) triage.Verdict {
			return triage.Want("", triage.SetWeight{Value: 3})
		},
	}}
	b := startBench(t, setup{rules: []engine.Setting{weighs}, commands: []triage.Command{next}})
	ref := b.open("step::1")
	b.tell(ref, b.opened(ref))
	seen, err := b.viewer.Issue(t.Context(), ref)
	b.must(err)
	b.must(b.lab.Edit("mia", ref, sandbox.Change{AddLabels: []string{"step::2"}}))
	e := b.event("omar", triage.Noted)
	e.At, e.ReceivedAt = time.Now().Add(2*time.Minute), time.Now() // the bot has known the issue for longer
	e.Note = &triage.Note{ID: b.comment("omar", ref, "/flow next"), Text: "/flow next"}
	body, err := record.Event{Event: e, Issue: seen}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
	b.finish()
	if i := b.lab.Issue(ref); !i.Has("step::2") || i.Weight == nil {
		t.Errorf("labels %v, weight %v; omar and mia both want step::2", i.Labels, i.Weight)
	}
}
