package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// canary is people's text that must never be taken for the bot's own.
const canary = "@everybody"

// drawArgs draws what people write behind a command, sensible or not.
func drawArgs(t *rapid.T) string {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{
		canary, "3", "=3", "weight=2", "weight", "2.5", "-1", "99999999999999999999", "#12", "done", "in dev", `~"workflow::in dev"`, `"`, "“", "~",
		"because", "or", "7d", "all", "needs-type", "2026-12-21..2026-12-24", "2026-12-22", "async", "minor", "🐛", "\u202e", "/close",
	}), 0, 4).Draw(t, "words")
	if rapid.Bool().Draw(t, "free") {
		words = append(words, rapid.String().Draw(t, "text"))
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// TestCommandsOnAnything: whatever is written behind a command on whatever issue, it does not panic, says the same when it is asked again,
// does nothing if it refuses, uses the team's prefix and keeps people's words apart from its own.
func TestCommandsOnAnything(t *testing.T) {
	config := handbook()
	config.Prefix = "bot"
	team := triage.NewTeam(config)
	commands := rules.Commands()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		in := triage.NewInput(team, w.events, w.issue, &w.memory, noon)
		in.Memory.Context.Known = triage.Need(rapid.IntRange(0, 511).Draw(t, "known"))
		cmd := commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]
		call := triage.Call{
			By: triage.Person{ID: 5, Username: "zoe"}, Level: triage.Developer, Args: drawArgs(t), At: noon, Note: 9,
			Internal: rapid.Bool().Draw(t, "internal"), Commands: commands,
		}
		if rapid.Bool().Draw(t, "read") {
			kind := rapid.SampledFrom([]string{"", "planning", "needs-weight", "triage"}).Draw(t, "report")
			call.Report = &triage.ReportFacts{ReportName: triage.ReportName{Kind: kind}, Away: []triage.Days{{From: "2026-12-21", To: "2026-12-24"}}}
		}
		out := cmd.Run(in, call)
		if diff := cmp.Diff(out, cmd.Run(in, call)); diff != "" {
			t.Fatalf("another outcome when it is asked again: %s", diff)
		}
		if out.Refused && (out.Reply == nil || len(out.Actions)+len(out.Changes)+len(out.Links) > 0 || out.Opens != nil || out.Report != nil) {
			t.Fatalf("refuses without a reply, or does something: %+v", out)
		}
		for _, p := range replied(out) {
			for _, piece := range p {
				if strings.Contains(piece.Trusted, canary) {
					t.Errorf("takes people's words for its own: %q", piece.Trusted)
				}
				if strings.Contains(piece.Trusted, "/"+triage.DefaultPrefix) {
					t.Errorf("does not use the team's prefix: %q", piece.Trusted)
				}
			}
		}
	})
}

// replied are all texts of an outcome's reply, and of the issue that it opens.
func replied(out triage.Outcome) []triage.Prose {
	var all []triage.Prose
	if out.Opens != nil {
		all = out.Opens.Text
	}
	if out.Reply == nil {
		return all
	}
	return slices.Concat(all, out.Reply.Text, out.Reply.Rows, out.Reply.DetailsRows)
}

// TestStateBeginsWithTheComment: who agrees between a comment that moves an issue into its review and the bot's reading of it agrees in this
// review, and not in one before.
func TestStateBeginsWithTheComment(t *testing.T) {
	policy := engine.Policy{Team: triage.NewTeam(handbook()), Settings: engine.Defaults(rules.Catalogue()), Commands: rules.Commands()}
	memory := triage.Memory{
		StateEntry: triage.StateEntry{State: "refinement", At: noon.Add(-time.Hour)},
		Context: triage.Context{
			Known: triage.NeedAgreements | triage.NeedAccessLevels, Agreements: map[string]triage.Agreement{"omar": {ID: 7, Comment: true}},
		},
	}
	issue := triage.Issue{Labels: []string{"workflow::refinement", "type::feature"}, Weight: triage.Int(3)}
	events := []triage.Event{{
		Kind: triage.Noted, Actor: triage.Person{ID: 5, Username: "zoe"}, At: noon, ReceivedAt: noon, Note: &triage.Note{ID: 9, Text: "/flow next"},
	}}
	comment := engine.Comment{Event: events[0], Lines: []engine.Line{{Text: "next"}}, Level: triage.Developer}
	late := noon.Add(time.Hour)
	d, needs, err := engine.Decide(policy, engine.Case{Issue: issue, Memory: memory, Events: events, Comments: []engine.Comment{comment}, Now: late})
	if err != nil {
		t.Fatal(err)
	}
	want := triage.StateEntry{State: "needs issue review", From: "refinement", At: noon}
	if diff := cmp.Diff(want, d.Memory.StateEntry); diff != "" {
		t.Errorf("the state (-want +got):\n%s", diff)
	}
	if needs.Facts&triage.NeedAgreements == 0 {
		t.Error("the agreements of the review before are taken for those of this one")
	}
}

