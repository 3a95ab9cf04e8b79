package bot_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestEmptiedWhileIssuesAreTold empties Redis while a merge request's new state is on its way to the many issues that it closes: before the first, when
// some were told and some were not, and behind the last. When GitLab has sent its webhooks again, the old ones among them, all issues are where
// they belong, none was moved anywhere else, and no comment is there twice.
func TestEmptiedWhileIssuesAreTold(t *testing.T) {
	t.Parallel()
	const issues = 8
	for call := 1; call <= issues; call++ { // there is a write for each of them
		t.Run(fmt.Sprint("at call ", call), func(t *testing.T) {
			redis := redistest.Start(t, redistest.Options{})
			r := newMergingRig(t, func(o *bot.Options) { o.Inbox.RedisURL = redis.URL() })
			var refs []triage.Ref
			var closes []string
			for range issues {
				ref := r.ready()
				refs, closes = append(refs, ref), append(closes, fmt.Sprintf("Closes #%d.", ref.IID))
			}
			m := r.merging("Draft: one", strings.Join(closes, "\n"))
			for _, ref := range refs {
				r.in(ref, inDev)
			}
			var calls atomic.Int64
			r.gitlab.FailNext(sandbox.Fault{Times: -1, Meanwhile: func() {
				if calls.Add(1) == int64(call) {
					redis.Flush()
				}
			}})
			r.draft(m, false)
			r.gitlab.ClearFaults()
			if calls.Load() < int64(call) {
				t.Fatalf("it came to its end with %d calls", calls.Load())
			}
			r.redeliverAll()
			for _, ref := range refs {
				r.in(ref, inCodeReview)
				if moves := r.movesBy(ref); len(moves) != 2 {
					t.Errorf("%s: the bot moved it to %v, want development and review", ref, moves)
				}
				r.note(ref) // one at most
			}
			r.alive()
		})
	}
}

// movesBy are the workflow labels that the bot added to an issue.
func (r *rig) movesBy(ref triage.Ref) (labels []string) {
	for _, e := range r.gitlab.Issue(ref).LabelEvents {
		if e.User == botName && e.Added && strings.HasPrefix(e.Label, "workflow::") {
			labels = append(labels, e.Label)
		}
	}
	return labels
}
