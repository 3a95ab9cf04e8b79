package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// board is a team that works by a Kanban board: five columns, none of which is refined, reviewed or released.
func board(t *testing.T) *triage.Team {
	t.Helper()
	is := func(name string, m triage.Meaning, needs ...triage.Requirement) triage.State {
		return triage.State{Name: name, Is: m, Needs: needs}
	}
	columns, err := triage.NewWorkflow(triage.WorkflowTable{Path: []triage.State{
		is("To Do", triage.Intake), is("Doing", triage.Development, triage.RequireAssignee, triage.RequireType),
		is("In review 👀", triage.CodeReview), is("Done", triage.Done),
	}, Beside: []triage.State{is("Waiting", triage.Blocked), is("Won't do", triage.Dropped)}})
	if err != nil {
		t.Fatal(err)
	}
	config := handbook()
	config.Workflow, config.Names = columns, map[triage.LabelRole][]string{triage.WorkflowScope: {"board"}}
	return triage.NewTeam(config)
}

// TestRulesOfAnotherWorkflow: rules find out by meaning where the issue of another team stands, and say it in the team's words. What rests on
// a meaning that no state has is switched off, with the reason.
func TestRulesOfAnotherWorkflow(t *testing.T) {
	for _, tt := range []struct {
		rule  string
		issue triage.Issue
		from  string
		kinds triage.Kind
		want  string // reason, wishes, items
	}{
		{"workflow-intake", triage.Issue{}, "", triage.Opened,
			"a new issue is somewhere in the workflow; add ~\"board::To Do\""},
		{"dev-needs-assignee", triage.Issue{Labels: []string{"board::Doing"}}, "", triage.Opened,
			"the issue is in Doing and nobody is assigned; An assignee"},
		{"dev-needs-assignee", triage.Issue{Labels: []string{"board::Done"}}, "", triage.Opened,
			"the issue is not in Doing"},
		{"closed-complete", triage.Issue{Labels: []string{"board::In review 👀"}, Closed: true}, "", triage.Closed,
			"the issue was closed while it was In review 👀; add ~\"board::Done\""},
		{"reopened-complete", triage.Issue{Labels: []string{"board::Done"}}, "", triage.Reopened,
			"the issue was reopened and is still marked as Done; A workflow label It is open again. Where does it stand? `/label ~\"board::To Do\"`, or another"},
		{"workflow-order", triage.Issue{Labels: []string{"board::Doing"}}, "Done", triage.LabelsChanged,
			"the issue came back from Done to Doing; Back from Done : moved to Doing. " +
				"Intended? `/flow ignore workflow-order <why>`; else open a new issue and `/flow to Done`."},
		{"workflow-order", triage.Issue{Labels: []string{"board::Doing"}}, "To Do", triage.LabelsChanged,
			"the move from To Do to Doing is in order"},
		{"weighted-next", triage.Issue{Labels: []string{"board::Doing"}, Weight: triage.Int(3)}, "", triage.WeightChanged,
			"the team's workflow has no state that means refinement"},
		{"ready-needs", triage.Issue{Labels: []string{"board::Doing"}}, "", triage.Opened,
			"the issue is in Doing and nobody is assigned and it has no type; An assignee  `/assign me`; A type label  `/label ~\"type::bug\"`, feature or maintenance"},
		{"deliverable-needs", triage.Issue{Labels: []string{"board::To Do", "Deliverable"}, Weight: triage.Int(3), Milestone: 1}, "", triage.Opened,
			"the deliverable lacks an assignee; An assignee"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			all := rules.Catalogue()
			r := all[slices.IndexFunc(all, func(r triage.Rule) bool { return r.ID == tt.rule })]
			memory := &triage.Memory{Context: triage.Context{Known: ^triage.Need(0)}}
			in := triage.NewInput(board(t), []triage.Event{{Kind: tt.kinds, At: noon, ReceivedAt: noon}}, tt.issue, memory, noon)
			memory.StateEntry = triage.StateEntry{State: in.State(), From: tt.from}
			v := r.Decide(in, r.Defaults())
			said := []string{v.Reason}
			for _, a := range v.Actions {
				said = append(said, a.String())
			}
			for _, i := range v.Items {
				said = append(said, strings.TrimRight(i.Title+" "+i.Text+" "+i.Do, " "))
			}
			if got := strings.Join(said, "; "); !strings.HasPrefix(got, tt.want) {
				t.Errorf("it says %q,\nwant    %q", got, tt.want)
			}
		})
	}
}

