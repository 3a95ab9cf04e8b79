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

// policyWalk shows policies the issues and merge requests of a project to which nothing happens: once for each configuration of them, and again after
// the store was emptied. It puts them into the inbox a few at a time, each as an event at which only policies look.
type policyWalk struct {
	*Scheduler
	walk  *projectWalk
	kinds []*shownKind // in a project they come one after the other
}

// shownKind is one kind of subjects that policies are shown, beside the policies that look at it.
type shownKind struct {
	engine.PolicySet
	each createdSubjects
	took time.Time           // when this process took them
	done map[int64]time.Time // projects that are known to have been shown to them, and until when that is believed
}

// createdSubjects lists what was created in a project, see GitLab.
type createdSubjects func(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error

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
	// keepNone is the same of a project that showed no merge request: it may have hidden them.
	keepNone = 24 * time.Hour
)

func newPolicyWalk(s *Scheduler) *policyWalk {
	shown := func(kind triage.SubjectKind, each createdSubjects) *shownKind {
		return &shownKind{PolicySet: engine.PolicySet{Subject: kind}, each: each, done: map[int64]time.Time{}}
	}
	return &policyWalk{Scheduler: s, walk: newProjectWalk(s), kinds: []*shownKind{
		shown(triage.SubjectIssue, s.o.GitLab.EachCreatedIssue), shown(triage.SubjectMergeRequest, s.o.GitLab.EachCreatedMergeRequest),
	}}
}

// every is the time between two rounds.
func (w *policyWalk) every() time.Duration { return min(w.o.Every, walkEvery) }

// perRound is how many issues and merge requests a round takes up.
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
	_, err = w.walk.visitAll(ctx, "showing a project to the policies", r.project)
	return err
}

// takePolicies finds out which policies there are now, and whether there are any.
func (w *policyWalk) takePolicies() (some bool) {
	sets := w.o.Policies()
	for _, k := range w.kinds {
		now := engine.PolicySet{Subject: k.Subject}
		for _, s := range sets {
			if s.Subject == k.Subject {
				now = s
			}
		}
		if now.Digest != k.Digest {
			k.took = w.o.Now()
			clear(k.done)
		}
		k.PolicySet = now
		some = some || now.Digest != ""
	}
	return some
}

// walkRound is one round.
type walkRound struct {
	*policyWalk
	left  int // how many may still be taken up
	taken int
}

var errRoundFull = errors.New("the round has taken up its issues")

// project goes on with a project, if it is not done.
func (r *walkRound) project(ctx context.Context, project int64) error {
	for _, k := range r.kinds {
		if r.left <= 0 || k.Digest == "" || r.o.Now().Before(k.done[project]) {
			continue
		}
		if err := r.show(ctx, project, k); err != nil {
			return err
		}
	}
	return nil
}

// show goes on with a project's subjects of a kind.
func (r *walkRound) show(ctx context.Context, project int64, k *shownKind) error {
	name := walkedCheckpoint(project, k.Subject)
	value, err := r.o.Coordination.Checkpoint(ctx, name)
	if err != nil {
		return fmt.Errorf("reading how far the policies got in project %d: %w", project, err)
	}
	at, known := parseWalked(value)
	switch {
	case known && at.digest != k.Digest && at.began.After(k.took):
		return nil // a process with a newer configuration is at it
	case !known || at.digest != k.Digest:
		at = walked{digest: k.Digest, began: r.o.Now().UTC().Truncate(time.Millisecond)}
		if err := r.save(ctx, project, name, at); err != nil { // whoever goes on after a crash takes up nothing twice
			return err
		}
	case !at.doneAt.IsZero() && r.o.Now().Sub(at.doneAt) < at.keep(k.Subject):
		k.done[project] = r.o.Now().Add(r.o.Every)
		return nil
	}
	if at.doneAt.IsZero() || at.keep(k.Subject) < keepDone {
		if err := r.goOn(ctx, project, k, &at); err != nil {
			return err
		}
	} else {
		at.doneAt = r.o.Now()
	}
	return r.save(ctx, project, name, at)
}

// walkedCheckpoint names the checkpoint that says how far a walk has come with a project's subjects of a kind.
func walkedCheckpoint(project int64, kind triage.SubjectKind) string {
	if kind == triage.SubjectIssue {
		return fmt.Sprintf("policies/%d", project)
	}
	return fmt.Sprintf("policies/%d/%s", project, kind)
}

func (r *walkRound) save(ctx context.Context, project int64, name string, at walked) error {
	if err := r.o.Coordination.SetCheckpoint(ctx, name, at.format()); err != nil {
		return fmt.Errorf("noting how far the policies got in project %d: %w", project, err)
	}
	return nil
}

// goOn takes up the next subjects, the oldest first. What was taken up before an error is taken up again, without an effect.
func (r *walkRound) goOn(ctx context.Context, project int64, k *shownKind, at *walked) error {
	from, again := at.from, !at.doneAt.IsZero()
	at.doneAt = time.Time{}
	err := k.each(ctx, project, from, !k.Closed, func(i triage.Issue) error {
		// A round ends between two times of creation, because the next one begins with a time.
		if r.left <= 0 && i.CreatedAt.After(at.from) {
			at.from = i.CreatedAt
			return errRoundFull
		}
		at.from = i.CreatedAt
		return r.enqueue(ctx, i, at)
	})
	log := r.o.Log.With(zap.Int64("project", project), zap.Int(k.Subject.Words()+"s", at.items))
	switch {
	case err == nil:
		if at.doneAt = r.o.Now(); !again || at.items > 0 {
			log.Info(fmt.Sprintf("the policies have been shown all %ss of a project", k.Subject.Words()), zap.Duration("took", at.doneAt.Sub(at.began)))
		}
	case errors.Is(err, errRoundFull), isTooLong(err) && at.from.After(from):
		log.Info(fmt.Sprintf("the policies are shown the %ss of a project", k.Subject.Words()))
	default:
		return err
	}
	return nil
}

// enqueue puts an issue or a merge request into the inbox, once in a walk, so that those of a round become due one after the other.
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
		return fmt.Errorf("keeping the %s %s for the policies: %w", i.Kind.Words(), i.Ref, err)
	}
	if outcome == inbox.Stored {
		r.left--
		r.taken++
		at.items++
		r.metrics.shown[i.Kind].Inc()
	}
	return nil
}

// walked is how far a walk has come with a project's subjects of a kind, as its checkpoint holds it.
type walked struct {
	digest string    // of the policies
	began  time.Time // the walk
	items  int       // taken up so far
	from   time.Time // what was created before is done with
	doneAt time.Time // zero if there is more to do
}

// keep is how long it is believed that there is no more to do.
func (a walked) keep(kind triage.SubjectKind) time.Duration {
	if kind == triage.SubjectMergeRequest && a.items == 0 {
		return keepNone
	}
	return keepDone
}

func (a walked) format() []byte {
	return []byte(strings.Join([]string{a.digest, string(formatTime(a.began)), strconv.Itoa(a.items), string(formatTime(a.from)), string(formatTime(a.doneAt))}, " "))
}

// parseWalked reads what format wrote; anything else is not known.
func parseWalked(value []byte) (a walked, known bool) {
	f := strings.Fields(string(value))
	if len(f) != 5 {
		return walked{}, false
	}
	items, err := strconv.Atoi(f[2])
	a = walked{f[0], parseTime([]byte(f[1])), items, parseTime([]byte(f[3])), parseTime([]byte(f[4]))}
	return a, err == nil && !a.began.IsZero()
}
