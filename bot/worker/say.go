package worker

import (
	"context"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// say brings the sticky note in line with the decision: nothing if it says so already, else one edit, or the note's creation.
func (j *job) say(ctx context.Context) error {
	shown, write := wording(j.decision)
	if !write {
		return nil
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	m := &j.decision.Memory
	if m.Note.ID == 0 {
		return j.create(ctx, shown)
	}
	if exposed, err := j.exposed(ctx); err != nil {
		return err
	} else if exposed {
		return j.seclude(ctx)
	}
	err := j.edit(ctx, shown)
	if err == nil {
		return nil
	}
	left, lookup := j.succeed(ctx, err)
	if lookup != nil {
		return lookup
	}
	if left {
		if shown, write = wording(j.decision); write {
			return j.create(ctx, shown)
		}
		return nil
	}
	if deleted, err := j.gone(ctx, m.Note.ID, err); !deleted || err != nil {
		return err
	}
	j.dismiss(m)
	if shown, write = wording(j.decision); write {
		return j.create(ctx, shown)
	}
	return nil
}

// dismiss remembers that people deleted the note. It is not written again for what it said, only for what is new.
func (j *job) dismiss(m *triage.Memory) {
	j.metrics.notes.WithLabelValues("deleted").Inc()
	m.Note = triage.NoteRef{Dismissed: also(m.Note.Dismissed, m.Note.Shown)}
}

// wording is what the note should say, and whether that has to be written.
func wording(d engine.Decision) (engine.Note, bool) {
	s, ref := d.Note, d.Memory.Note
	s.Replaces = ref.Replaces
	if !d.UpdateNote || ref.NewerVersion {
		return s, false
	}
	if len(ref.Dismissed) > 0 {
		dismissed := func(what string) bool { return slices.Contains(ref.Dismissed, what) }
		s.Items = slices.DeleteFunc(slices.Clone(s.Items), func(i engine.NoteItem) bool { return dismissed(i.Key) || dismissed(words(i)) })
		s.Lines = slices.DeleteFunc(slices.Clone(s.Lines), dismissed)
	}
	if ref.ID == 0 {
		return s, len(s.Lines) > 0 || s.Open() > 0
	}
	return s, note.Digest(s) != ref.Digest
}

// takeDown remembers what the note now says.
func (j *job) takeDown(ref *triage.NoteRef, shown engine.Note) {
	ref.Mentions = mentioned(shown, j.policy.Team)
	ref.Digest, ref.IssueAuthor = note.Digest(shown), j.issue.Author.ID
	ref.Shown = slices.Clone(shown.Lines)
	for _, i := range shown.Items {
		ref.Shown = append(ref.Shown, i.Key, words(i))
	}
}

// words are what an item says, whichever rule says it.
func words(i engine.NoteItem) string { return i.Title + " " + i.Text + i.Quote + i.Then }

// create writes the note, unless there is one: an earlier attempt may have written it without living to tell.
func (j *job) create(ctx context.Context, shown engine.Note) error {
	m := &j.decision.Memory
	internal, err := j.outside(ctx)
	if err != nil {
		return err
	}
	young := j.o.Now().Before(j.batch.StoreCreatedAt.Add(j.o.Lease))
	if young {
		j.history.ownRead = false // whoever was at the issue before the store was emptied may have sent one more request
	}
	if young || !j.recovered && !j.whole {
		notes, err := j.ownNotes(ctx)
		if err != nil {
			return err
		}
		if marked, found := sticky(notes, j.batch.Issue); found && (marked.Note.Internal || !internal) {
			marked.Note.Dismissed = also(marked.Note.Dismissed, m.Note.Dismissed)
			m.Note = marked.Note
			if shown, write := wording(j.decision); write {
				return j.edit(ctx, shown)
			}
			return nil
		}
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	id, err := j.write(ctx, internal, note.Render(shown, j.policy.Team, *m))
	if err != nil {
		return err
	}
	m.Note.ID, m.Note.Internal = id, internal
	j.takeDown(&m.Note, shown)
	j.called = true
	j.did = append(j.did, "note created")
	j.metrics.notes.WithLabelValues("created").Inc()
	return nil
}

func (j *job) edit(ctx context.Context, shown engine.Note) error {
	m := &j.decision.Memory
	if j.mentionsAgain(shown) {
		// GitLab notifies only of mentions that an edit adds: to be told of something new, people must not stand in the text before.
		if err := j.o.GitLab.EditNote(ctx, j.batch.Issue, m.Note.ID, note.Render(unasked(shown), j.policy.Team, *m)); err != nil {
			return j.lose(0, err)
		}
	}
	if err := j.o.GitLab.EditNote(ctx, j.batch.Issue, m.Note.ID, note.Render(shown, j.policy.Team, *m)); err != nil {
		return j.lose(0, err)
	}
	j.takeDown(&m.Note, shown)
	j.called = true
	j.did = append(j.did, "note edited")
	j.metrics.notes.WithLabelValues("edited").Inc()
	return nil
}

// mentionsAgain reports whether the note is to mention somebody whom its present text mentions.
func (j *job) mentionsAgain(shown engine.Note) bool {
	for _, who := range mentioned(shown, j.policy.Team) {
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
	}
	return who
}

// unasked is the same note without mentions.
func unasked(s engine.Note) engine.Note {
	s.Items = slices.Clone(s.Items)
	for n := range s.Items {
		s.Items[n].Mention = false
	}
	return s
}

// sticky finds the note by its marker, and returns what the marker remembers. An internal one took the place of a public one; of two alike the
// older counts.
func sticky(notes []gitlab.Note, on triage.Ref) (found triage.Memory, is bool) {
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
