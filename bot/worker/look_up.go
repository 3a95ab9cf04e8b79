package worker

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

const (
	// maxLoads bounds how often a job looks up more for its decisions: each need, and each once more.
	maxLoads = 20
	// maxLevels bounds how many people's access levels are asked for at once. Who is left out counts as no member until then.
	maxLevels = 50
)

// lookUp gets from GitLab and from the store what a decision needs to know, so that it can be made again.
func (j *job) lookUp(ctx context.Context, d engine.Decision, needs engine.Needs) error {
	if j.loads++; j.loads > maxLoads {
		return errors.New("the decision needs to know what was loaded already")
	}
	for _, text := range needs.FindIssues {
		found, err := j.find(ctx, text)
		if err != nil {
			return err
		}
		if j.in.Facts.FoundIssues == nil {
			j.in.Facts.FoundIssues = map[string]triage.FoundIssue{}
		}
		j.in.Facts.FoundIssues[text] = found
	}
	for _, rule := range needs.PastFindings {
		if j.in.Facts.PastFindings == nil {
			j.in.Facts.PastFindings = map[string][]engine.PastFinding{}
		}
		j.in.Facts.PastFindings[rule] = j.pastFindings(ctx, rule)
	}
	if needs.LookUp&triage.LookUpReport != 0 {
		report, err := j.reportFacts(ctx)
		if err != nil {
			return err
		}
		j.in.Facts.Report = &report
	}
	if needs.LookUp&triage.LookUpEpics != 0 {
		licence, err := j.reads.LicenceOf(ctx, path.Dir(j.snap.issue.Path))
		if err != nil {
			return err
		}
		j.in.Facts.Epics = &licence.Epics
	}
	if needs.LookUp&triage.LookUpReactions != 0 {
		given, err := j.givenReactions(ctx)
		if err != nil {
			return err
		}
		j.in.Facts.Reactions = &given
	}
	if needs.Facts == 0 {
		return nil
	}
	return j.loadContext(ctx, d, needs)
}

// loadContext gets what is around the issue into the memory.
func (j *job) loadContext(ctx context.Context, d engine.Decision, needs engine.Needs) error {
	around, began := needs.Known, j.now()
	for _, l := range []struct {
		need triage.Need
		load func() error
	}{
		{triage.NeedClosingReason, func() error { return j.loadClosing(ctx) }},
		{triage.NeedDefaultStatus, func() error { return j.loadDefaultStatus(ctx) }},
		{triage.NeedLinks, func() error { return j.loadLinks(ctx, &around) }},
		{triage.NeedAgreements | triage.NeedComments, func() error { return j.loadComments(ctx, d, needs.Facts, &around) }},
		{triage.NeedAccessLevels, func() error { return j.loadLevels(ctx, &around) }},
		{triage.NeedAuthorLevel, func() error { return j.loadAuthorLevel(ctx, &around) }},
		{triage.NeedStateEntry, func() error { return j.loadStateEntry(ctx) }},
		{triage.NeedMilestone, func() error { return j.loadMilestone(ctx, &around) }},
		{triage.NeedMergeRequests, func() error { return j.loadMergeRequests(ctx, &around) }},
		{triage.NeedClosedLabels, func() error { return j.loadClosedLabels(ctx, &around) }},
		{needs.Facts, func() error { return j.loadPolicyFacts(ctx, needs, &around) }},
		{triage.NeedSeverityAt, func() error { return j.loadSeverityAt(ctx) }},
	} {
		if needs.Facts&l.need == 0 {
			continue
		}
		if err := l.load(); err != nil {
			return err
		}
	}
	if d.InScope && needs.Facts&triage.NeedAgreements != 0 {
		j.in.Facts.AgreementsCounted = true
	}
	around.Known |= needs.Facts &^ triage.NeedMemberships
	// The clock of the replica that took a delivery may be ahead: what was seen is not newer than what is loaded after it.
	around.LoadedAt = began
	if needs.Facts&(triage.NeedAgreements|triage.NeedComments) != 0 && j.view.at.Before(began) {
		around.LoadedAt = j.view.at
	}
	for _, e := range j.allEvents() {
		if e.ReceivedAt.After(around.LoadedAt) {
			around.LoadedAt = e.ReceivedAt
		}
	}
	j.in.Memory.Context = around
	return nil
}

