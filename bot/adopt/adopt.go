// Package adopt takes up the backlog of a project, which the bot leaves in peace otherwise: its open issues go into the inbox as if a sweep
// had found them, or are only looked at. It goes through them a page at a time, so that no request takes long and a walk that was
// broken off can go on where it ended.
package adopt

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Pages are bounded: what is put into the inbox costs one call of GitLab for all, what is looked at a few for each.
const (
	maxStored    = 100
	maxExplained = 5
	pageTime     = 10 * time.Second // one takes no longer, if it got on at all
)

// MaxWaiting is how many issues may wait in the inbox when a page is taken up: what people do in the meantime does not queue behind a backlog.
const MaxWaiting = 200

// GitLab is what is needed of GitLab.
type GitLab interface {
	ProjectID(ctx context.Context, path string) (int64, error)
	CanSeeProject(ctx context.Context, project int64) (bool, error)
	EachOpenIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error
}

// Inbox is where issues are put.
type Inbox interface {
	Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error)
	Stats(ctx context.Context) (inbox.Stats, error)
}

// Adopter takes up backlogs.
type Adopter struct {
	GitLab  GitLab
	Inbox   Inbox
	Explain func(ctx context.Context, issue triage.Ref) (engine.Decision, error) // what would be decided now
	Now     func() time.Time
}

// Request asks for one page. The first one has neither From nor Until, the next ones have those of the page before.
type Request struct {
	Project string    // a full path, or an id
	From    time.Time // issues that were created before are done with
	Until   time.Time // issues that are created later are not of the backlog
	DryRun  bool
}

// Page is what became of a page. Next and Until lead to the next one unless Done.
type Page struct {
	Issues []Issue   `json:"issues"`
	Next   time.Time `json:"next"`
	Until  time.Time `json:"until"`
	Done   bool      `json:"done"`
	// Waiting is how many issues wait in the inbox, if those are too many to add to: ask for the same page again later.
	Waiting int `json:"waiting,omitempty"`
}

// Issue is an open issue of the backlog.
type Issue struct {
	Project int64   `json:"project"`
	IID     int64   `json:"iid"`
	URL     string  `json:"url"`
	Left    string  `json:"left,omitempty"`  // why the issue would be left alone
	Would   []Would `json:"would,omitempty"` // what rules would do; only of a dry run
}

// Would is what one rule would do: changes in words, or, if there are none, say on the note what the reason tells.
type Would struct {
	Rule   string      `json:"rule"`
	Mode   triage.Mode `json:"mode"`
	Wants  []string    `json:"wants,omitempty"`
	Reason string      `json:"reason"`
}

// Refusal is an error of whoever asked: it says what would work.
type Refusal struct{ Text string }

func (r Refusal) Error() string { return r.Text }

// errPageFull ends a listing when the page is full.
var errPageFull = errors.New("the page is full")

// Page takes up, or looks at, the next open issues, the oldest first. The error may be a Refusal.
func (a *Adopter) Page(ctx context.Context, r Request) (Page, error) {
	project, err := a.projectID(ctx, r.Project)
	if err != nil {
		return Page{}, err
	}
	p := Page{Issues: []Issue{}, Next: r.From, Until: r.Until}
	if p.Until.IsZero() {
		p.Until = a.Now().UTC()
	}
	most, began := maxStored, a.Now()
	if r.DryRun {
		most = maxExplained
	} else if stats, err := a.Inbox.Stats(ctx); err != nil || stats.Issues >= MaxWaiting {
		p.Waiting = stats.Issues
		return p, err
	}
	listing := a.GitLab.EachOpenIssue(ctx, project, r.From, func(i triage.Issue) error {
		// A page ends between two times of creation, because the next one begins with a time.
		if i.CreatedAt.After(p.Until) {
			p.Done = true
			return errPageFull
		}
		full := len(p.Issues) >= most || a.Now().Sub(began) > pageTime
		if full && i.CreatedAt.After(p.Next) {
			p.Next = i.CreatedAt
			return errPageFull
		}
		p.Next = i.CreatedAt
		taken, err := a.adoptIssue(ctx, i, p.Until, r.DryRun)
		if err == nil {
			p.Issues = append(p.Issues, taken)
		}
		return err
	})
	switch e, answered := errors.AsType[*gitlab.Error](listing); {
	case listing == nil:
		p.Done = true
	case errors.Is(listing, errPageFull):
	case answered && e.Class == gitlab.Permanent && e.Status == 0 && p.Next.After(r.From): // the list is longer than is read at a time
	default:
		return Page{}, listing
	}
	return p, nil
}

// adoptIssue puts an issue into the inbox, once for each walk, or looks at it.
func (a *Adopter) adoptIssue(ctx context.Context, i triage.Issue, until time.Time, dry bool) (Issue, error) {
	taken := Issue{Project: i.Project, IID: i.IID, URL: i.URL}
	if !dry {
		now := a.Now()
		body, err := record.Event{Event: triage.Event{Kind: triage.Swept, At: i.UpdatedAt, ReceivedAt: now}, Issue: i, Adopted: true}.Encode()
		if err != nil {
			return taken, err
		}
		key := fmt.Sprintf("adopt/%s/%d", i.Ref, until.UnixMilli())
		if _, err := a.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: i.Ref, IdempotencyKey: key, Body: body}); err != nil {
			return taken, fmt.Errorf("keeping the adopted issue %s: %w", i.Ref, err)
		}
		return taken, nil
	}
	decision, err := a.Explain(ctx, i.Ref)
	if gitlab.ClassOf(err) == gitlab.NotFound {
		taken.Left = "it is gone"
		return taken, nil
	}
	if err != nil {
		return taken, err
	}
	if !decision.InScope {
		taken.Left = decision.Reason
	}
	for _, f := range decision.Findings {
		if f.Notable && !f.Overridden {
			taken.Would = append(taken.Would, Would{f.Rule, f.Mode, f.Wants, f.Reason})
		}
	}
	return taken, nil
}

// projectID is the number of a project that the token can see.
func (a *Adopter) projectID(ctx context.Context, name string) (int64, error) {
	const member = "make the bot's user a member of it with the role Reporter or Planner"
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		sees, err := a.GitLab.CanSeeProject(ctx, id)
		if err == nil && !sees {
			err = Refusal{fmt.Sprintf("there is no project with the id %d, or the bot's token cannot see it: %s", id, member)}
		}
		return id, err
	}
	id, err := a.GitLab.ProjectID(ctx, name)
	if bad, ok := errors.AsType[*gitlab.BadReference](err); ok {
		return 0, Refusal{bad.Error()}
	}
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return 0, Refusal{fmt.Sprintf("there is no project %s, or the bot's token cannot see it: check the path, or %s", name, member)}
	}
	return id, err
}
