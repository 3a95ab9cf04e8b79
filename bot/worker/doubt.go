package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// Patience is for how long an answer of GitLab is not believed that contradicts what is known. GitLab is many servers: one of them may not
// know yet what another one has told. Each list holds the waits before the question is asked once more; when all have passed, the answer
// counts.
type Patience struct {
	Gone      []time.Duration // after a 404
	Stale     []time.Duration // after a state older than one that was delivered or written
	Forbidden []time.Duration // after a 403 for one request: it may have been the last one that was refused with all others

	Late time.Duration // after a write without an answer, which GitLab may still carry out; 0 is five minutes
}

// late is how long after a write without an answer GitLab may still carry it out.
func (p Patience) late() time.Duration { return cmp.Or(p.Late, 5*time.Minute) }

// DefaultPatience asks again 10 seconds, a minute and five minutes after a 404, 1, 3, 10 and 30 seconds after the first stale state, and 10
// seconds after a 403.
func DefaultPatience() Patience {
	return Patience{
		Gone:  []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute},
		Stale: []time.Duration{time.Second, 2 * time.Second, 7 * time.Second, 20 * time.Second},

		Forbidden: []time.Duration{10 * time.Second},
	}
}

// doubtful is an answer that is not believed yet.
type doubtful struct {
	about string
	wait  time.Duration // until GitLab is asked again
	err   error
}

func (d *doubtful) Error() string { return d.err.Error() + "; not believed yet, asked again" }
func (d *doubtful) Unwrap() error { return d.err }

// doubts are the answers of GitLab that are not believed yet: how often each was given in a row.
type doubts struct{ counts map[string]int }

// about returns the error of an answer that is not to be believed yet, nil when it was given often enough. What it is about must be the same
// each time.
func (d *doubts) about(what string, waits []time.Duration, cause error) error {
	n := d.counts[what]
	if n >= len(waits) {
		return nil
	}
	return &doubtful{about: what, wait: waits[n], err: cause}
}

// total is how often answers were not believed.
func (d *doubts) total() int {
	n := 0
	for _, times := range d.counts {
		n += times
	}
	return n
}

// tries counts the attempts at the batch that failed, and this one. An answer that was not believed is no failure.
func (j *job) tries() int { return j.batch.Attempt - j.doubts.total() }

// askAgain keeps the batch until GitLab is asked again, and remembers how often it was.
func (p *Pool) askAgain(ctx context.Context, job *job, d *doubtful) (string, error) {
	doubts := maps.Clone(job.doubts.counts)
	if doubts == nil {
		doubts = map[string]int{}
	}
	doubts[d.about]++
	job.doubts.counts = doubts
	memory, err := job.doubting()
	if err != nil {
		return "again", err
	}
	if err := p.o.Inbox.SaveMemory(ctx, job.batch, memory); err != nil {
		return "again", err
	}
	job.wait = d.wait
	return "asked again", p.o.Inbox.Retry(ctx, job.batch, d.wait, d.Error())
}

// doubting is the memory as it was, or with what the job wrote or wrote down, and with its doubts.
func (j *job) doubting() ([]byte, error) {
	if len(j.effects.did) > 0 || j.intent.recorded {
		return j.unfinishedMemory()
	}
	var m triage.Memory
	if j.batch.Memory != nil {
		if err := json.Unmarshal(j.batch.Memory, &m); err != nil {
			return nil, err
		}
	}
	m.Unconfirmed, m.Unanswered, m.SettingStatus = j.doubts.counts, j.effects.unanswered, j.settingStatus
	return json.Marshal(m)
}

// commentIsGone reports whether a comment is not there any more, after a call about it was answered with 404: GitLab said so for minutes,
// and its list lacks the comment too. Otherwise the error says what to wait for.
func (j *job) commentIsGone(ctx context.Context, id int64, cause error) (bool, error) {
	if gitlab.ClassOf(cause) != gitlab.NotFound {
		return false, cause
	}
	j.view.listed, j.view.ownRead = false, false
	comments, err := j.view.commentsSince(ctx, time.Time{})
	if err != nil {
		return false, err
	}
	for _, c := range comments {
		if c.ID == id {
			return false, cause
		}
	}
	return true, j.doubts.about(opOf(cause), j.pool.o.Patience.Gone, cause)
}

// opOf is what a failed call was to do.
func opOf(err error) string {
	if e, ok := errors.AsType[*gitlab.Error](err); ok {
		return e.Op
	}
	return err.Error()
}
