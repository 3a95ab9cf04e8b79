package schedule

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// policyWalk shows policies the issues of a project to which nothing happens: once for each configuration of them, and again after the store was
// emptied. It puts them into the inbox a few at a time, each as an event at which only policies look.
type policyWalk struct {
	*Scheduler
	walk *projectWalk
	set  engine.PolicySet    // the policies of now
	took time.Time           // when this process took them
	done map[int64]time.Time // projects that are known to have been shown to them, and until when that is believed
}

const (
	// callsForItem is how many calls an issue counts for, and partOfRate the part of the calls a minute that a walk may take: most issues of a
	// backlog cost none, those that a policy acts on a few.
	callsForItem = 4
	partOfRate   = 4
	// maxWaiting is how many issues may wait in the inbox when some are added: what people do meanwhile does not queue behind a backlog, and while
	// GitLab is away, or the budget short, none are added.
	maxWaiting = 200
	// walkEvery is the time between two rounds.
	walkEvery = time.Minute
	// keepDone is how old the note may become that a project is done, before it is written again so that the store does not forget it.
	keepDone = 30 * 24 * time.Hour
)

func newPolicyWalk(s *Scheduler) *policyWalk {
	return &policyWalk{Scheduler: s, walk: newProjectWalk(s), done: map[int64]time.Time{}}
}

// every is the time between two rounds.
func (w *policyWalk) every() time.Duration { return min(w.o.Every, walkEvery) }

// perRound is how many issues a round takes up.
func (w *policyWalk) perRound() int {
	return max(1, int(float64(w.o.Rate)*w.every().Minutes()/(callsForItem*partOfRate)))
}

// run does a round.
func (w *policyWalk) run(ctx context.Context) error {
	if !w.takePolicies() {
		return nil
	}
	stats, err := w.o.Inbox.Stats(ctx)
	if err != nil || stats.Issues >= maxWaiting {
		return err
	}
	r := &walkRound{policyWalk: w, left: w.perRound()}
	_, err = w.walk.visitAll(ctx, "showing the issues of a project to the policies", r.project)
	return err
}

// takePolicies finds out which policies there are now, and whether there are any.
func (w *policyWalk) takePolicies() bool {
	var now engine.PolicySet
	for _, s := range w.o.Policies() {
		if s.Subject == triage.SubjectIssue {
			now = s
		}
	}
	if now.Digest != w.set.Digest {
		w.took = w.o.Now()
		clear(w.done)
	}
	w.set = now
	return now.Digest != ""
}

// walkRound is one round.
type walkRound struct {
	*policyWalk
	left  int // how many issues may still be taken up
	taken int
}

var errRoundFull = errors.New("the round has taken up its issues")

// project goes on with a project, if it is not done.
func (r *walkRound) project(ctx context.Context, project int64) error {
	if r.left <= 0 || r.o.Now().Before(r.done[project]) {
		return nil
	}
	value, err := r.o.Coordination.Checkpoint(ctx, walkedCheckpoint(project))
	if err != nil {
		return fmt.Errorf("reading how far the policies got in project %d: %w", project, err)
	}
	at, known := parseWalked(value)
	switch {
	case known && at.digest != r.set.Digest && at.began.After(r.took):
		return nil // a process with a newer configuration is at it
	case !known || at.digest != r.set.Digest:
		at = walked{digest: r.set.Digest, began: r.o.Now().UTC().Truncate(time.Millisecond)}
		if err := r.save(ctx, project, at); err != nil { // whoever goes on after a crash takes up nothing twice
			return err
		}
	case !at.doneAt.IsZero() && r.o.Now().Sub(at.doneAt) < keepDone:
		r.done[project] = r.o.Now().Add(r.o.Every)
		return nil
	}
	if at.doneAt.IsZero() {
		if err := r.goOn(ctx, project, &at); err != nil {
			return err
		}
	} else {
		at.doneAt = r.o.Now()
	}
	return r.save(ctx, project, at)
}

// walkedCheckpoint names the checkpoint that says how far a walk has come in a project.
func walkedCheckpoint(project int64) string { return fmt.Sprintf("policies/%d", project) }

func (r *walkRound) save(ctx context.Context, project int64, at walked) error {
	if err := r.o.Coordination.SetCheckpoint(ctx, walkedCheckpoint(project), at.format()); err != nil {
		return fmt.Errorf("noting how far the policies got in project %d: %w", project, err)
	}
	return nil
}

// goOn takes up the next issues, the oldest first. What was taken up before an error is taken up again, without an effect.
func (r *walkRound) goOn(ctx context.Context, project int64, at *walked) error {
	from := at.from
	err := r.o.GitLab.EachCreatedIssue(ctx, project, from, !r.set.Closed, func(i triage.Issue) error {
		// A round ends between two times of creation, because the next one begins with a time.
		if r.left <= 0 && i.CreatedAt.After(at.from) {
			at.from = i.CreatedAt
			return errRoundFull
		}
		at.from = i.CreatedAt
		return r.enqueue(ctx, i, at)
	})
	switch {
	case err == nil:
		at.doneAt = r.o.Now()
		r.o.Log.Info("the policies have been shown all issues of a project", zap.Int64("project", project), zap.Int("issues", at.issues),
			zap.Duration("took", at.doneAt.Sub(at.began)))
	case errors.Is(err, errRoundFull), isTooLong(err) && at.from.After(from):
		r.o.Log.Info("the policies are shown the issues of a project", zap.Int64("project", project), zap.Int("issues", at.issues))
	default:
		return err
	}
	return nil
}

// enqueue puts an issue into the inbox, once in a walk, so that the issues of a round become due one after the other.
func (r *walkRound) enqueue(ctx context.Context, i triage.Issue, at *walked) error {
	event := record.Event{Event: triage.Event{Kind: triage.PoliciesDue, At: i.UpdatedAt, ReceivedAt: r.o.Now()}, Issue: i, Policies: at.digest}
	body, err := event.Encode()
	if err != nil {
		return err
	}
	key := fmt.Sprintf("policies/%s/%d/%s", at.digest, at.began.UnixMilli(), i.Ref)
	delay := r.o.Settle + r.every()*time.Duration(r.taken)/time.Duration(r.perRound())
	outcome, err := r.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: i.Ref, IdempotencyKey: key, Delay: delay, Body: body})
	if err != nil {
		return fmt.Errorf("keeping the issue %s for the policies: %w", i.Ref, err)
	}
	if outcome == inbox.Stored {
		r.left--
		r.taken++
		at.issues++
		r.metrics.policyIssues.Inc()
	}
	return nil
}

// walked is how far a walk has come in a project, as its checkpoint holds it.
type walked struct {
	digest string    // of the policies
	began  time.Time // the walk
	issues int       // taken up so far
	from   time.Time // issues created before are done with
	doneAt time.Time // zero if there is more to do
}

func (a walked) format() []byte {
	return []byte(strings.Join([]string{a.digest, string(formatTime(a.began)), strconv.Itoa(a.issues), string(formatTime(a.from)), string(formatTime(a.doneAt))}, " "))
}

// parseWalked reads what format wrote; anything else is not known.
func parseWalked(value []byte) (a walked, known bool) {
	f := strings.Fields(string(value))
	if len(f) != 5 {
		return walked{}, false
	}
	issues, err := strconv.Atoi(f[2])
	a = walked{f[0], parseTime([]byte(f[1])), issues, parseTime([]byte(f[3])), parseTime([]byte(f[4]))}
	return a, err == nil && !a.began.IsZero()
}
