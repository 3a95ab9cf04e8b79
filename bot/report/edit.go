package report

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// maxEdits bounds how often a description is read and written because others write it at the same time.
const maxEdits = 10

// check is asked before every write; an error means that the issue may be in other hands by now.
type check func(context.Context) error

// edit brings the description of an issue to what change makes of it. GitLab cannot replace a text on the condition that nobody changed it. So
// it is read again before it is written, and after, until what is read needs no change: what people write meanwhile is not lost, and the bot's
// part comes to stand in their text. The last state is returned, and whether anything was written.
//
// change is asked with every text that is read. It must keep what it does not change byte for byte, and change nothing of its own result.
func (p *Publisher) edit(
	ctx context.Context, ref triage.Ref, may check, change func(gitlab.ReportIssue) (string, error),
) (issue gitlab.ReportIssue, written bool, err error) {
	if issue, err = p.o.GitLab.ReportIssue(ctx, ref); err != nil {
		return issue, false, err
	}
	for range maxEdits {
		next, err := change(issue)
		if err != nil || next == issue.Description {
			return issue, written, err
		}
		// Finding that out may have taken calls. Only a text that is still the same may be replaced.
		before := issue.Description
		if issue, err = p.o.GitLab.ReportIssue(ctx, ref); err != nil {
			return issue, written, err
		}
		if issue.Description != before {
			continue
		}
		if err := may(ctx); err != nil {
			return issue, written, err
		}
		_, err = p.o.GitLab.EditDescription(ctx, ref, next)
		if err != nil && !isConflict(err) {
			return issue, written, err
		}
		written = written || err == nil
		if issue, err = p.o.GitLab.ReportIssue(ctx, ref); err != nil {
			return issue, written, err
		}
	}
	return issue, written, fmt.Errorf("%s shows another text each time after it was edited; is another program writing it?", ref)
}

// isConflict reports whether GitLab refused a write because of another one at the same moment.
func isConflict(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return ok && e.Status == http.StatusConflict
}

// isAnswered reports whether GitLab answered so that a failed write was certainly not carried out, and will not be.
func isAnswered(err error) bool {
	e, ok := errors.AsType[*gitlab.Error](err)
	return err == nil || ok && (e.Status >= 400 && e.Status < 500 || e.Class == gitlab.Permanent)
}
