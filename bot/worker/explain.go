package worker

import (
	"context"
	"errors"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/note"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Explanation is what would be decided on an issue now.
type Explanation struct {
	Issue    triage.Issue
	Decision engine.Decision
	Note     string // the note as it would be, "" if there is nothing to say
}

// Explain reads an issue afresh and decides as if everything about it had just changed. It writes nothing, to GitLab or to a store. Of the
// options it needs GitLab, Policy, Self and Now.
func Explain(ctx context.Context, o Options, ref triage.Ref) (Explanation, error) {
	return explain(ctx, o, ref, false)
}

// ExplainAdopted is Explain for an issue that is about to be taken up with its project's backlog. It needs Lookback, too.
func ExplainAdopted(ctx context.Context, o Options, ref triage.Ref) (Explanation, error) {
	return explain(ctx, o, ref, true)
}

func explain(ctx context.Context, o Options, ref triage.Ref, adopted bool) (Explanation, error) {
	o.Freshness = time.Hour // it is read right now
	j := newJob(newPool(o), &inbox.Batch{Issue: ref, Attempt: 1})
	j.in.Events = []triage.Event{{Kind: triage.Swept, At: o.Now(), ReceivedAt: o.Now()}}
	if err := j.readIssue(ctx); err != nil {
		return Explanation{}, err
	}
	if adopted {
		j.mail.adopted = true
		if err := j.inferMissed(ctx); err != nil {
			return Explanation{}, err
		}
	}
	if err := j.decide(ctx); err != nil && !errors.Is(err, engine.ErrContradiction) {
		return Explanation{}, err
	}
	e := Explanation{Issue: j.snap.issue, Decision: j.decision}
	if s := j.decision.Note; j.decision.UpdateNote && (!s.Empty() || j.decision.Memory.Note.ID != 0) {
		e.Note = note.Render(s, nil, triage.Memory{})
	}
	return e, nil
}
