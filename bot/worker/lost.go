package worker

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/note"
	"flowkeeper/rules/triage"
)

// late is how long after a write without an answer GitLab may still carry it out.
const late = 5 * time.Minute

// lose remembers a write that failed, unless GitLab refused it: it may be carried out later, behind its repetition. Opens is the comment
// whose follow-up was to be opened, 0 for all other writes. The error is returned as it is.
func (j *job) lose(opens int64, err error) error {
	e, answered := errors.AsType[*gitlab.Error](err)
	if err == nil || answered && (e.Status >= 400 && e.Status < 500 || e.Class == gitlab.Permanent) {
		return err
	}
	j.begin()
	lost := triage.UnansweredWrite{At: j.o.Now(), Opens: opens}
	if j.lost != nil && opens == 0 {
		lost.Opens = j.lost.Opens
	}
	j.lost, j.lostNow = &lost, true
	return err
}

// tidy looks for what was carried out late.
func (j *job) tidy(ctx context.Context) error {
	if j.lost == nil {
		return nil
	}
	if _, err := j.weed(ctx); err != nil {
		return err
	}
	j.reread()
	if err := j.closeTwin(ctx); err != nil {
		return err
	}
	if !j.o.Now().Before(j.lost.At.Add(late)) {
		j.lost = nil
	}
	j.keep = j.keep || j.whole
	return nil
}

// weed deletes the younger ones where the bot's comments say the same thing twice: two notes, two answers to one comment. It reports whether
// there were any.
func (j *job) weed(ctx context.Context) (found bool, err error) {
	notes, err := j.ownNotes(ctx)
	if err != nil {
		return false, err
	}
	seen, doubles := map[string]bool{}, map[int64]bool{}
	for _, n := range notes {
		what := subject(n, j.batch.Issue)
		doubles[n.ID] = what != "" && seen[what]
		seen[what] = true
	}
	for _, n := range notes {
		if !doubles[n.ID] {
			continue
		}
		if err := j.hold(ctx); err != nil {
			return found, err
		}
		if err := j.o.GitLab.DeleteNote(ctx, j.batch.Issue, n.ID); gitlab.ClassOf(err) == gitlab.Permanent {
			j.o.Log.Warn("a comment that GitLab wrote twice stays", zap.Stringer("issue", j.batch.Issue), zap.Int64("note", n.ID), zap.Error(err))
		} else if err != nil {
			return found, err
		}
		j.begin()
		j.did = append(j.did, "deleted a comment that GitLab wrote twice")
		found = true
		if j.memory.Note.ID == n.ID {
			j.memory.Note.ID = 0 // the older one takes its place
		}
	}
	j.history.own = slices.DeleteFunc(slices.Clone(notes), func(n gitlab.Note) bool { return doubles[n.ID] })
	if found {
		j.reread()
	}
	return found, nil
}

// subject tells apart what the bot's comments are for; "" for those that nothing is known of, which are left alone.
func subject(n gitlab.Note, on triage.Ref) string {
	if _, state := note.ParseMarker(n.Body, on); state == note.Known {
		return "note " + strconv.FormatBool(n.Internal)
	}
	if to, _, answers := note.ParseReply(n.Body, on); answers {
		return "answer " + strconv.FormatInt(to, 10)
	}
	return ""
}

// reread takes what the note says from the note itself: an edit that was carried out late may have changed it, or its creation.
func (j *job) reread() {
	marked, found := sticky(j.history.own, j.batch.Issue)
	switch known := j.memory.Note.ID; {
	case !found:
	case known == 0:
		j.memory = overlay(j.memory, marked)
	case known == marked.Note.ID && !marked.Note.NewerVersion:
		j.memory.Note.Digest = marked.Note.Digest
	}
}

// closeTwin closes the second follow-up of a spike, and says there which is the first.
func (j *job) closeTwin(ctx context.Context) error {
	if j.lost.Opens == 0 {
		return nil
	}
	marker := note.DraftMarker(j.batch.Issue, j.lost.Opens)
	first, found, err := j.o.GitLab.FindIssueByMarker(ctx, j.batch.Issue.Project, j.o.Self.ID, marker, j.lost.At.Add(-time.Hour))
	if err != nil || !found {
		return err
	}
	twin, found, err := j.o.GitLab.FindIssueByMarker(ctx, j.batch.Issue.Project, j.o.Self.ID, marker, first.CreatedAt.Add(time.Millisecond))
	if err != nil || !found || twin.Closed {
		return err
	}
	if err := j.hold(ctx); err != nil {
		return err
	}
	j.begin()
	why := "GitLab opened this follow-up twice. The other one is #" + strconv.FormatInt(first.IID, 10) + ", this one is not needed."
	if _, err := j.o.GitLab.CreateNote(ctx, twin.Ref, false, why); err != nil {
		return err
	}
	if _, err := j.o.GitLab.UpdateIssue(ctx, twin, triage.Close{}.Apply(twin)); err != nil {
		return err
	}
	j.did = append(j.did, "closed a follow-up that GitLab opened twice: "+twin.Ref.String())
	return nil
}

// wakeAt is when the issue is to be looked at again.
func (j *job) wakeAt() time.Time {
	at := j.decision.WakeAt
	if j.lost == nil {
		return at
	}
	if last := j.lost.At.Add(late); at.IsZero() || last.Before(at) {
		return last
	}
	return at
}
