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

// EachUpdatedIssue hands every issue of the project that was updated at or after since to each, the one whose update is oldest first; all of
// them if since is zero. An issue that changes meanwhile may come again, with its later state. The error of each ends the list and is
// returned as it is.
//
// After 50 pages it gives up with the class Permanent. What it handed on until then is complete up to the time of the last issue's update:
// go on from there.
func (c *Client) EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	l := c.newIssueWalk(project, since, each)
	l.k.op = fmt.Sprintf("listing the updated issues of project %d", project)
	l.query.OrderBy, l.query.Scope = "updated_at", "all"
	l.at, l.from = func(i triage.Issue) time.Time { return i.UpdatedAt }, &l.query.UpdatedAfter
	return l.run(ctx)
}

// EachCreatedIssue hands every issue of the project that was created at or after since to each, the oldest first, or only every open one; otherwise
// it is like EachUpdatedIssue.
func (c *Client) EachCreatedIssue(ctx context.Context, project int64, since time.Time, open bool, each func(triage.Issue) error) error {
	if open {
		return c.EachOpenIssue(ctx, project, since, each)
	}
	l := c.newIssueWalk(project, since, each)
	l.k.op = fmt.Sprintf("listing the issues of project %d", project)
	l.query.OrderBy, l.query.Scope = "created_at", "all"
	l.at, l.from = func(i triage.Issue) time.Time { return i.CreatedAt }, &l.query.CreatedAfter
	return l.run(ctx)
}

// EachOpenIssue hands every open issue of the project that was created at or after since to each, the oldest first; otherwise it is like Updated.
func (c *Client) EachOpenIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	l := c.newIssueWalk(project, since, each)
	l.k.op = fmt.Sprintf("listing the open issues of project %d", project)
	l.query.OrderBy, l.query.Scope, l.query.State = "created_at", "all", "opened"
	l.at, l.from = func(i triage.Issue) time.Time { return i.CreatedAt }, &l.query.CreatedAfter
	return l.run(ctx)
}

// issueWalk lists issues ordered by one of their times. Each page begins at the time at which the last one ended, not at a row number:
// an issue that changes while the list is read moves to another row, and with row numbers the next issue would be skipped.
type issueWalk struct {
	c       *Client
	k       call
	each    func(issue triage.Issue, milestone string) error
	project int64 // whose issues they are; 0 is any
	query   page
	pages   int                          // that are read at most
	total   func(total int)              // told how many there are, after each page; may be nil
	at      func(triage.Issue) time.Time // of an issue
	from    *string                      // in the query
	since   time.Time
	seen    map[int64]bool // the issues of exactly since that were handed on
	first   *int           // the issues that there were at the first page, 0 if GitLab did not say; nil before that
}

// newIssueWalk prepares a walk; the caller sets the time it is ordered by.
func (c *Client) newIssueWalk(project int64, since time.Time, each func(triage.Issue) error) *issueWalk {
	return &issueWalk{
		c: c, project: project, pages: maxPages,
		each:  func(issue triage.Issue, _ string) error { return each(issue) },
		k:     call{name: "issues", method: http.MethodGet, path: projectPath(project, "issues")},
		query: page{PerPage: perPage, Sort: "asc"},
		since: since.Truncate(time.Millisecond),
		seen:  map[int64]bool{},
	}
}

func (l *issueWalk) run(ctx context.Context) error {
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
func (l *issueWalk) next(ctx context.Context) (done bool, err error) {
	l.k.send, l.k.most = l.query, maxPage
	if l.query.PerPage == 1 {
		l.k.most = 0 // there is no smaller page
	}
	var some []wireIssue
	a, err := l.c.do(ctx, l.k, &some)
	if errors.Is(err, errTooLarge) && l.query.PerPage > 1 {
		// A few issues with a megabyte of description each must not keep all the others from being seen.
		l.query.Page, l.query.PerPage = 1, max(l.query.PerPage/4, 1)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l.count(a)
	from := l.since
	for _, w := range some {
		if err := l.handOn(a, w); err != nil {
			return false, err
		}
	}
	if !hasNextPage(a, len(some), l.query.PerPage) {
		return true, nil
	}
	if l.since.Equal(from) { // more issues of one moment than fit on a page
		l.query.Page++
		return false, nil
	}
	l.query.Page, l.query.PerPage, *l.from = 1, min(l.query.PerPage*2, perPage), formatTime(l.since)
	return false, nil
}

// count tells how many issues there are in all. Only the first page says so: the others begin where the one before ended.
func (l *issueWalk) count(a answer) {
	if l.first == nil {
		n, _ := strconv.Atoi(a.header.Get("X-Total"))
		l.first = &n
	}
	if l.total != nil {
		l.total(*l.first)
	}
}

// handOn hands on an issue, unless the last page ended with it.
func (l *issueWalk) handOn(a answer, w wireIssue) error {
	issue, err := w.issue()
	if err == nil && (issue.ID == 0 || issue.IID == 0 || issue.Project == 0 || l.project != 0 && issue.Project != l.project) {
		err = errors.New("an entry is no issue of that project")
	}
	if err != nil {
		return l.c.newError(l.k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
	}
	at := l.at(issue).Truncate(time.Millisecond)
	if at.Before(l.since) || at.Equal(l.since) && l.seen[issue.ID] {
		return nil
	}
	if at.After(l.since) {
		l.since, l.seen = at, map[int64]bool{}
	}
	l.seen[issue.ID] = true
	return l.each(issue, w.Milestone.title())
}
