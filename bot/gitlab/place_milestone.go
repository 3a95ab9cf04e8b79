package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// HasMilestone reports whether issues of a place can have an open milestone of exactly this title, of the place itself or of a group above it.
func (c *Client) HasMilestone(ctx context.Context, place Place, title string) (bool, error) {
	k := call{
		name: "milestones", op: fmt.Sprintf("looking up milestone %s of %s", strconv.Quote(title), place), method: http.MethodGet,
		path: place.sub("milestones"), send: milestoneQuery{Title: title, State: "active", Ancestors: true, PerPage: perPage},
	}
	var found []wireMilestone
	if _, err := c.do(ctx, k, &found); err != nil {
		return false, err
	}
	for _, m := range found {
		if m.Title == title {
			return true, nil
		}
	}
	return false, nil
}

// CreateMilestone creates a milestone without dates in a place. After a failure it may exist all the same; GitLab takes no second one of a title.
func (c *Client) CreateMilestone(ctx context.Context, place Place, title string) error {
	k := call{
		name: "create-milestone", op: fmt.Sprintf("creating the milestone %s in %s", strconv.Quote(title), place), method: http.MethodPost,
		path: place.sub("milestones"), send: map[string]string{"title": title}, role: "Planner or Reporter",
	}
	_, err := c.do(ctx, k, nil)
	return err
}