// TestCommandsOfAnotherWorkflow: commands go along another team's path and speak of its states.
func TestCommandsOfAnotherWorkflow(t *testing.T) {
	for _, tt := range []struct {
		line, label string
		want        string // reason or refusal
		moves       string
	}{
		{"next", "To Do", "“Doing” comes next and needs an assignee (`/assign me`) and a type (`/label ~\"type::bug\"`, feature or maintenance)", ""},
		{"next", "Doing", "moves to In review 👀", "In review 👀"},
		{"next", "Done", "“Done” is the last state; `/flow back` moves the issue back", ""},
		{"back", "Doing", "moves to To Do", "To Do"},
		{"back", "Won't do", "it is not known where the issue came from; name a state, for example `/flow to Doing`", ""},
		{"to in-review 👀", "Doing", "moves to In review 👀", "In review 👀"},
		{"to refinement", "Doing", "there is no workflow state “refinement”. The states are: To Do, Doing, In review 👀, Done, Waiting, Won't do", ""},
		{"blocked by #12", "Doing", "marks the issue as blocked", "Waiting"},
		{"agree", "Doing", "an agreement is given in a review, and the team's workflow has none", ""},
		{"help to", "Doing", "`/flow to <state>`: Moves the issue to a workflow state. For example: `/flow to Doing`", ""},
	} {
		t.Run(tt.line, func(t *testing.T) {
			cmd, args, _ := triage.FindCommand(rules.Commands(), tt.line)
			memory := &triage.Memory{Context: triage.Context{Known: ^triage.Need(0)}}
			in := triage.NewInput(board(t), nil, triage.Issue{Labels: []string{"board::" + tt.label}}, memory, noon)
			found := &triage.FoundIssue{Ref: triage.Ref{Project: 1, IID: 12}}
			out := cmd.Run(in, triage.Call{Args: args, Level: triage.Developer, At: noon, Found: found, Commands: rules.Commands()})
			got := out.Reason
			if out.Reply != nil {
				var all []string
				for _, p := range replied(out) {
					all = append(all, p.Plain())
				}
				got = strings.Join(all, " ")
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("it says %q,\nwant    %q", got, tt.want)
			}
			var moves string
			for _, a := range out.Actions {
				moves = strings.TrimPrefix(triage.LabelOf(a), "board::")
			}
			if moves != tt.moves {
				t.Errorf("moves to %q, want %q", moves, tt.moves)
			}
		})
	}
}

// strict is a team whose moves are limited: the work begins where it was looked at, and ends in review.
func strict(t *testing.T) *triage.Team {
	t.Helper()
	w, err := triage.NewWorkflow(triage.WorkflowTable{
		Path: []triage.State{
			{Name: "inbox", Label: "Inbox", Is: triage.Intake}, {Name: "todo", Label: "To Do"}, {Name: "doing", Label: "🚧 Doing", Is: triage.Development},
			{Name: "review", Label: "Review", Is: triage.CodeReview}, {Name: "done", Label: "Done", Is: triage.Done},
		},
		Beside: []triage.State{{Name: "waiting", Label: "Waiting", Is: triage.Blocked}},
		Moves:  map[string][]string{"doing": {"todo", "review", "waiting"}, "review": {"doing"}, "done": {"review"}, "waiting": {"doing"}, "inbox": {"todo"}},
		Start:  "todo",
	})
	if err != nil {
		t.Fatal(err)
	}
	config := handbook()
	config.Workflow = w
	return triage.NewTeam(config)
}

