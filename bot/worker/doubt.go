package worker

import (
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
	Gone  []time.Duration // after a 404
	Stale []time.Duration // after a state older than one that was delivered or written
}

// DefaultPatience asks again 10 seconds, a minute and five minutes after a 404, and 1, 3, 10 and 30 seconds after the first stale state.
func DefaultPatience() Patience {
	return Patience{
		Gone:  []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute},
		Stale: []time.Duration{time.Second, 2 * time.Second, 7 * time.Second, 20 * time.Second},
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

// doubt returns the error of an answer that is not to be believed yet, nil when it was given often enough. What it is about must be the same
// each time.
func (j *job) doubt(about string, waits []time.Duration, cause error) error {
	n := j.doubts[about]
	if n >= len(waits) {
		return nil
	}
	return &doubtful{about: about, wait: waits[n], err: cause}
}

// tries counts the attempts at the batch that failed, and this one. An answer that was not believed is no failure.
func (j *job) tries() int {
	n := j.batch.Attempt
	for _, times := range j.doubts {
		n -= times
	}
	return n
}

const (
	oldState = "a state older than a known one"
	// lately is how old a delivery or a write may be that contradicts what GitLab shows. A copy lags for seconds; where GitLab was restored
	// from a backup, its old state is the true one.
	lately = 5 * time.Minute
	// ahead is how far ahead of us GitLab's clock may be. A state of a later time was dated so by a person, and the next one has a true time.
	ahead = time.Hour
)

// outdates reports whether GitLab certainly told of a later state than the one that it shows now.
func (j *job) outdates(issue *triage.Issue) bool {
	now := j.o.Now()
	return j.newest != nil && j.newest.NewerThan(issue) && !j.newest.UpdatedAt.After(now.Add(ahead)) &&
		(now.Sub(j.newestAt) <= lately || j.doubts[oldState] > 0)
}

// askAgain keeps the batch until GitLab is asked again, and remembers how often it was.
func (p *Pool) askAgain(ctx context.Context, job *job, d *doubtful) (string, error) {
	doubts := maps.Clone(job.doubts)
	if doubts == nil {
		doubts = map[string]int{}
	}
	doubts[d.about]++
	job.doubts = doubts
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
	if len(j.did) > 0 || j.ordered {
		return j.halfDone()
	}
	var m triage.Memory
	if j.batch.Memory != nil {
		if err := json.Unmarshal(j.batch.Memory, &m); err != nil {
			return nil, err
		}
	}
	m.Unconfirmed, m.Unanswered = j.doubts, j.lost
	return json.Marshal(m)
}

// gone reports whether a comment is not there any more, after a call about it was answered with 404: GitLab said so for minutes, and its list
// lacks the comment too. Otherwise the error says what to wait for.
func (j *job) gone(ctx context.Context, id int64, cause error) (bool, error) {
	if gitlab.ClassOf(cause) != gitlab.NotFound {
		return false, cause
	}
	j.history.listed, j.history.ownRead = false, false
	comments, err := j.commentsSince(ctx, time.Time{})
	if err != nil {
		return false, err
	}
	for _, c := range comments {
		if c.ID == id {
			return false, cause
		}
	}
	return true, j.doubt(opOf(cause), j.o.Patience.Gone, cause)
}

// opOf is what a failed call was to do.
func opOf(err error) string {
	if e, ok := errors.AsType[*gitlab.Error](err); ok {
		return e.Op
	}
	return err.Error()
}
