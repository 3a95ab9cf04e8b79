package rules_test

import (
	"strings"
	"testing"
	"time"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// fittingCommands are the issues and memories on which the examples of commands make sense, where the usual one does not do.
var fittingCommands = map[string]func(*triage.Issue, *triage.Memory){
	"back": func(i *triage.Issue, m *triage.Memory) {
		m.StateEntry = triage.StateEntry{State: "planning breakdown", From: "start"}
	},
	"spike done": func(i *triage.Issue, _ *triage.Memory) { i.Labels = append(i.Labels, "spike") },
	"agree":      func(i *triage.Issue, _ *triage.Memory) { i.Labels[0] = "workflow::needs issue review" },
	"simplify":   func(i *triage.Issue, _ *triage.Memory) { i.Labels[0] = "workflow::needs issue review" },
	"unblock": func(i *triage.Issue, m *triage.Memory) {
		i.Labels[0] = "workflow::blocked"
		m.StateEntry = triage.StateEntry{State: "blocked", From: "in dev"}
	},
	"triage community": func(i *triage.Issue, _ *triage.Memory) { i.Labels[0] = "workflow::ready for development" },
	"triage quick-win": func(i *triage.Issue, _ *triage.Memory) { i.Labels[0] = "workflow::ready for development" },
	"resume": func(_ *triage.Issue, m *triage.Memory) {
		m.Silences = map[string]triage.Silence{"needs-type": {}}
	},
}

// TestCommandsAgree: what a command's definition says is what the parser takes, the permission check allows, the help tells and the
// reference documents.
func TestCommandsAgree(t *testing.T) {
	reference := readFile(t, "COMMANDS.md")
	var help strings.Builder
	list := runLine(t, "help", "help all")
	for _, row := range list.Intent.Answers[0].Reply.Rows {
		help.WriteString(row.Plain() + "\n")
	}
	for _, c := range rules.Commands() {
		t.Run(c.Name, func(t *testing.T) {
			found, args, _ := triage.FindCommand(rules.Commands(), c.Example)
			if found == nil || found.Name != c.Name {
				t.Fatalf("the example %q is taken for %v", c.Example, found)
			}
			if (args != "") != (c.Args != "") && !strings.HasPrefix(c.Args, "[") {
				t.Errorf("the example %q does not show the usage %q", c.Example, c.Usage())
			}
			o := runLine(t, c.Name, c.Example)
			if len(o.Results) != 1 || o.Results[0].Command != c.Name || o.Results[0].Refused || o.Results[0].Reason == "" {
				t.Errorf("the example comes to %+v", o.Results)
			}
			if c.Who == triage.Member {
				checkRefused(t, c.Example, triage.Planner-1)
			}
			if emoji := o.Intent.Answers[0].Emoji; (emoji == "") != c.Answers {
				t.Errorf("the reaction %q does not fit to Answers: %v", emoji, c.Answers)
			}
			usage := "`/flow " + c.Usage() + "`"
			if !strings.Contains(help.String(), usage) {
				t.Errorf("%s is not in the help", usage)
			}
			row := "| [" + cell(usage) + "](#" + strings.ReplaceAll(c.Name, " ", "-") + ") | " + whoMay(c) + " | "
			if !strings.Contains(reference, row) || !strings.Contains(reference, "Example: `/flow "+c.Example+"`\n") {
				t.Errorf("the reference lacks %q or the example", row)
			}
			if c.Summary == "" || !strings.HasSuffix(c.Summary, ".") || strings.Contains(c.Summary, "/flow") {
				t.Errorf("the summary %q is no sentence, or names the prefix, which is configured", c.Summary)
			}
		})
	}
}

// TestClosedIssue: on a closed issue exactly those commands run whose definition says so.
func TestClosedIssue(t *testing.T) {
	for _, c := range rules.Commands() {
		t.Run(c.Name, func(t *testing.T) {
			comment, issue, memory := fit(c.Name, c.Example)
			issue.Closed = true
			refused := run(t, comment, issue, memory).Results[0].Refused
			if refused == c.Closed {
				t.Errorf("refused: %v, its definition says that it runs: %v", refused, c.Closed)
			}
		})
	}
}

func checkRefused(t *testing.T, text string, level int) {
	t.Helper()
	comment, issue, memory := fit("", text)
	comment.Level = level
	o := run(t, comment, issue, memory)
	if !o.Results[0].Refused || !strings.Contains(o.Results[0].Reason, triage.Member.Requirement()) {
		t.Errorf("a guest's %q comes to %+v", text, o.Results)
	}
}

// runLine runs a line on an issue that fits to the command.
func runLine(t *testing.T, name, text string) engine.Pending {
	t.Helper()
	comment, issue, memory := fit(name, text)
	return run(t, comment, issue, memory)
}

// fit is a line as a comment by a member, with an issue and a memory on which it makes sense.
func fit(name, text string) (engine.Comment, triage.Issue, triage.Memory) {
	issue := triage.Issue{
		Ref: triage.Ref{Project: 1, IID: 1}, Type: "Issue", Title: "Gitaly", Labels: []string{"workflow::planning breakdown"},
		Author: triage.Person{ID: 1, Username: "ann"},
	}
	var memory triage.Memory
	if change := fittingCommands[name]; change != nil {
		change(&issue, &memory)
	}
	memory.Context.Known = ^triage.Need(0)
	event := triage.Event{
		Kind: triage.Noted, Actor: triage.Person{ID: 5, Username: "zoe"}, At: noon, ReceivedAt: noon, Note: &triage.Note{ID: 9, Text: text},
	}
	return engine.Comment{Event: event, Lines: []engine.Line{{Text: text}}, Level: triage.Developer}, issue, memory
}

// run decides on a comment with the whole policy; issue 12 is the one that it may name, and the issue counts as a planning issue.
func run(t *testing.T, c engine.Comment, issue triage.Issue, memory triage.Memory) engine.Pending {
	t.Helper()
	d, needs, err := engine.Decide(policyFor(t, "all"), engine.Case{
		Issue: issue, Memory: memory, Events: []triage.Event{c.Event}, Comments: []engine.Comment{c}, Now: noon.Add(time.Second),
		Facts: engine.Facts{
			FoundIssues:  map[string]triage.FoundIssue{"#12": {Ref: triage.Ref{Project: 1, IID: 12}}},
			PastFindings: map[string][]engine.PastFinding{"needs-type": nil},
			Epics:        new(bool),
			Reactions:    &[]triage.GivenReaction{{By: triage.Person{Username: "zoe"}, Emoji: "eyes"}},
			Report: &planning.Report{Kind: planning.KindPlanning, Key: "19.6", State: planning.State{Away: map[string][]planning.DateRange{
				"zoe": {{From: planning.Date{Year: 2026, Month: time.December, Day: 28}, To: planning.Date{Year: 2026, Month: time.December, Day: 30}}},
			}}},
		},
	})
	if err != nil || len(needs.FindIssues)+len(needs.PastFindings) > 0 || len(d.Pending.Results) == 0 {
		t.Fatalf("needs %+v, %d results, error %v", needs, len(d.Pending.Results), err)
	}
	return d.Pending
}
