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
	if j.issue.ServiceDesk {
		return true, nil
	}
	if j.readOutside == nil {
		project := j.batch.Issue.Project
		outside, err := j.desks.get(project, j.o.Now(), func() (bool, error) { return j.o.GitLab.HasServiceDesk(ctx, project) })
		if err == nil && outside {
			outside, err = j.o.GitLab.MailsOutsiders(ctx, j.batch.Issue, j.issue.ID)
		}
		if err != nil {
			return false, err
		}
		j.called, j.readOutside = true, &outside
	}
	return *j.readOutside, nil
}

// write writes a comment of the bot's. An internal one of a bot that may not write such would be public, so it is not written.
func (j *job) write(ctx context.Context, internal bool, body string) (int64, error) {
	if internal {
		level, err := j.level(ctx, j.batch.Issue.Project, j.o.Self.ID)
		if err != nil {
			return 0, err
		}
		if level < triage.Planner {
			return 0, &gitlab.Error{Op: "commenting on issue " + j.batch.Issue.String(), Class: gitlab.Permanent,
				Err: errors.New("people outside the project get its public comments by mail, and the bot may not write internal ones; " +
					"give it the Planner or Reporter role, or higher")}
		}
		if err := j.hold(ctx); err != nil {
			return 0, err
		}
	}
	id, err := j.o.GitLab.CreateNote(ctx, j.batch.Issue, internal, body)
	return id, j.lose(0, err)
}

// exposed reports whether the note is a public one on an issue that people outside read: it became a ticket after the note was written.
func (j *job) exposed(ctx context.Context) (bool, error) {
	ref := j.decision.Memory.Note
	switch {
	case ref.ID == 0 || ref.Internal:
		return false, nil
	case j.issue.ServiceDesk || j.live || ref.IssueAuthor == j.issue.Author.ID: // a ticket is the support bot's: the author would have changed
		return j.issue.ServiceDesk, nil
	}
	return j.outside(ctx)
}

// seclude goes on in an internal note. The public one says so from then on; it keeps its marker, for a store that is lost.
func (j *job) seclude(ctx context.Context) error {
	m := &j.decision.Memory
	old := m.Note
	m.Note = triage.NoteRef{Dismissed: old.Dismissed}
	err := j.o.GitLab.EditNote(ctx, j.batch.Issue, old.ID, note.RenderMovedToInternal(*m))
	switch gitlab.ClassOf(err) {
	case "":
		j.called = true
		j.did = append(j.did, "went on in an internal note")
	case gitlab.Permanent: // it is a former bot user's
		j.o.Log.Warn("the public note stays as it is", zap.Stringer("issue", j.batch.Issue), zap.Int64("note", old.ID), zap.Error(err))
	default:
		deleted, err := j.gone(ctx, old.ID, j.lose(0, err))
		if !deleted || err != nil {
			m.Note = old
			return err
		}
		m.Note.Dismissed = also(old.Dismissed, old.Shown)
	}
	if shown, write := wording(j.decision); write {
		return j.create(ctx, shown)
	}
	return nil
}

// answer replies to a comment: in its thread, or beside it where a reply in a public thread would be mailed to people outside.
func (j *job) answer(ctx context.Context, a triage.Reaction) error {
	outside := false
	if !a.Internal {
		var err error
		if outside, err = j.outside(ctx); err != nil {
			return err
		}
	}
	reply := *a.Reply
	if outside {
		reply.Text = append([]triage.Prose{note.AboutComment(j.issue.URL, a.Note)}, reply.Text...)
	}
	body := note.RenderReply(reply, j.policy.Team, j.batch.Issue, a.Note, a.Emoji)
	if outside {
		_, err := j.write(ctx, true, body)
		return err
	}
	_, err := j.o.GitLab.Reply(ctx, j.batch.Issue, a.Discussion, a.Note, a.Internal, body)
	return j.lose(0, err)
}
