package gitlab

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	perPage  = 100 // entries, the most GitLab gives
	maxPages = 50
)

// page is the query of one page of a list.
type page struct {
	Page    int    `url:"page"`
	PerPage int    `url:"per_page"`
	Sort    string `url:"sort,omitempty"`
	OrderBy string `url:"order_by,omitempty"`
	Filter  string `url:"activity_filter,omitempty"` // of comments

	// Of issues: by whom, and since when (RFC 3339).
	Author       int64   `url:"author_id,omitempty"`
	CreatedAfter string  `url:"created_after,omitempty"`
	UpdatedAfter string  `url:"updated_after,omitempty"`
	Scope        string  `url:"scope,omitempty"`
	State        string  `url:"state,omitempty"`
	IIDs         []int64 `url:"iids[],omitempty"`

	Labels    []string `url:"labels,omitempty,comma"`
	Milestone string   `url:"milestone,omitempty"` // title

	MilestoneIs string `url:"milestone_id,omitempty"` // a word of GitLab's for some milestones: "Upcoming"

	Status string `url:"status,omitempty"` // of the deliveries of a webhook

	Ancestors bool `url:"include_ancestors,omitempty"` // of milestones: those of the groups above, too

	AncestorGroups bool `url:"include_ancestor_groups,omitempty"` // of labels: those of the groups above, too

	// Of projects of a group: with those of the groups below it, of other groups, archived ones.
	Subgroups bool  `url:"include_subgroups,omitempty"`
	Shared    *bool `url:"with_shared,omitempty"`
	Archived  *bool `url:"archived,omitempty"`
}

var (
	// errEnough is what a taker of entries returns when it wants no more of them.
	errEnough = errors.New("the rest of the list is not needed")
	// errTooLong says that there are more entries; those that were read have been handed on.
	errTooLong = errors.New("which is more than the bot reads")
)

// tooLongError is errTooLong with the number of pages that were read.
func tooLongError(pages int) error {
	return fmt.Errorf("the list has more than %d pages, %w", pages, errTooLong)
}

// eachOf reads all pages of a list, in the order of the query, and hands on every entry until take has errEnough. Only one page is held
// at a time: comments of other people may be long.
func eachOf[T any](ctx context.Context, c *Client, k call, query page, take func(T) error) error {
	if query.PerPage == 0 {
		query.PerPage = perPage
	}
	for query.Page = 1; query.Page <= maxPages; query.Page++ {
		k.send = query
		var some []T
		a, err := c.do(ctx, k, &some)
		if err != nil {
			return err
		}
		for _, entry := range some {
			if err := take(entry); errors.Is(err, errEnough) {
				return nil
			} else if err != nil {
				return c.newError(k, a.status, Transient, fmt.Errorf("reading the answer: %w", err))
			}
		}
		if !hasNextPage(a, len(some), query.PerPage) {
			return nil
		}
	}
	return c.newError(k, 0, Permanent, tooLongError(maxPages))
}

// hasNextPage reports whether there is another page. GitLab names the next one, or none, in a header; if a proxy took it away, a full page is
// followed by another look.
func hasNextPage(a answer, n, size int) bool {
	if next, ok := a.header["X-Next-Page"]; ok {
		return len(next) > 0 && next[0] != ""
	}
	return n >= size
}

// formatTime is a time as a query holds it, to the millisecond that GitLab reports; "" for none.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z")
}
