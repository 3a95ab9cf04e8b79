package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"flowkeeper/rules/triage"
)

// subjectWalk lists issues or merge requests, which GitLab sends as W, ordered by one of their times. Each page begins at the time at which the last
// one ended, not at a row number: what changes while the list is read moves to another row, and with row numbers the next one would be skipped.
type subjectWalk[W any] struct {
	c       *Client
	k       call
	kind    triage.SubjectKind
	read    func(*W) (triage.Issue, error)
	each    func(subject triage.Issue, w *W) error
	project int64 // whose they are; 0 is any
	mayLack bool  // the project may have none at all, which GitLab then denies or hides: the list is empty
	query   page
	pages   int                          // that are read at most
	total   func(total int)              // told how many there are, after each page; may be nil
	at      func(triage.Issue) time.Time // of one
	from    *string                      // in the query
	since   time.Time
	seen    map[int64]bool // those of exactly since that were handed on
	first   *int           // how many there were at the first page, 0 if GitLab did not say; nil before that
}

// byUpdate walks through all in the order of their last updates.
func (l *subjectWalk[W]) byUpdate(ctx context.Context) error {
	l.query.OrderBy = "updated_at"
	l.at, l.from = func(i triage.Issue) time.Time { return i.UpdatedAt }, &l.query.UpdatedAfter
	return l.run(ctx)
}

// byCreation walks through all, or only the open ones, in the order of their creation.
func (l *subjectWalk[W]) byCreation(ctx context.Context, open bool) error {
	if l.query.OrderBy = "created_at"; open {
		l.query.State = "opened"
	}
	l.at, l.from = func(i triage.Issue) time.Time { return i.CreatedAt }, &l.query.CreatedAfter
	return l.run(ctx)
}

func (l *subjectWalk[W]) run(ctx context.Context) error {
	l.k.method, l.seen, l.since = http.MethodGet, map[int64]bool{}, l.since.Truncate(time.Millisecond)
	l.query.Scope, l.query.Sort, l.query.PerPage = "all", "asc", perPage
	l.query.Page, *l.from = 1, formatTime(l.since)
	for range l.pages {
		done, err := l.next(ctx)
		if done || err != nil {
			return err
		}
	}
	return l.c.newError(l.k, 0, Permanent, tooLongError(l.pages))
}

// maxPage is how many bytes of a page are read, of the usual hundred KiB, before a smaller page is asked for: lists are read beside other work.
const maxPage = 8 << 20

// next reads a page and hands it on; done says that it was the last.
func (l *subjectWalk[W]) next(ctx context.Context) (done bool, err error) {
	l.k.send, l.k.most = l.query, maxPage
	if l.query.PerPage == 1 {
		l.k.most = 0 // there is no smaller page
	}
	some, a, err := l.load(ctx)
	if errors.Is(err, errTooLarge) && l.query.PerPage > 1 {
		// A few with a megabyte of description each must not keep all the others from being seen.
		l.query.Page, l.query.PerPage = 1, max(l.query.PerPage/4, 1)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l.count(a)
	from := l.since
	for n := range some {
		if err := l.handOn(a, &some[n]); err != nil {
			return false, err
		}
	}
	if !hasNextPage(a, len(some), l.query.PerPage) {
		return true, nil
	}
	if l.since.Equal(from) { // more of one moment than fit on a page
		l.query.Page++
		return false, nil
	}
	l.query.Page, l.query.PerPage, *l.from = 1, min(l.query.PerPage*2, perPage), formatTime(l.since)
	return false, nil
}

// load gets the page that the query asks for.
func (l *subjectWalk[W]) load(ctx context.Context) (some []W, a answer, err error) {
	get := func() (err error) {
		some = nil
		a, err = l.c.do(ctx, l.k, &some)
		return err
	}
	if !l.mayLack {
		err = get()
	} else if err = confirmNotFound(get); isMissing(err) {
		return nil, answer{}, nil
	}
	return some, a, err
}

// count tells how many there are in all. Only the first page says so: the others begin where the one before ended.
func (l *subjectWalk[W]) count(a answer) {
	if l.first == nil {
		n, _ := strconv.Atoi(a.header.Get("X-Total"))
		l.first = &n
	}
	if l.total != nil {
		l.total(*l.first)
	}
}

// handOn hands one on, unless the last page ended with it.
func (l *subjectWalk[W]) handOn(a answer, w *W) error {
	subject, err := l.read(w)
	if err == nil && (subject.ID == 0 || subject.IID == 0 || subject.Project == 0 || l.project != 0 && subject.Project != l.project) {
		err = fmt.Errorf("an entry is no %s of that project", l.kind.Words())
	}
	if err != nil {
		return l.c.newError(l.k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	at := l.at(subject).Truncate(time.Millisecond)
	if at.Before(l.since) || at.Equal(l.since) && l.seen[subject.ID] {
		return nil
	}
	if at.After(l.since) {
		l.since, l.seen = at, map[int64]bool{}
	}
	l.seen[subject.ID] = true
	return l.each(subject, w)
}
