package worker

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/report"
	"flowkeeper/rules/triage"
)

// Reports keeps the documents on the issues of reports up to date, see package report.
type Reports interface {
	// Find tells which report stands on an issue, without asking GitLab; Recognise asks GitLab.
	Find(ctx context.Context, ref triage.Ref) (report.Entry, bool, error)
	Recognise(ctx context.Context, ref triage.Ref) (report.Entry, bool, error)
	Refresh(ctx context.Context, r report.Request) (report.Result, error)
	Forget(ctx context.Context, ref triage.Ref) error
	// Touched has the open reports brought up to date that may hold the issue at an address.
	Touched(ctx context.Context, url string, enters, hides bool) error
	// EditHolding has the open reports changed that plan the issue at an address, and says how many there are.
	EditHolding(ctx context.Context, url string, edits []triage.ReportEdit) (int, error)
}

// reportWork is what a job has to do with reports.
type reportWork struct {
	others     []inbox.Message     // the deliveries that tell of the issue itself
	only       bool                // there is nothing but what is due of a report
	tasks      []report.Task       // what is due of the report that stands on the issue
	edits      []triage.ReportEdit // and what commands elsewhere change in it
	remembered *triage.Issue       // the issue as the last job left it, nil if nothing is remembered
	wakeAt     time.Time           // when the report is to be looked at again; zero is never
}

// due reports whether the mailbox asked for something.
func (w reportWork) due() bool { return len(w.tasks) > 0 }

// takeReportEvents takes from the mailbox what is due of a report.
func (j *job) takeReportEvents(ctx context.Context) {
	w := &j.reports
	for _, d := range j.batch.Deliveries {
		e, err := record.DecodeEvent(d.Body, j.batch.Issue)
		if err != nil || e.Event.Kind != triage.ReportDue {
			w.others = append(w.others, d)
			continue
		}
		if task := report.Task(e.Task); !slices.Contains(w.tasks, task) {
			w.tasks = append(w.tasks, task)
		}
		w.edits = append(w.edits, e.Edits...)
	}
	if j.pool.o.Reports == nil || len(w.others) > 0 {
		return
	}
	if j.batch.Woken && !w.due() {
		if _, is, err := j.pool.o.Reports.Find(ctx, j.batch.Issue); is && err == nil {
			w.tasks = []report.Task{report.Update}
		}
	}
	var remembered triage.Memory
	if err := json.Unmarshal(j.batch.Memory, &remembered); err != nil {
		w.only = w.due()
		return
	}
	w.only = w.due() && !j.batch.Woken && remembered.Intent == nil
	if remembered.WakeAt.After(j.now()) { // one that is over would wake without end
		w.wakeAt = remembered.WakeAt
	}
}

// refreshReport brings the report up to date that stands on the issue, if there is one and the job has a reason to look.
func (j *job) refreshReport(ctx context.Context) error {
	if j.pool.o.Reports == nil {
		return nil
	}
	e, is, err := j.report(ctx)
	if err != nil || !is {
		return err
	}
	if !j.reports.only && j.snap.issue.Closed {
		return j.pool.o.Reports.Forget(ctx, e.Ref)
	}
	if !j.reports.due() {
		return nil
	}
	r, err := j.pool.o.Reports.Refresh(ctx, report.Request{Report: e, Tasks: j.reports.tasks, Edits: j.reports.edits, May: j.checkLease})
	j.effects.did = append(j.effects.did, r.Did...)
	j.reports.wakeAt = triage.Earlier(j.reports.wakeAt, r.WakeAt)
	j.view.called = true
	if broken, is := errors.AsType[*report.BrokenBlock](err); is {
		j.log.Warn("people broke the block of a report", zap.Error(broken))
		j.decision.Reason = broken.Error()
		return nil
	}
	if gitlab.ClassOf(err) == gitlab.NotFound {
		j.decision.Reason = "the report's issue is gone"
		return nil
	}
	return err
}