// TestFollowUp shows what of a spike its follow-up gets.
func TestFollowUp(t *testing.T) {
	named := handbook()
	named.Names = map[triage.LabelRole][]string{triage.Spike: {"Forschung", "spike"}, triage.WorkflowScope: {"Ablauf"}}
	long := strings.Repeat("ö", 300)
	for _, tt := range []struct {
		name  string
		team  triage.TeamConfig
		issue triage.Issue
		args  string
		want  triage.Draft
	}{
		{"confidential", handbook(), triage.Issue{Title: "Leak", Labels: []string{"spike"}, Confidential: true}, "",
			triage.Draft{Title: "Follow-up: Leak", Labels: []string{"workflow::planning breakdown"}, Confidential: true}},
		{"labels of the team", named, triage.Issue{Title: "Gitaly", Labels: []string{"Forschung", "spike", "Ablauf::in dev", "workflow::in dev"}}, "",
			triage.Draft{Title: "Follow-up: Gitaly", Labels: []string{"workflow::in dev", "Ablauf::planning breakdown"}}},
		{"misspelt and repeated labels", handbook(), triage.Issue{Title: "Gitaly", Labels: []string{"Spike", "Type:: bug", "type::bug", "deliverable", "Workflow:: in dev"}}, "",
			triage.Draft{Title: "Follow-up: Gitaly", Labels: []string{"type::bug", "workflow::planning breakdown"}}},
		{"a duplicate's label", handbook(), triage.Issue{Title: "Gitaly", Labels: []string{"spike", "Duplicate", "missed-SLO", "missed:17.2", "misses"}}, "",
			triage.Draft{Title: "Follow-up: Gitaly", Labels: []string{"misses", "workflow::planning breakdown"}}},
		{"no title known", handbook(), triage.Issue{Ref: triage.Ref{Project: 1, IID: 12}, Labels: []string{"spike"}}, "",
			triage.Draft{Title: "Follow-up of #12", Labels: []string{"workflow::planning breakdown"}}},
		{"a title as long as GitLab takes", handbook(), triage.Issue{Title: long[:2*255], Labels: []string{"spike"}}, "",
			triage.Draft{Title: "Follow-up: " + long[:2*243] + "…", Labels: []string{"workflow::planning breakdown"}}},
		{"a given title as long as GitLab takes", handbook(), triage.Issue{Labels: []string{"spike"}}, long[:2*255],
			triage.Draft{Title: long[:2*255], Labels: []string{"workflow::planning breakdown"}}},
		{"weight on a one-sided issue with side labels", handbook(), triage.Issue{Title: "Gitaly", Labels: []string{"spike", "backend", "backend-weight::2"}}, "weight=0",
			triage.Draft{Title: "Follow-up: Gitaly", Labels: []string{"backend", "workflow::planning breakdown"}, Weight: triage.Int(0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := triage.NewInput(triage.NewTeam(tt.team), nil, tt.issue, nil, noon)
			out := command(t, "spike done").Run(in, triage.Call{Args: tt.args})
			if out.Opens == nil {
				t.Fatalf("opens nothing: %s", out.Reason)
			}
			if diff := cmp.Diff(tt.want, *out.Opens); diff != "" {
				t.Errorf("the follow-up (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClosedSpike: a closed spike gets one follow-up; an older linked issue is none.
func TestClosedSpike(t *testing.T) {
	for _, tt := range []struct {
		name    string
		link    triage.Link
		refused bool
	}{
		{"an older issue is linked", triage.Link{Kind: triage.RelatesTo, Ref: triage.Ref{Project: 1, IID: 2}, Created: noon.Add(-time.Hour)}, false},
		{"a younger issue is linked", triage.Link{Kind: triage.RelatesTo, Ref: triage.Ref{Project: 1, IID: 20}, Created: noon.Add(time.Hour)}, true},
		{"a younger issue is blocked", triage.Link{Kind: triage.Blocks, Ref: triage.Ref{Project: 1, IID: 20}, Created: noon.Add(time.Hour)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			issue := triage.Issue{Ref: triage.Ref{Project: 1, IID: 12}, Labels: []string{"spike"}, Closed: true, CreatedAt: noon}
			memory := triage.Memory{Context: triage.Context{Known: triage.NeedLinks, Links: []triage.Link{tt.link}}}
			in := triage.NewInput(triage.NewTeam(handbook()), nil, issue, &memory, noon)
			if out := command(t, "spike done").Run(in, triage.Call{}); out.Refused != tt.refused {
				t.Errorf("refused %t, want %t: %s", out.Refused, tt.refused, out.Reason)
			}
		})
	}
}

// command finds a command by its name.
func command(t *testing.T, name string) triage.Command {
	t.Helper()
	found, args, _ := triage.FindCommand(rules.Commands(), name)
	if found == nil || args != "" {
		t.Fatalf("there is no command %q", name)
	}
	return *found
}
