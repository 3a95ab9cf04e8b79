package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/bot/tracing"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// publish tells people: in comments of policies, on the note, and in answer to their comments.
func (j *job) publish(ctx context.Context) error {
	ctx, span := tracing.Start(ctx, "publish")
	defer span.End()
	if err := j.publishPolicyComments(ctx); err != nil {
		return err
	}
	if err := j.publishNote(ctx); err != nil {
		return err
	}
	return j.answerComments(ctx)
}

// publishNote brings the sticky note in line with the decision: nothing if it says so already, else one edit, or the note's creation.
func (j *job) publishNote(ctx context.Context) error {
	shown, write := noteToWrite(j.decision)
	if !write {
		return nil
	}
	m := &j.decision.Memory
	if m.Note.ID == 0 {
		return j.createNote(ctx, shown)
	}
	if exposed, err := j.isExposed(ctx); err != nil {
		return err
	} else if exposed {
		return j.moveToInternal(ctx)
	}
	err := j.editNote(ctx, shown)
	if err == nil {
		return nil
	}
	left, lookup := j.succeedNote(ctx, err)
	if lookup != nil {
		return lookup
	}
	if left {
		if shown, write = noteToWrite(j.decision); write {
			return j.createNote(ctx, shown)
		}
		return nil
	}
	if deleted, err := j.commentIsGone(ctx, m.Note.ID, err); !deleted || err != nil {
		return err
	}
	j.rememberDismissed(m)
	if shown, write = noteToWrite(j.decision); write {
		return j.createNote(ctx, shown)
	}
	return nil
}

// rememberDismissed remembers that people deleted the note. It is not written again for what it said, only for what is new.
func (j *job) rememberDismissed(m *triage.Memory) {
	j.pool.metrics.notes.WithLabelValues("deleted").Inc()
	m.Note = triage.NoteRef{Dismissed: withMissing(m.Note.Dismissed, m.Note.Shown)}
}

// noteToWrite is what the note should say, and whether that has to be written.
func noteToWrite(d engine.Decision) (engine.Note, bool) {
	s, ref := d.Note, d.Memory.Note
	s.Replaces = ref.Replaces
	if !d.UpdateNote || ref.NewerVersion {
		return s, false
	}
	if len(ref.Dismissed) > 0 {
		dismissed := func(what string) bool { return slices.Contains(ref.Dismissed, what) }
		s.Items = slices.DeleteFunc(slices.Clone(s.Items), func(i engine.NoteItem) bool { return dismissed(i.Key) || dismissed(itemWords(i)) })
		s.Lines = slices.DeleteFunc(slices.Clone(s.Lines), dismissed)
		s.Remarks = slices.DeleteFunc(slices.Clone(s.Remarks), func(r engine.Remark) bool { return dismissed(r.Key()) })
	}
	if ref.ID == 0 {
		return s, len(s.Lines)+len(s.Remarks) > 0 || s.Open() > 0
	}
	return s, note.Digest(s) != ref.Digest
}

// rememberShown remembers what the note now says.
func (j *job) rememberShown(ref *triage.NoteRef, shown engine.Note) {
	ref.Mentions = mentioned(shown, j.rules.policy.Team)
	ref.Digest, ref.IssueAuthor = note.Digest(shown), j.snap.issue.Author.ID
	ref.Shown = slices.Clone(shown.Lines)
	for _, i := range shown.Items {
		ref.Shown = append(ref.Shown, i.Key, itemWords(i))
	}
	for _, r := range shown.Remarks {
		ref.Shown = append(ref.Shown, r.Key())
	}
}

// itemWords are what an item says, whichever rule says it.
func itemWords(i engine.NoteItem) string {
	return i.Title + " " + i.Text + i.Quote + i.Then + i.Say.Plain()
}

// createNote writes the note, unless there is one: an earlier attempt may have written it without living to tell.
func (j *job) createNote(ctx context.Context, shown engine.Note) error {
	m := &j.decision.Memory
	internal, err := j.outside(ctx)
	if err != nil {
		return err
	}
	beside := j.mayBeBeside()
	if beside {
		j.view.ownRead = false
	}
	if beside || !j.recovered && !j.mail.whole {
		notes, err := j.view.ownNotes(ctx)
		if err != nil {
			return err
		}
		if marked, found := findNote(notes, j.batch.Issue); found && (marked.Note.Internal || !internal) {
			marked.Note.Dismissed = withMissing(marked.Note.Dismissed, m.Note.Dismissed)
			m.Note = marked.Note
			if shown, write := noteToWrite(j.decision); write {
				return j.editNote(ctx, shown)
			}
			return nil
		}
	}
	id, err := j.createComment(ctx, internal, note.RenderOn(j.batch.Issue, shown, j.rules.policy.Team, *m))
	if err != nil {
		return err
	}
	m.Note.ID, m.Note.Internal = id, internal
	j.rememberShown(&m.Note, shown)
	j.view.called = true
	j.effects.note("note created")
	j.pool.metrics.notes.WithLabelValues("created").Inc()
	return nil
}