// loadDefaultStatus finds out whether GitLab gave the issue its status by itself.
func (j *job) loadDefaultStatus(ctx context.Context) error {
	if j.snap.live && j.snap.issue.StatusTold {
		return nil
	}
	return j.readIssue(ctx)
}

func (j *job) loadLinks(ctx context.Context, around *triage.Context) (err error) {
	around.Links, err = j.reads.Links(ctx, j.batch.Issue)
	return err
}

func (j *job) loadAuthorLevel(ctx context.Context, around *triage.Context) (err error) {
	around.AuthorLevel, err = j.view.levels.of(ctx, j.batch.Issue.Project, j.snap.issue.Author.ID)
	return err
}

func (j *job) loadMilestone(ctx context.Context, around *triage.Context) (err error) {
	around.Milestone, err = j.milestoneFacts(ctx, around.Milestone)
	return err
}

// loadStateEntry finds out since when the issue has been in its state, which GitLab's record of label changes tells.
func (j *job) loadStateEntry(ctx context.Context) error {
	if j.recovered {
		return nil
	}
	return j.recoverMemory(ctx)
}

func (j *job) loadSeverityAt(ctx context.Context) error {
	past, err := j.view.changes(ctx)
	if err != nil {
		return err
	}
	j.in.Memory.SeverityAt = engine.FirstSeverity(j.rules.policy.Team, past)
	if j.in.Memory.SeverityAt.IsZero() {
		j.in.Memory.SeverityAt = j.snap.issue.CreatedAt // it was set when the issue was opened, or imported
	}
	return nil
}

// loadClosing reads an issue that was closed when GitLab has finished that. What the bot itself is about to close needs no look.
func (j *job) loadClosing(ctx context.Context) error {
	if !j.snap.issue.Closed {
		return nil
	}
	for _, e := range j.allEvents() {
		if early := e.ReceivedAt.Add(j.rules.policy.Settle).Sub(j.now()); e.Kind&triage.Closed != 0 && early > 0 {
			if err := j.doubts.about("why the issue was closed", []time.Duration{early}, errors.New("GitLab may not have finished closing the issue")); err != nil {
				return err
			}
		}
	}
	return j.readIssue(ctx)
}

// loadLevels adds the access levels of those who agree and whose level is not known, first of those who said so in words: on a popular issue
// a thumbsup is a vote.
func (j *job) loadLevels(ctx context.Context, around *triage.Context) error {
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(around.Agreements)), func(name string) bool {
		_, known := around.AccessLevels[name]
		return known
	})
	silent := func(name string) int {
		if around.Agreements[name].Comment {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(unknown, func(a, b string) int { return cmp.Compare(silent(a), silent(b)) })
	if around.AccessLevels == nil {
		around.AccessLevels = make(map[string]int, len(unknown))
	}
	for _, name := range unknown[:min(len(unknown), maxLevels)] {
		level, err := j.reads.AccessLevel(ctx, j.batch.Issue.Project, around.Agreements[name].ID)
		if err != nil {
			return err
		}
		around.AccessLevels[name] = level
	}
	return nil
}

// find looks up an issue as people name it.
func (j *job) find(ctx context.Context, text string) (triage.FoundIssue, error) {
	issue, err := j.reads.IssueByReference(ctx, j.batch.Issue.Project, text)
	if _, unreadable := errors.AsType[*gitlab.BadReference](err); unreadable {
		return triage.FoundIssue{Problem: "that does not name an issue; write `#12`, `group/project#12` or its address"}, nil
	}
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return triage.FoundIssue{Problem: "there is no such issue that the bot can see"}, nil
	}
	return triage.FoundIssue{Ref: issue.Ref}, err
}

// pastFindings are the kept decisions at which a rule looked at the issue, the newest first.
func (j *job) pastFindings(ctx context.Context, rule string) []engine.PastFinding {
	const enough = 20
	records, err := j.pool.o.Inbox.Records(ctx, j.batch.Issue, enough)
	if err != nil {
		return nil // the answer is good without them
	}
	var seen []engine.PastFinding
	for _, kept := range records {
		d, err := record.DecodeDecision(kept.Body)
		if err != nil {
			continue
		}
		for _, f := range d.Findings {
			if f.Rule == rule {
				seen = append(seen, engine.PastFinding{At: kept.At, Events: d.Events, Reason: f.Reason})
			}
		}
	}
	return seen
}