// TestMovesOfCommands: a command goes where the workflow lets it, and is told what may follow where it does not.
func TestMovesOfCommands(t *testing.T) {
	for _, tt := range []struct {
		line, from, before string
		want, moves        string
	}{
		{"to doing", "todo", "", "moves to doing", "🚧 Doing"},
		{"to done", "doing", "", "“done” does not follow “doing” in the team's workflow; todo, review or waiting may: `/flow to todo`", ""},
		{"to done", "", "", "“done” does not follow “todo” in the team's workflow; inbox or doing may: `/flow to inbox`", ""},
		{"to todo", "", "", "moves to todo", "To Do"},
		{"to waiting", "doing", "", "moves to waiting", "Waiting"},
		{"next", "doing", "", "moves to review", "Review"},
		{"next", "inbox", "", "moves to todo", "To Do"},
		{"next", "", "", "moves to inbox", "Inbox"},
		{"back", "review", "", "moves to doing", "🚧 Doing"},
		{"back", "todo", "", "moves to inbox", "Inbox"},
		{"back", "done", "review", "“review” does not follow “done” in the team's workflow; todo may: `/flow to todo`", ""},
		{"back", "done", "doing", "moves to doing", "🚧 Doing"}, // it should never have gone there
		{"blocked by #12", "doing", "", "marks the issue as blocked", "Waiting"},
		{"blocked by #12", "todo", "", "“waiting” does not follow “todo” in the team's workflow; inbox or doing may: `/flow to inbox`", ""},
		{"unblock", "waiting", "doing", "moves to doing", "🚧 Doing"},
		{"unblock", "waiting", "inbox", "“inbox” does not follow “waiting” in the team's workflow; todo or doing may: `/flow to todo`", ""},
	} {
		t.Run(tt.line+" from "+tt.from, func(t *testing.T) {
			cmd, args, _ := triage.FindCommand(rules.Commands(), tt.line)
			team := strict(t)
			issue := triage.Issue{}
			if tt.from != "" {
				issue.Labels = []string{team.State(tt.from)}
			}
			memory := &triage.Memory{Context: triage.Context{Known: ^triage.Need(0)}, StateEntry: triage.StateEntry{State: tt.from, From: tt.before}}
			in := triage.NewInput(team, nil, issue, memory, noon)
			out := cmd.Run(in, triage.Call{Args: args, Level: triage.Developer, At: noon, Found: &triage.FoundIssue{Ref: triage.Ref{Project: 1, IID: 12}}})
			moves := ""
			for _, a := range out.Actions {
				moves = triage.LabelOf(a)
			}
			if out.Reason != tt.want || moves != tt.moves || out.Refused != (tt.moves == "") {
				t.Errorf("it says %q and moves to %q,\nwant    %q and %q", out.Reason, moves, tt.want, tt.moves)
			}
		})
	}
}

