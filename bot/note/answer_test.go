package note_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// ours are the references that the summaries of rules make.
var ours = []string{"~UX"}

// FuzzAnswers has every command answer hostile arguments on an issue with a hostile title and hostile labels, and renders what comes of it:
// the answers, what the rules say of the issue, the follow-up and the sticky note. The lowest bits of shape choose the command and the comment.
func FuzzAnswers(f *testing.F) {
	for i, s := range hostile {
		for shape := range uint16(len(rules.Commands()) + 1) {
			if i%7 == 0 || int(shape) == i%24 {
				f.Add(s, hostile[(i+1)%len(hostile)], shape|uint16(i)<<5)
			}
		}
	}
	f.Add(strings.Repeat("@all\n/close ", 9_000), strings.Repeat("~a ", 30_000), uint16(31))
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	policy := engine.Policy{
		Team: triage.NewTeam(triage.TeamConfig{
			GroupLabel: "group::source code", Side: "backend", Roster: map[triage.Role][]string{triage.EngineeringManager: {"maria"}},
		}),
		Settings: engine.Defaults(rules.Catalogue()), Commands: rules.Commands(),
	}
	f.Fuzz(func(t *testing.T, args, theirs string, shape uint16) {
		text := args
		if n := int(shape % 32); n < len(policy.Commands) {
			text = policy.Commands[n].Name + " " + args
		}
		issue := triage.Issue{
			Ref: triage.Ref{Project: 7, IID: 12}, Type: "Issue", Title: theirs, Labels: []string{"spike", "type::feature", theirs, "workflow::" + args},
			Author: triage.Person{ID: 3, Username: theirs},
		}
		if shape>>5&1 == 1 {
			issue.Labels[3] = "workflow::needs issue review"
		}
		comment := engine.Comment{
			Event: triage.Event{
				Kind: triage.Noted, Actor: triage.Person{ID: 5, Username: theirs}, At: now, ReceivedAt: now,
				Note: &triage.Note{ID: 9, Text: text, Internal: shape>>6&1 == 1},
			},
			Lines: []engine.Line{{Text: text}, {Text: "unclear " + args}, {Text: "ignore needs-type " + theirs}, {Text: "duplicate " + theirs}, {Text: "why needs-type"}, {Text: "why"}}, Level: triage.Developer,
		}
		seen := []engine.PastFinding{{At: now, Events: []string{theirs}, Reason: args}}
		c := engine.Case{
			Issue: issue, Memory: triage.Memory{Context: triage.Context{Known: 1<<8 - 1}}, Events: []triage.Event{comment.Event},
			Comments: []engine.Comment{comment}, Now: now,
			Facts: engine.Facts{FoundIssues: map[string]triage.FoundIssue{}, PastFindings: map[string][]engine.PastFinding{"needs-type": seen}},
		}
		c.Facts.Report = &planning.Report{}
		if shape>>7&1 == 1 {
			c.Facts.Report = &planning.Report{Kind: planning.KindPlanning, Key: "19.6"}
		}
		d, needs, err := engine.Decide(policy, c)
		for _, find := range needs.FindIssues {
			c.Facts.FoundIssues[find] = triage.FoundIssue{Problem: "there is no such issue that the bot can see"}
		}
		for _, rule := range needs.PastFindings {
			c.Facts.PastFindings[rule] = seen
		}
		if !needs.Empty() {
			d, _, err = engine.Decide(policy, c)
		}
		for _, a := range d.Pending.Intent.Answers {
			if a.Reply != nil {
				checkReply(t, *a.Reply, policy.Team)
			}
		}
		if opens := d.Pending.Intent.Opens; opens != nil {
			notetest.CheckTitle(t, note.DraftTitle(*opens))
			notetest.CheckReply(t, note.RenderDraft(*opens, policy.Team, issue, 9), append([]string{"@maria", "#12"}, ours...)...)
		}
		if err != nil {
			return // labels that fight are not this test's matter
		}
		notetest.CheckNote(t, note.Render(d.Note, policy.Team, d.Memory), append([]string{"@maria"}, ours...)...)
	})
}

func checkReply(t *testing.T, r triage.Reply, team *triage.Team) {
	t.Helper()
	body := note.RenderReply(r, team, triage.Ref{}, 9, "")
	notetest.CheckReply(t, body, append([]string{"@maria"}, ours...)...)
	if n := utf8.RuneCountInString(body); n > 20_500 {
		t.Errorf("%d runes", n)
	}
	if to, _, ok := note.ParseReply(body, triage.Ref{}); to != 9 || !ok {
		t.Errorf("the marker of %q is not read", body)
	}
}
