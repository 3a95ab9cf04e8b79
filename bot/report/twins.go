package report

import (
	"context"
	"slices"
	"strconv"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// closeTwins looks for reports that GitLab opened twice, because it carried out late what it had not answered. The oldest that is open stays; people are told
// on the others which one that is.
func (p *Publisher) closeTwins(ctx context.Context, r Request, result *Result) error {
	e := r.Report
	if e.Doubt.IsZero() {
		return nil
	}
	issues, err := p.o.GitLab.ReportIssues(ctx, e.Ref.Project, p.o.Self.ID, document.Marker(e.Kind, e.Key), e.OpenedAt.Add(-markerPast))
	if err != nil {
		return err
	}
	issues = slices.DeleteFunc(issues, func(i gitlab.ReportIssue) bool { return i.Closed })
	for _, twin := range issues[min(1, len(issues)):] {
		if err := p.closeTwin(ctx, issues[0].Ref, twin, r.May, result); err != nil {
			return err
		}
	}
	until := e.Doubt.Add(late)
	if p.o.Now().Before(until) {
		result.WakeAt = triage.Earlier(result.WakeAt, until)
		return nil
	}
	e.Doubt = time.Time{}
	return p.note(ctx, e)
}

// closeTwin closes one of two reports, unless a person opened it again.
func (p *Publisher) closeTwin(ctx context.Context, first triage.Ref, twin gitlab.ReportIssue, may check, result *Result) error {
	if reopened, err := p.o.GitLab.WasReopened(ctx, twin.Ref); err != nil || reopened {
		return err
	}
	const marker = "<!-- flowkeeper:twin -->"
	said, err := p.ownComments(ctx, twin.Ref, marker)
	if err != nil {
		return err
	}
	if len(said) == 0 {
		if err := may(ctx); err != nil {
			return err
		}
		text := marker + "\nGitLab opened this report twice. The other one is #" + strconv.FormatInt(first.IID, 10) + ", this one is not needed."
		if _, err := p.o.GitLab.CreateNote(ctx, twin.Ref, false, text); err != nil {
			return err
		}
	}
	if err := may(ctx); err != nil {
		return err
	}
	if _, err := p.o.GitLab.UpdateIssue(ctx, twin.Issue, triage.Close{}.Apply(twin.Issue)); err != nil {
		return err
	}
	result.did("closed a report that GitLab opened twice: " + twin.Ref.String())
	return p.Forget(ctx, twin.Ref)
}

// closeExpired closes a triage report that has a successor and has been due for long. One that a person opened again stays.
func (p *Publisher) closeExpired(ctx context.Context, r Request, issue gitlab.ReportIssue, result *Result) error {
	e := r.Report
	if e.Kind != planning.KindTriage || p.schedule().mode(e.Kind) != triage.Act {
		return nil
	}
	list, _, err := p.entries(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(o Entry) bool { return o.Kind == e.Kind && planning.Precedes(e.Key, o.Key) }) {
		return nil
	}
	due := issue.Due
	if due.IsZero() {
		due = planning.DateOf(issue.CreatedAt.In(p.schedule().Location))
	}
	if p.o.Now().Before(p.schedule().At(due).Add(p.schedule().CloseAfter)) {
		return nil
	}
	if reopened, err := p.o.GitLab.WasReopened(ctx, e.Ref); err != nil || reopened {
		return err
	}
	if err := r.May(ctx); err != nil {
		return err
	}
	if _, err := p.o.GitLab.UpdateIssue(ctx, issue.Issue, triage.Close{}.Apply(issue.Issue)); err != nil {
		return err
	}
	result.did("closed, there is a newer one")
	return p.Forget(ctx, e.Ref)
}
