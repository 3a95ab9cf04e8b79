package worker

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// outside reports whether people outside the project get the issue's public comments by mail, so that all that the bot writes there has to be
// internal. GitLab sends no mail for an edit, nor for a reaction. No event tells of an address that somebody added: where the project has a
// Service Desk, GitLab is asked before each public comment.
func (j *job) outside(ctx context.Context) (bool, error) {
	if j.snap.issue.ServiceDesk || j.batch.Issue.Kind == triage.SubjectMergeRequest {
		return j.snap.issue.ServiceDesk, nil
	}
	if j.mail.readOutside == nil {
		project := j.batch.Issue.Project
		outside, err := j.pool.desks.get(project, j.now(), func() (bool, error) { return j.reads.HasServiceDesk(ctx, project) })
		if err == nil && outside {
			outside, err = j.reads.MailsOutsiders(ctx, j.batch.Issue, j.snap.issue.ID)
		}
		if err != nil {
			return false, err
		}
		j.view.called, j.mail.readOutside = true, &outside
	}
	return *j.mail.readOutside, nil
}

// createComment writes a comment of the bot's. An internal one of a bot that may not write such would be public, so it is not written.
func (j *job) createComment(ctx context.Context, internal bool, body string) (int64, error) {
	if internal {
		level, err := j.view.levels.of(ctx, j.batch.Issue.Project, j.view.bot.self.ID)
		if err != nil {
			return 0, err
		}
		if level < triage.Planner {
			return 0, &gitlab.Error{Op: "commenting on issue " + j.batch.Issue.String(), Class: gitlab.Permanent,
				Err: errors.New("people outside the project get its public comments by mail, and the bot may not write internal ones; " +
					"give it the Planner or Reporter role, or higher")}
		}
	}
	id, err := j.says.CreateNote(ctx, j.batch.Issue, internal, body)
	return id, j.rememberUnanswered(0, err)
}

// isExposed reports whether the note is a public one on an issue that people outside read: it became a ticket after the note was written.
func (j *job) isExposed(ctx context.Context) (bool, error) {
	ref := j.decision.Memory.Note
	switch {
	case ref.ID == 0 || ref.Internal:
		return false, nil
	case j.snap.issue.ServiceDesk || j.snap.live || ref.IssueAuthor == j.snap.issue.Author.ID: // a ticket is the support bot's: the author would have changed
		return j.snap.issue.ServiceDesk, nil
	}
	return j.outside(ctx)
}

// moveToInternal goes on in an internal note. The public one says so from then on; it keeps its marker, for a store that is lost.
func (j *job) moveToInternal(ctx context.Context) error {
	m := &j.decision.Memory
	old := m.Note
	m.Note = triage.NoteRef{Dismissed: old.Dismissed}
	err := j.says.EditNote(ctx, j.batch.Issue, old.ID, note.RenderMovedToInternal(*m))
	switch gitlab.ClassOf(err) {
	case "":
		j.view.called = true
		j.effects.note("went on in an internal note")
	case gitlab.Permanent: // it is a former bot user's
		j.log.Warn("the public note stays as it is", zap.Int64("note", old.ID), zap.Error(err))
	default:
		deleted, err := j.commentIsGone(ctx, old.ID, j.rememberUnanswered(0, err))
		if !deleted || err != nil {
			m.Note = old
			return err
		}
		m.Note.Dismissed = withMissing(old.Dismissed, old.Shown)
	}
	if shown, write := noteToWrite(j.decision); write {
		return j.createNote(ctx, shown)
	}
	return nil
}
