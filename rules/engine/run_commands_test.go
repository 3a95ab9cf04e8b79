package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// said is a comment with this one line behind the prefix.
func said(line engine.Line) engine.Comment {
	return engine.Comment{
		Event: triage.Event{Kind: triage.Noted, Actor: triage.Person{ID: 1, Username: "ann"}, At: now, ReceivedAt: now, Note: &triage.Note{ID: 1}},
		Lines: []engine.Line{line},
	}
}

// decide is a decision that needs to know nothing more.
func decide(t *testing.T, policy engine.Policy, c engine.Case) engine.Decision {
	t.Helper()
	d, needs, err := engine.Decide(policy, c)
	if err != nil || !needs.Empty() {
		t.Fatalf("needs %+v, error %v", needs, err)
	}
	return d
}

// TestCasesAreLeftAlone: a decision changes nothing of its case, nor of what came of another one on the same case.
func TestCasesAreLeftAlone(t *testing.T) {
	policy := engine.Policy{Team: team, Commands: []triage.Command{{Name: "link", Run: func(_ triage.Input, call triage.Call) triage.Outcome {
		return triage.Outcome{Links: []triage.WantedLink{{Kind: call.Args}}}
	}}}}
	var memory triage.Memory
	memory.Context.Links = make([]triage.Link, 1, 8)
	first := decide(t, policy, engine.Case{Memory: memory, Comments: []engine.Comment{said(engine.Line{Text: "link one"})}, Now: now})
	decide(t, policy, engine.Case{Memory: memory, Comments: []engine.Comment{said(engine.Line{Text: "link two"})}, Now: now})
	want := []triage.Link{{}, {Kind: "one", Created: now}}
	if diff := cmp.Diff(want, first.Memory.Context.Links); diff != "" {
		t.Errorf("the links (-want +got):\n%s", diff)
	}
}

// TestTooManyCommands: who has used up their commands is told once how long to wait, in whole minutes that are never too few.
func TestTooManyCommands(t *testing.T) {
	policy := engine.Policy{Team: team, Commands: []triage.Command{{Name: "go", Run: func(triage.Input, triage.Call) triage.Outcome { return triage.Did("goes") }}}}
	tests := map[string]struct {
		line engine.Line
		want string // "" for no reply
	}{
		"a second":         {engine.Line{Text: "go", RetryIn: time.Second}, "Not done: this was more than 60 commands in an hour; try again in a minute."},
		"a minute":         {engine.Line{Text: "go", RetryIn: time.Minute}, "Not done: this was more than 60 commands in an hour; try again in a minute."},
		"more than that":   {engine.Line{Text: "go", RetryIn: 61 * time.Second}, "Not done: this was more than 60 commands in an hour; try again in 2 minutes."},
		"the whole hour":   {engine.Line{Text: "go", RetryIn: time.Hour}, "Not done: this was more than 60 commands in an hour; try again in 60 minutes."},
		"was told already": {engine.Line{Text: "go", RetryIn: time.Hour, LimitAnnounced: true}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := decide(t, policy, engine.Case{Comments: []engine.Comment{said(tt.line)}, Now: now})
			answer, got := d.Pending.Intent.Answers[0], ""
			if answer.Reply != nil {
				got = answer.Reply.Text[0].Plain()
			}
			if got != tt.want || answer.Emoji != triage.RefusedEmoji {
				t.Errorf("%q with %q, want %q", got, answer.Emoji, tt.want)
			}
		})
	}
}

// TestNoResultsWithoutFacts: a command counts once it has come to its end, not each time it asks for something that cannot be looked up.
func TestNoResultsWithoutFacts(t *testing.T) {
	policy := engine.Policy{Team: team, Commands: []triage.Command{{Name: "link", Run: func(triage.Input, triage.Call) triage.Outcome {
		return triage.Outcome{FindIssue: "#1"}
	}}}}
	d, needs, err := engine.Decide(policy, engine.Case{Comments: []engine.Comment{said(engine.Line{Text: "link"})}, Now: now})
	if err != nil || len(needs.FindIssues) != 1 || len(d.Pending.Results) > 0 {
		t.Errorf("results %+v, needs %+v, error %v", d.Pending.Results, needs, err)
	}
}