// TestMovesByHand: a label set against the workflow's moves is pointed out and stays; what the bot itself set is not, and new issues start where the
// team says.
func TestMovesByHand(t *testing.T) {
	policy := policyFor(t, "all")
	policy.Team = strict(t)
	decided := func(issue triage.Issue, from string, kinds triage.Kind, changes triage.Changes, more ...triage.Event) engine.Decision {
		t.Helper()
		memory := triage.Memory{StateEntry: triage.StateEntry{State: from, At: noon.Add(-time.Hour)}, Context: triage.Context{Known: ^triage.Need(0), LoadedAt: noon.Add(time.Hour)}}
		issue.Ref, issue.Type = triage.Ref{Project: 1, IID: 1}, "Issue"
		e := triage.Event{Kind: kinds, Actor: triage.Person{ID: 3, Username: "ann"}, At: noon, ReceivedAt: noon, Changes: changes}
		d, _, err := engine.Decide(policy, engine.Case{Issue: issue, Events: append([]triage.Event{e}, more...), Memory: memory, Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	byHand := decided(triage.Issue{Labels: []string{"Done"}}, "todo", triage.Updated|triage.LabelsChanged, triage.Changes{Added: []string{"Done"}, Removed: []string{"To Do"}})
	n := slices.IndexFunc(byHand.Note.Items, func(i engine.NoteItem) bool { return strings.HasPrefix(i.Key, "workflow-order/") })
	if n < 0 || byHand.Note.Items[n].Text != ": from todo to done. After todo comes inbox or doing. Intended? `/flow ignore workflow-order <why>`; else `/flow back`." {
		t.Errorf("a move by hand is not pointed out: %+v", byHand.Note.Items)
	}
	if !byHand.Result.Has("Done") {
		t.Errorf("a move by hand is reverted: %q", byHand.Result.Labels)
	}
	closed := decided(triage.Issue{Labels: []string{"🚧 Doing"}, Closed: true}, "doing", triage.Updated|triage.Closed, triage.Changes{})
	if reason := orderOf(closed); !closed.Result.Has("Done") || strings.Contains(reason, "comes") {
		t.Errorf("closing an issue: labels %q, %s", closed.Result.Labels, reason)
	}
	reopened := decided(triage.Issue{Labels: []string{"Done"}}, "doing", triage.Updated|triage.Reopened, triage.Changes{})
	if reason := orderOf(reopened); strings.Contains(reason, "comes") {
		t.Errorf("an issue that the bot moved when it was closed is reopened: %s", reason)
	}
	command := triage.Event{Kind: triage.Noted, Actor: triage.Person{ID: 3, Username: "ann"}, At: noon, ReceivedAt: noon, Note: &triage.Note{ID: 9}}
	back := decided(triage.Issue{Labels: []string{"🚧 Doing"}}, "done", triage.Updated|triage.LabelsChanged, triage.Changes{Added: []string{"🚧 Doing"}}, command)
	if reason := orderOf(back); strings.Contains(reason, "comes") {
		t.Errorf("a command takes back a move that was none: %s", reason)
	}
	if opened := decided(triage.Issue{}, "", triage.Opened, triage.Changes{}); !opened.Result.Has("To Do") {
		t.Errorf("a new issue starts at %q", opened.Result.Labels)
	}
}

// orderOf is what workflow-order says.
func orderOf(d engine.Decision) string {
	n := slices.IndexFunc(d.Findings, func(f engine.Finding) bool { return f.Rule == "workflow-order" })
	return d.Findings[n].Reason
}

// handbookState finds the names of the handbook's states in a text, and what it calls being there. Those that are everyday words are left out.
var handbookState = regexp.MustCompile(`\b(validation backlog|problem validation|ready for design|solution validation|planning breakdown|refinement|` +
	`needs issue review|ready for development|in dev|in development|in review|verification|awaiting security release|complete)\b`)

// nameless finds where a text would name a state and has none.
var nameless = regexp.MustCompile(`workflow::"|add ~(""|$)|\bin [.,;]|\bthe state (and|$)`)

// drawWorkflow draws a table of some of the handbook's states under other names.
func drawWorkflow(t *rapid.T) *triage.Workflow {
	all := triage.HandbookWorkflow()
	var path, beside []triage.State
	unscoped := rapid.Bool().Draw(t, "unscoped")
	for n, s := range all.States() {
		must := s.Is == triage.Intake
		if !must && rapid.IntRange(0, 3).Draw(t, "left out") == 0 {
			continue
		}
		own := triage.State{Name: "Column " + string(rune('A'+n)), Is: s.Is, Needs: s.Needs}
		if unscoped {
			own.Label = "📌 " + own.Name
		}
		if all.Rank(s.Name) >= 0 {
			path = append(path, own)
		} else {
			beside = append(beside, own)
		}
	}
	w, err := triage.NewWorkflow(triage.WorkflowTable{Path: path, Beside: beside})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// moveTo gives a world another workflow. What its issue and its events have of the handbook's goes.
func (w *world) moveTo(workflow *triage.Workflow) {
	from := w.policy.Team
	config := handbook()
	config.Workflow = workflow
	w.policy.Team = triage.NewTeam(config)
	ofHandbook := func(label string) bool {
		_, ok := from.StateOf(from.Canonical(label))
		return ok
	}
	w.issue.Labels = slices.DeleteFunc(w.issue.Labels, ofHandbook)
	for n := range w.events {
		w.events[n].Changes.Added = slices.DeleteFunc(w.events[n].Changes.Added, ofHandbook)
	}
}

// TestAnyWorkflow: whatever states a team has, rules and commands settle, move issues only into states that it has, and name no others.
func TestAnyWorkflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		workflow := drawWorkflow(t)
		w.moveTo(workflow)
		// Much has to come together for some rules to say anything.
		w.events[0].Kind |= rapid.SampledFrom([]triage.Kind{triage.Opened, triage.AllChanges}).Draw(t, "happened")
		w.issue.Closed, w.issue.Type = rapid.IntRange(0, 3).Draw(t, "closed") == 0, "Issue"
		for n := range w.policy.Settings {
			w.policy.Settings[n].Mode = w.policy.Settings[n].MaxMode
		}
		agreed := triage.Agreement{Comment: true}
		w.memory.StateEntry.From = rapid.SampledFrom(workflow.Names()).Draw(t, "from")
		w.memory.Context = triage.Context{
			Known: ^triage.Need(0), LoadedAt: noon.Add(time.Hour), AuthorLevel: triage.Developer,
			Agreements: map[string]triage.Agreement{"zoe": agreed, "omar": agreed}, AccessLevels: map[string]int{"zoe": triage.Developer, "omar": triage.Developer},
		}
		args := rapid.SampledFrom([]string{"", "because", "3", workflow.Names()[0], "#12"}).Draw(t, "args")
		for _, state := range append(workflow.Names(), "made up", "") {
			there := w
			if state != "" {
				there.issue.Labels = append(slices.Clip(w.issue.Labels), w.policy.Team.State(state))
			}
			checkWorkflow(t, there, args)
		}
	})
}

// checkWorkflow has all rules and commands speak of an issue.
func checkWorkflow(t *rapid.T, w world, args string) {
	d := decide(t, w)
	again := w
	again.issue, again.memory = d.Result, d.Memory
	if d2 := decide(t, again); len(d2.Plan) > 0 {
		t.Fatalf("wants more on its own result: %v\nfirst: %v\nissue %+v", d2.Plan, d.Plan, w.issue)
	}
	said, labels := told(d)
	in := triage.NewInput(w.policy.Team, w.events, w.issue, &w.memory, noon)
	for _, cmd := range rules.Commands() {
		out := cmd.Run(in, triage.Call{
			Level: triage.Developer, Args: args, At: noon, Commands: rules.Commands(), Found: &triage.FoundIssue{Ref: triage.Ref{Project: 1, IID: 12}},
		})
		for _, a := range out.Actions {
			labels = append(labels, triage.LabelOf(a))
		}
		if out.Opens != nil {
			labels = append(labels, out.Opens.Labels...)
		}
		said = append(said, out.Reason)
		for _, p := range replied(out) {
			said = append(said, p.Plain())
		}
	}
	for _, text := range said {
		if nameless.MatchString(text) {
			t.Errorf("speaks of a state without a name: %q", text)
		}
		if other := handbookState.FindString(text); other != "" && !strings.Contains(text, "the team's workflow has no state that means ") {
			t.Errorf("speaks of %q, which the team does not have: %q", other, text)
		}
	}
	for _, l := range labels {
		if state, ok := w.policy.Team.StateOf(l); ok && !slices.Contains(append(w.policy.Team.Workflow.Names(), "made up"), state) {
			t.Errorf("moves to %q, which the team does not have", state)
		}
	}
}

// told are the texts of a decision and the labels that it adds.
func told(d engine.Decision) (said, labels []string) {
	for _, f := range d.Findings {
		said = append(said, f.Reason)
		said = append(said, f.Wants...)
		said = append(said, f.Would...)
	}
	for _, i := range d.Note.Items {
		said = append(said, i.Title+" "+i.Text+" "+i.Then)
	}
	for _, p := range d.Plan {
		labels = append(labels, triage.LabelOf(p.Action))
	}
	return append(said, d.Note.Lines...), labels
}