// report is the report that stands on the issue. GitLab is asked only if something is due of it, or if it may have come to be one: it was
// opened again, or nobody told of its opening.
func (j *job) report(ctx context.Context) (report.Entry, bool, error) {
	e, is, err := j.pool.o.Reports.Find(ctx, j.batch.Issue)
	if is || err != nil {
		return e, is, err
	}
	issue := &j.snap.issue
	may := triage.KindsOf(j.in.Events)&(triage.Reopened|triage.Swept) != 0 && !issue.Closed && j.view.bot.is(issue.Author.ID) &&
		slices.ContainsFunc(j.rules.policy.Team.LabelNames(triage.Skip), issue.Has)
	if !may && !j.reports.due() {
		return report.Entry{}, false, nil
	}
	e, is, err = j.pool.o.Reports.Recognise(ctx, j.batch.Issue)
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return report.Entry{}, false, nil
	}
	return e, is, err
}

// editReports carries out what commands change in reports: in the one that stands on the issue, or in those that list it.
func (j *job) editReports(ctx context.Context) error {
	intent := &j.decision.Pending.Intent
	if len(intent.Reports) == 0 {
		return nil
	}
	if j.pool.o.Reports == nil {
		j.refuseEdits("the bot has no reports")
		return nil
	}
	e, is, err := j.pool.o.Reports.Recognise(ctx, j.batch.Issue)
	if err != nil {
		return err
	}
	if !is {
		reached, err := j.pool.o.Reports.EditHolding(ctx, j.snap.issue.URL, intent.Reports)
		if err == nil && reached == 0 {
			j.refuseEdits("the issue is on no open planning or needs-weight issue that can be written; write it again when it is in a milestone that is planned")
		}
		return err
	}
	r, err := j.pool.o.Reports.Refresh(ctx, report.Request{Report: e, Tasks: []report.Task{report.Compose}, Edits: intent.Reports, May: j.checkLease})
	if len(r.Did) > 0 {
		j.snapshotMemory()
		j.effects.did = append(j.effects.did, r.Did...)
	}
	j.reports.wakeAt = triage.Earlier(j.reports.wakeAt, r.WakeAt)
	if broken, is := errors.AsType[*report.BrokenBlock](err); is {
		j.refuseEdits("the bot's part of the description is broken, " + broken.Err.Error() + "; put its marks back, or have the report made anew")
		return nil
	}
	return err
}

// refuseEdits says that reports were not changed as commands wanted, and why.
func (j *job) refuseEdits(why string) {
	pending := &j.decision.Pending
	for _, e := range pending.Intent.Reports {
		for n := range pending.Intent.Answers {
			if pending.Intent.Answers[n].Note == e.Note {
				pending.Intent.Answers[n].Emoji = triage.RefusedEmoji
			}
		}
		appendReply(&pending.Intent, e.Note, triage.Say("Not done: ").Untrusted(why).Say("."))
	}
	for n := range pending.Results {
		if r := &pending.Results[n]; r.Reports && !r.Refused {
			r.Refused, r.Reason = true, why
		}
	}
}

// touchReports has the documents looked at that may hold the issue, if it changed in a way that documents look at.
func (j *job) touchReports(ctx context.Context) error {
	issue := &j.snap.issue
	if j.pool.o.Reports == nil || issue.URL == "" {
		return nil
	}
	kinds := triage.KindsOf(j.in.Events)
	changed, enters := kinds&(triage.Opened|triage.Closed|triage.Reopened|triage.Swept|triage.AllChanges) != 0, kinds.Effective()&triage.MilestoneChanged != 0
	hides := issue.Confidential && kinds&triage.Opened == 0
	if before := j.reports.remembered; before != nil {
		changed, enters = showsOtherwise(before, issue), before.Milestone != issue.Milestone
		hides = issue.Confidential && !before.Confidential
	}
	if !changed && !hides {
		return nil
	}
	return j.pool.o.Reports.Touched(ctx, issue.URL, enters && issue.Milestone != 0, hides)
}

// showsOtherwise reports whether a document would show the issue in another way than before.
func showsOtherwise(before, now *triage.Issue) bool {
	people := func(i *triage.Issue) (ids []int64) {
		for _, p := range i.Assignees {
			ids = append(ids, p.ID)
		}
		slices.Sort(ids)
		return ids
	}
	return !triage.Difference(*before, *now).Empty() || before.Closed != now.Closed || before.Title != now.Title || before.Confidential != now.Confidential ||
		before.Milestone != now.Milestone || !slices.Equal(people(before), people(now))
}

// kinds are what the mailbox told of, for logs.
func (j *job) kinds() triage.Kind {
	k := triage.KindsOf(j.allEvents())
	if j.reports.due() {
		k |= triage.ReportDue
	}
	return k
}
