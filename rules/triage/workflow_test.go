package triage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/triage"
)

// TestHandbookWorkflow: the handbook's own table is sound, and has every meaning but one.
func TestHandbookWorkflow(t *testing.T) {
	w := triage.HandbookWorkflow()
	if _, err := triage.NewWorkflow(w.WorkflowTable); err != nil {
		t.Error(err)
	}
	for m := triage.Intake; m.String() != ""; m++ {
		if w.Has(m) != (m != triage.Dropped) {
			t.Errorf("%s is the meaning of %q", m, w.Named(m))
		}
	}
}

// TestNewWorkflow shows what a table may hold, and what is said of one that makes no sense.
func TestNewWorkflow(t *testing.T) {
	own := func(name string) triage.State { return triage.State{Name: name} }
	is := func(name string, m triage.Meaning) triage.State { return triage.State{Name: name, Is: m} }
	todo, doing, done := is("To do", triage.Intake), is("Doing", triage.Development), is("Done", triage.Done)
	ready, review, waiting := is("Ready", triage.Ready), is("Review", triage.Review), is("Waiting ⏳", triage.Blocked)
	tests := map[string]struct {
		path, beside []triage.State
		moves        map[string][]string
		start        string
		want         string // errors
	}{
		"the least":               {path: []triage.State{todo, done}},
		"a Kanban board":          {path: []triage.State{todo, doing, done}, beside: []triage.State{waiting, is("Won't do", triage.Dropped)}},
		"states of one meaning":   {path: []triage.State{todo, doing, is("Trying", triage.Development), done, is("Delivered", triage.Done)}},
		"closing is the end":      {path: []triage.State{todo, ready, doing}},
		"states without meanings": {path: []triage.State{todo, own("Wishes"), doing, own("Soaking"), done}, beside: []triage.State{own("Ice box")}},
		"design where it fits":    {path: []triage.State{todo, ready, is("Design", triage.Design), doing, done}},
		"nothing": {want: `
no state means intake, where new issues begin: give that meaning to the first state of the path: {name: "todo", is: intake}`},
		"names": {path: []triage.State{todo, own(""), own(" x"), own("a::b"), own("to-do"), done}, want: `
state 2 is called "": give it a name without blanks around it, such as "in dev"
state 3 is called " x": give it a name without blanks around it, such as "in dev"
"a::b" names a scope: write "b", and label: "a::b" beside it if it is not in the scope of the workflow
"To do" and "to-do" are one name to those who write commands: give each state its own`},
		"the same name beside": {path: []triage.State{todo, done}, beside: []triage.State{own("done")}, want: `
"Done" and "done" are one name to those who write commands: give each state its own`},
		"two intakes": {path: []triage.State{todo, is("Inbox", triage.Intake), done}, start: "Inbox"},
		"needs":       {path: []triage.State{todo, {Name: "Doing", Needs: []triage.Requirement{"milestone", "label:security: reviewed"}}, done}},
		"moves": {path: []triage.State{todo, doing, done}, beside: []triage.State{waiting},
			moves: map[string][]string{"Doing": {"To do", "Waiting ⏳"}, "Done": {"Doing"}}},
		"moves to nowhere": {path: []triage.State{todo, doing, ready, done}, start: "To doo",
			moves: map[string][]string{"Doin": {"To do"}, "Done": {"Doing", "Revieww"}, "Ready": nil}, want: `
"Ready" means ready and comes after "Doing", which means development: put it before
new issues start in "To doo", which is no state: did you mean "To do"?
a move leads into "Doin", which is no state: did you mean "Doing"?
"Done" is entered from "Revieww", which is no state: the states are To do, Doing, Ready, Done`},
		"moves in a circle": {path: []triage.State{todo, ready, doing, done},
			moves: map[string][]string{"Ready": {"Doing"}, "Doing": {"Ready"}}, want: `
no way leads from "To do" into "Doing": name a state from which it may be entered
no way leads from "To do" into "Ready": name a state from which it may be entered`},
		"one label": {path: []triage.State{{Name: "todo", Label: "To Do", Is: triage.Intake}, {Name: "done", Label: "to do", Is: triage.Done}}, want: `
"todo" and "done" have one label, "to do": give each state its own`},
		"signs": {path: []triage.State{todo, own("*wip* @all"), done}, want: `
"*wip* @all" holds signs that mean something else in the bot's sentences: write a plain name, and label: "*wip* @all" beside it`},
		"a late intake": {path: []triage.State{own("Wishes"), todo, done}, want: `
"To do" means intake and comes after "Wishes": the path begins with the intake`},
		"an intake beside": {path: []triage.State{doing, done}, beside: []triage.State{todo}, want: `
"To do" means intake, which is a step on the path: move it there, or take the meaning away
no state means intake, where new issues begin: give that meaning to the first state of the path: {name: "Doing", is: intake}`},
		"blocked on the path": {path: []triage.State{todo, waiting, done}, want: `
"Waiting ⏳" means blocked, which is no step on the path: move it beside the path`},
		"backwards": {path: []triage.State{todo, doing, ready, review, done}, want: `
"Ready" means ready and comes after "Doing", which means development: put it before
"Review" means review and comes after "Doing", which means development: put it before`},
		"an end in the middle": {path: []triage.State{todo, done, own("Delivered")}, want: `
"Delivered" comes after "Done", which means done: the path ends with what is done`},
		"unknown": {path: []triage.State{todo, is("X", 99), {Name: "Y", Needs: []triage.Requirement{"luck"}}, done}, want: `
"X" means something unknown (99): the meanings are intake, design_ready, design, breakdown, refinement, review, ready, development, code_review, verification, security_release, done, blocked, dropped
"Y" needs "luck", which is unknown: there are weight, type, agreement, assignee, milestone, label:<name>`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, err := triage.NewWorkflow(triage.WorkflowTable{Path: tt.path, Beside: tt.beside, Moves: tt.moves, Start: tt.start})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(strings.TrimSpace(tt.want), got); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
			if (w == nil) != (err != nil) {
				t.Errorf("workflow %v with error %v", w, err)
			}
		})
	}
}

