package bot_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot"
	"flowkeeper/bot/record"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/report/gather"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// reporting has the bot know the reports of the project's team. None of them is ever due.
func reporting(o *bot.Options) {
	o.Reports = bot.Reports{
		Gather: gather.Options{
			Team: o.Policy.Team, Projects: []string{"team/project"}, Home: "team/project",
			Document: planning.ReportOptions{Cap: 15, PerEngineer: 4, SLO: planning.HandbookSLO, Capacity: planning.CapacityOptions{Budget: 10, Rounding: planning.RoundHalfUp}},
		},
		Schedule: report.Schedule{Settle: time.Millisecond},
	}
}

// openReport opens the issue of a report of milestone 19.7 as the bot, with blocks in which nothing stands yet.
func (r *rig) openReport(kinds ...planning.Kind) triage.Ref {
	r.Helper()
	text := document.Marker(kinds[0], "19.7") + "\n\nWhat people wrote."
	for _, k := range kinds {
		text += "\n\n" + document.Wrap(k, document.StateMark(planning.State{}))
	}
	ref, err := r.gitlab.Open(botName, r.project, sandbox.IssueOptions{Title: "Planning", Description: text, Labels: []string{"Planning Issue"}})
	r.must(nil, err)
	r.settle()
	return ref
}

// state is what a block of a report carries.
func (r *rig) state(ref triage.Ref, k planning.Kind) planning.State {
	r.Helper()
	b, err := document.Parse(r.gitlab.Issue(ref).Description, k)
	r.must(nil, err)
	return b.State
}

func (r *rig) milestone(title string) {
	r.Helper()
	r.must(r.gitlab.AddMilestone(r.project, title))
	r.must(nil, r.gitlab.DateMilestone(r.project, title, "2026-11-14", "2026-12-11"))
}

// TestAway: days away are said on the planning issue, show in both of its blocks, and are taken back there. What people wrote stays, and the rules say
// nothing.
func TestAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, reporting)
	r.milestone("19.7")
	ref := r.openReport(planning.KindPlanning, planning.KindCapacity)
	r.done(ref, r.say("omar", ref, "/flow away 2026-12-21..2027-01-02 skiing"))
	r.done(ref, r.say("omar", ref, "/flow away 2026-12-24..2026-12-26"))
	r.done(ref, r.say("ann", ref, "/flow away 2026-12-01\n\n/flow report"))
	want := map[string][]planning.DateRange{
		"omar": {{From: planning.Date{Year: 2026, Month: time.December, Day: 21}, To: planning.Date{Year: 2027, Month: time.January, Day: 2}}},
		"ann":  {{From: planning.Date{Year: 2026, Month: time.December, Day: 1}, To: planning.Date{Year: 2026, Month: time.December, Day: 1}}},
	}
	for _, k := range []planning.Kind{planning.KindPlanning, planning.KindCapacity} {
		if diff := cmp.Diff(want, r.state(ref, k).Away); diff != "" {
			t.Errorf("who is away by the %s block (-want +got):\n%s", k, diff)
		}
	}
	r.refused(ref, r.say("omar", ref, "/flow back-from 2026-12-01"), "2026-12-21 to 2027-01-02")
	r.done(ref, r.say("omar", ref, "/flow back-from 2026-12-21"))
	r.restart()
	r.done(ref, r.say("ann", ref, "/flow report"))
	if away := r.state(ref, planning.KindPlanning).Away; len(away) != 1 || len(away["ann"]) != 1 {
		t.Errorf("away: %v", away)
	}
	if text := r.gitlab.Issue(ref).Description; !strings.Contains(text, "\n\nWhat people wrote.\n\n") || strings.Contains(text, "skiing") {
		t.Errorf("the description is now\n%s", text)
	}
	if note := r.note(ref); note != "" {
		t.Errorf("the rules speak on a planning issue:\n%s", note)
	}
	r.alive()
}

// TestTake: who would like an issue says so on the list, or on the issue itself, which reaches the list.
func TestTake(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, reporting)
	r.milestone("19.7")
	candidate := sandbox.IssueOptions{Title: "c", Labels: []string{"type::maintenance", "workflow::ready for development", "backend", "group::source code"}, Milestone: "19.7", Weight: triage.Int(2)}
	first, second := r.open(candidate), r.open(candidate)
	r.refused(first, r.say("omar", first, "/flow take"), "on no open planning or needs-weight issue")
	kept, err := r.app.Inbox().Records(t.Context(), first, 1)
	if d, _ := record.DecodeDecision(kept[0].Body); err != nil || len(d.Commands) != 1 || !d.Commands[0].Refused {
		t.Errorf("what the reports refused is kept as %+v, %v", d.Commands, err)
	}
	list := r.openReport(planning.KindPlanning)
	r.done(list, r.say("omar", list, "/flow take #"+strconv.FormatInt(first.IID, 10)))
	r.refused(list, r.say("omar", list, "/flow take #999"), "999")
	r.done(second, r.say("ann", second, "/flow take"))
	want := map[string][]string{first.String(): {"omar"}, second.String(): {"ann"}}
	r.must(nil, r.await(func() bool { return cmp.Equal(want, r.state(list, planning.KindPlanning).Takes) }))
	if assignees := r.gitlab.Issue(second).Assignees; len(assignees) > 0 {
		t.Errorf("assigned to %v", assignees)
	}
	r.alive()
}

// TestForgedReport: a mark that a person wrote makes no report.
func TestForgedReport(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, reporting)
	ref := r.open(sandbox.IssueOptions{
		Title: "Planning", Labels: []string{"Planning Issue"}, Description: document.Marker(planning.KindPlanning, "19.7") + "\n\n" + document.Wrap(planning.KindPlanning, ""),
	})
	before := r.gitlab.Issue(ref).Description
	r.refused(ref, r.say("omar", ref, "/flow away 2026-12-21"), "no report of the bot's")
	r.refused(ref, r.say("omar", ref, "/flow report"), "no report of the bot's")
	if after := r.gitlab.Issue(ref).Description; after != before {
		t.Errorf("the description became\n%s", after)
	}
	r.alive()
}
