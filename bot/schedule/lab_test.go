package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// lab is a GitLab in memory that knows issues by their last update and webhooks by what they failed to deliver. It goes by the test's
// clock and writes down what it was asked.
type lab struct {
	mu       sync.Mutex
	projects map[int64]*project
	paths    map[string]int64
	away     error         // the answer to everything, if set
	slow     time.Duration // how long a list of issues takes
	asked    []string
}

type project struct {
	issues  map[int64]triage.Issue
	merges  map[int64]triage.Issue // its merge requests
	hooks   []*hook
	broken  error            // the answer to everything about this project
	refused map[string]error // the answers to some lists of it
	private error            // the answer to everything about its webhooks
	most    int              // how many issues a list may have, 0 is any number
	cut     int              // a list ends after so many issues because GitLab goes away, 0 is never
}

func newLab(ids ...int64) *lab {
	l := &lab{projects: map[int64]*project{}, paths: map[string]int64{}}
	for _, id := range ids {
		l.projects[id] = &project{issues: map[int64]triage.Issue{}, merges: map[int64]triage.Issue{}}
	}
	return l
}

// now is the test's clock as GitLab shows it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// move changes an issue now, or opens it.
func (l *lab) move(id, iid int64) triage.Issue { return l.moveAt(id, iid, now()) }

func (l *lab) moveAt(id, iid int64, at time.Time) triage.Issue {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := triage.Issue{Ref: triage.Ref{Project: id, IID: iid}, ID: 100*id + iid, Type: "Issue", Title: "Slow", CreatedAt: at, UpdatedAt: at}
	l.projects[id].issues[iid] = i
	return i
}

// mergeAt changes a merge request at a time, or opens it.
func (l *lab) mergeAt(id, iid int64, at time.Time) triage.Issue {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := triage.Issue{
		Ref: triage.Ref{Project: id, Kind: triage.SubjectMergeRequest, IID: iid}, ID: 100*id + iid, CreatedAt: at, UpdatedAt: at,
		MergeRequest: &triage.MergeRequestDetails{State: triage.MROpened, TargetBranch: "main"},
	}
	l.projects[id].merges[iid] = m
	return m
}

// set changes the lab while it is asked.
func (l *lab) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// requests are what was asked since the last call.
func (l *lab) requests() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.asked
	l.asked = nil
	return asked
}

func refusal(class gitlab.Class, status int) error {
	return &gitlab.Error{Op: "asking", Status: status, Class: class, Err: errors.New(http.StatusText(status))}
}

// project notes a request about a project and finds it. The caller holds the lock.
func (l *lab) project(what string, id int64) (*project, error) {
	l.asked = append(l.asked, fmt.Sprintf("%s %d", what, id))
	p, found := l.projects[id]
	switch {
	case l.away != nil:
		return nil, l.away
	case !found:
		return nil, refusal(gitlab.NotFound, http.StatusNotFound)
	}
	return p, p.broken
}

func (l *lab) ProjectID(_ context.Context, path string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, "project "+path)
	id, found := l.paths[path]
	switch {
	case l.away != nil:
		return 0, l.away
	case !found:
		return 0, refusal(gitlab.NotFound, http.StatusNotFound)
	}
	return id, nil
}

func (l *lab) EachCreatedIssue(_ context.Context, id int64, since time.Time, open bool, each func(triage.Issue) error) error {
	return l.eachCreated("created", id, since, open, each, func(p *project) map[int64]triage.Issue { return p.issues })
}

func (l *lab) EachCreatedMergeRequest(_ context.Context, id int64, since time.Time, open bool, each func(triage.Issue) error) error {
	return l.eachCreated("created merge requests", id, since, open, each, func(p *project) map[int64]triage.Issue { return p.merges })
}

func (l *lab) eachCreated(what string, id int64, since time.Time, open bool, each func(triage.Issue) error, of func(*project) map[int64]triage.Issue) error {
	l.mu.Lock()
	p, err := l.project(what, id)
	var list []triage.Issue
	if err == nil {
		for _, i := range of(p) {
			if !i.CreatedAt.Before(since) && !(open && i.Closed) {
				list = append(list, i)
			}
		}
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b triage.Issue) int { return a.CreatedAt.Compare(b.CreatedAt) })
	for _, i := range list {
		if err := each(i); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) EachUpdatedIssue(ctx context.Context, id int64, since time.Time, each func(triage.Issue) error) error {
	return l.eachUpdated(ctx, "updated", id, since, each, func(p *project) map[int64]triage.Issue { return p.issues })
}

func (l *lab) EachUpdatedMergeRequest(ctx context.Context, id int64, since time.Time, each func(triage.Issue) error) error {
	return l.eachUpdated(ctx, "updated merge requests", id, since, each, func(p *project) map[int64]triage.Issue { return p.merges })
}

func (l *lab) eachUpdated(ctx context.Context, what string, id int64, since time.Time, each func(triage.Issue) error, of func(*project) map[int64]triage.Issue) error {
	list, end, err := l.list(what, id, since, of)
	if err != nil {
		return err
	}
	if l.slow > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(l.slow):
		}
	}
	for _, i := range list {
		if err := each(i); err != nil {
			return err
		}
	}
	return end
}

// list gives what is to be handed on and how the list ends.
func (l *lab) list(what string, id int64, since time.Time, of func(*project) map[int64]triage.Issue) (list []triage.Issue, end, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.project(what, id)
	if err == nil {
		err = p.refused[what]
	}
	if err != nil {
		return nil, nil, err
	}
	for _, i := range of(p) {
		if !i.UpdatedAt.Before(since) {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b triage.Issue) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	switch {
	case p.cut > 0 && len(list) > p.cut:
		return list[:p.cut], refusal(gitlab.Unavailable, http.StatusBadGateway), nil
	case p.most > 0 && len(list) > p.most:
		return list[:p.most], refusal(gitlab.Permanent, 0), nil
	}
	return list, nil, nil
}