// TestWorkflow asks a table with gaps, and with two states of one meaning, what rules ask it.
func TestWorkflow(t *testing.T) {
	w, err := triage.NewWorkflow(triage.WorkflowTable{Path: []triage.State{
		{Name: "To do", Is: triage.Intake}, {Name: "in design", Is: triage.Design}, {Name: "In QA"}, {Name: "Doing", Is: triage.Development},
		{Name: "Trying", Is: triage.Development}, {Name: "done", Is: triage.Done, Where: "done"},
	}, Beside: []triage.State{{Name: "On-hold", Is: triage.Blocked}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		rank   int
		is     triage.Meaning
		where  string
		before bool // development
	}{
		"To do": {0, triage.Intake, "in To do", true}, "in design": {1, triage.Design, "in design", true},
		"Trying": {4, triage.Development, "in Trying", false}, "done": {5, triage.Done, "done", false},
		"On-hold": {-1, triage.Blocked, "in On-hold", false}, "In QA": {2, triage.NoMeaning, "In QA", true}, "made up": {-1, triage.NoMeaning, "in made up", false},
	} {
		s := w.State(name)
		if s.Name != name || s.Is != want.is || s.Where != want.where || w.Rank(name) != want.rank || w.Before(name, triage.Development) != want.before {
			t.Errorf("%s: %+v with rank %d, before development: %t", name, s, w.Rank(name), w.Before(name, triage.Development))
		}
	}
	if w.Before("To do", triage.Ready) || !w.Before("To do", triage.Ready, triage.Done) {
		t.Error("what no state means stands somewhere on the path")
	}
	if got := []string{w.Named(triage.Ready), w.Named(triage.Ready, triage.Development)}; !slices.Equal(got, []string{"", "Doing"}) {
		t.Errorf("named %q", got)
	}
	numbered, err := triage.NewWorkflow(triage.WorkflowTable{Path: []triage.State{
		{Name: "1 - triage", Is: triage.Intake}, {Name: "2-to do"}, {Name: "3. in review"}, {Name: "4. in review, again"}, {Name: "5G"},
	}, Beside: []triage.State{{Name: "X - blocked", Is: triage.Blocked}}})
	if err != nil {
		t.Fatal(err)
	}
	for written, want := range map[string]string{"triage": "1 - triage", "1-triage": "1 - triage", "todo": "2-to do", "in review": "3. in review", "Blocked": "X - blocked", "1": "", "g": ""} {
		if s, ok := numbered.Find(written); s.Name != want || ok != (want != "") {
			t.Errorf("numbered: %q means %q", written, s.Name)
		}
	}
	for written, want := range map[string]string{"to-do": "To do", "TO_DO": "To do", "on hold": "On-hold", "todo": "To do", "✅ done": "done", "tod": "", "✅": "", "": ""} {
		if s, ok := w.Find(written); s.Name != want || ok != (want != "") {
			t.Errorf("%q means %q", written, s.Name)
		}
	}
}