func (j *job) editNote(ctx context.Context, shown engine.Note) error {
	m := &j.decision.Memory
	if j.mentionsAgain(shown) {
		// GitLab notifies only of mentions that an edit adds: to be told of something new, people must not stand in the text before.
		if err := j.says.EditNote(ctx, j.batch.Issue, m.Note.ID, note.RenderOn(j.batch.Issue, unasked(shown), j.rules.policy.Team, *m)); err != nil {
			return j.rememberUnanswered(0, err)
		}
	}
	if err := j.says.EditNote(ctx, j.batch.Issue, m.Note.ID, note.RenderOn(j.batch.Issue, shown, j.rules.policy.Team, *m)); err != nil {
		return j.rememberUnanswered(0, err)
	}
	j.rememberShown(&m.Note, shown)
	j.view.called = true
	j.effects.note("note edited")
	j.pool.metrics.notes.WithLabelValues("edited").Inc()
	return nil
}

// mentionsAgain reports whether the note is to mention somebody whom its present text mentions.
func (j *job) mentionsAgain(shown engine.Note) bool {
	for _, who := range mentioned(shown, j.rules.policy.Team) {
		if triage.HasUsername(j.decision.Memory.Note.Mentions, who) {
			return true
		}
	}
	return false
}

// mentioned are the people whom the note asks by name.
func mentioned(s engine.Note, team *triage.Team) []string {
	var who []string
	for _, i := range s.Items {
		for _, role := range i.Asks {
			if i.Mention {
				who = append(who, team.People(role)...)
			}
		}
		if i.Mention {
			who = append(who, i.People...)
		}
	}
	for _, r := range s.Remarks {
		if r.Mention {
			who = append(who, r.People...)
		}
	}
	return who
}

// unasked is the same note without mentions.
func unasked(s engine.Note) engine.Note {
	s.Items, s.Remarks = slices.Clone(s.Items), slices.Clone(s.Remarks)
	for n := range s.Items {
		s.Items[n].Mention = false
	}
	for n := range s.Remarks {
		s.Remarks[n].Mention = false
	}
	return s
}

// findNote finds the note by its marker, and returns what the marker remembers. An internal one took the place of a public one; of two
// alike the older counts.
func findNote(notes []gitlab.Note, on triage.Ref) (found triage.Memory, is bool) {
	for _, n := range notes {
		m, state := note.ParseMarker(n.Body, on)
		if state == note.Unmarked || state == note.Copied || is && (found.Note.Internal || !n.Internal) {
			continue
		}
		m.Note.ID, m.Note.Internal = n.ID, n.Internal
		found, is = m, true
	}
	return found, is
}

// succeedNote finds out whether the note that GitLab would not let the bot edit is there, and somebody else's: that of a user that the bot
// was, or of the ghost that GitLab leaves for a deleted one. That the bot wrote it, the memory knows. A new note then takes its place and
// names it.
func (j *job) succeedNote(ctx context.Context, cause error) (bool, error) {
	if e, ok := errors.AsType[*gitlab.Error](cause); !ok || e.Status != 403 && e.Status != 404 {
		return false, nil
	}
	ref := &j.decision.Memory.Note
	notes, err := j.view.gitlab.OwnNotes(ctx, j.batch.Issue, func(n gitlab.Note) bool { return n.ID == ref.ID })
	if err != nil || len(notes) == 0 || notes[0].Author.ID == j.view.bot.self.ID {
		return false, err
	}
	j.pool.metrics.notes.WithLabelValues("left").Inc()
	j.effects.note("left the note of the former bot user " + notes[0].Author.Username)
	*ref = triage.NoteRef{Replaces: fmt.Sprintf("%s#note_%d", j.snap.issue.URL, ref.ID), Dismissed: ref.Dismissed}
	return true, nil
}
