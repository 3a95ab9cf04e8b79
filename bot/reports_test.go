package bot_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/report/gather"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// triageDue has the triage report due at noon of this day, where it is just after noon, in this mode.
func triageDue(mode triage.Mode) func(*bot.Options) {
	return func(o *bot.Options) {
		utc := time.Now().UTC()
		place := time.FixedZone("noon", (12-utc.Hour())*60*60)
		o.Reports = bot.Reports{
			Gather: gather.Options{
				Team: o.Policy.Team, Projects: []string{"team/project"}, Home: "team/project", Location: place, Document: planning.ReportOptions{Cap: 15},
			},
			Schedule: report.Schedule{
				Modes: map[planning.Kind]triage.Mode{planning.KindTriage: mode}, TriageDay: utc.In(place).Weekday(), TriageAt: 12 * time.Hour,
				CloseAfter: 14 * 24 * time.Hour, Location: place, Settle: 10 * time.Millisecond,
			},
		}
	}
}

// due waits until what is due is done.
func (r *rig) due() {
	r.Helper()
	r.must(nil, r.handled.await(r.within(), func() bool {
		done, err := r.app.Coordination().Checkpoint(r.Context(), "reports/done/triage")
		return err == nil && len(done) > 0
	}))
	r.settle()
}

// report waits until what is due is done and returns the report. More than one is a failure.
func (r *rig) report() sandbox.Issue {
	r.Helper()
	r.due()
	all := slices.DeleteFunc(r.gitlab.Issues(r.project), func(i sandbox.Issue) bool { return !strings.Contains(i.Description, "<!-- flowkeeper:report triage ") })
	if len(all) != 1 {
		r.Fatalf("there are %d reports\n%s", len(all), r.handled.text())
	}
	return all[0]
}

// within is a context that ends when a test has waited long enough.
func (r *rig) within() context.Context {
	ctx, cancel := context.WithTimeout(r.Context(), reachable)
	r.Cleanup(cancel)
	return ctx
}

// TestReportOfTheWeek: a report is opened when it is due, kept up to date as its issues change, and costs nothing when nothing changes.
func TestReportOfTheWeek(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Policy.Team.GroupLabel = "" })
	first, second := r.open(sandbox.IssueOptions{Title: "first"}), r.open(sandbox.IssueOptions{Title: "second"})
	triageDue(triage.Act)(&r.options)
	r.restart()
	of := r.report()
	if strings.Count(of.Description, "- [ ]") < 2 || strings.Contains(of.Description, "- [x]") {
		t.Fatalf("the report is %s", of.Description)
	}
	// The first box is that of the issue that was opened last.
	words := "Words of people.\n\n" + strings.Replace(of.Description, "- [ ]", "- [~]", 1)
	r.calls()
	r.edit("mia", of.Ref, sandbox.Change{Description: &words})
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("what people wrote on the report cost %q and %q", reads, writes)
	}
	r.edit("omar", first, sandbox.Change{AddLabels: []string{"type::maintenance", "maintenance::refactor"}, Close: true})
	got := r.report().Description
	if !strings.HasPrefix(got, "Words of people.\n\n") || strings.Count(got, "- [~]") != 1 {
		t.Errorf("people's words and marks are not left: %s", got)
	}
	if strings.Count(got, "- [x]") == 0 {
		t.Errorf("nothing is ticked: %s", got)
	}
	r.calls()
	r.must(r.gitlab.Comment("omar", second, "a word"))
	r.settle()
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("a comment cost %q and %q", reads, writes)
	}
	r.alive()
}

// TestReportOnce: of two replicas one opens the report, although the answer to the first request is lost, and the store is emptied before the
// second.
func TestReportOnce(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, nil)
	r.open(sandbox.IssueOptions{Title: "first"})
	r.must(nil, r.app.Stop())
	triageDue(triage.Act)(&r.options)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST issue", ApplyThenCut: true, Wait: hold})
	r.start()
	r.secondReplica(nil)
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) > 0 }))
	redis.Flush()
	close(hold)
	r.report()
	r.alive()
}

// TestReportInShadow: it is composed and shown on the admin address, and nothing is written.
func TestReportInShadow(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	r.open(sandbox.IssueOptions{Title: "first"})
	triageDue(triage.Shadow)(&r.options)
	r.restart()
	r.due()
	get := func(path string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.app.AdminURL()+path, nil)
		r.must(nil, err)
		resp, err := http.DefaultClient.Do(req)
		r.must(nil, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		r.must(nil, err)
		return string(body)
	}
	if text := get("/reports/triage"); !strings.Contains(text, "- [ ] ") {
		t.Errorf("the document is %s", text)
	}
	var o report.Overview
	r.must(nil, json.Unmarshal([]byte(get("/reports")), &o))
	if len(o.Reports) == 0 || o.Reports[0].Report != planning.KindTriage || o.Reports[0].Last == nil || o.Reports[0].Last.Outcome.What != report.Composed || o.Reports[0].NextAt.IsZero() {
		t.Errorf("the overview is %+v", o)
	}
	if n := len(r.gitlab.Issues(r.project)); n != 1 {
		t.Errorf("there are %d issues", n)
	}
}

// TestCapacityFollows: the capacity on a planning issue follows weights and assignees with one edit, and then nothing is written any more.
func TestCapacityFollows(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Policy.Team.Roster[triage.Engineers] = []string{"omar"}
		reporting(o)
	})
	r.milestone("19.7")
	issue := r.open(sandbox.IssueOptions{
		Title: "t", Labels: []string{"type::maintenance", "maintenance::refactor", "workflow::in dev", "backend", "group::source code"}, Milestone: "19.7",
		Weight: triage.Int(2),
	})
	planningIssue := r.openReport(planning.KindPlanning, planning.KindCapacity)
	r.done(planningIssue, r.say("ann", planningIssue, "/flow report"))
	capacity := func() string {
		t.Helper()
		b, err := document.Parse(r.gitlab.Issue(planningIssue).Description, planning.KindCapacity)
		r.must(nil, err)
		return b.Content
	}
	for _, change := range []sandbox.Change{{Assignees: &[]string{"omar"}}, {Weight: triage.Int(4)}} {
		before := capacity()
		r.calls()
		r.edit("mia", issue, change)
		r.settle()
		_, writes := r.calls()
		edits := slices.DeleteFunc(writes, func(w string) bool { return !strings.HasPrefix(w, "PUT issue "+planningIssue.String()) })
		if capacity() == before || len(edits) != 1 {
			t.Errorf("after %+v there are the edits %q and the capacity is\n%s", change, edits, capacity())
		}
	}
	r.alive()
}
