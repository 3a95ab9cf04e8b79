package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"flowkeeper/rules/planning"
)

// datedMilestone is a milestone as a list of them has it. GitLab sends null for a date that is not set.
type datedMilestone struct {
	ID      int64         `json:"id"`
	State   string        `json:"state"`
	Project int64         `json:"project_id"` // 0 for one of a group
	Title   string        `json:"title"`
	Start   planning.Date `json:"start_date"`
	Due     planning.Date `json:"due_date"`
}

// MilestoneDates are the dates of all milestones of a project (full path or id), open and closed: its own, then those of the groups above it.
// NotFound if the project does not exist or the token may not see it.
func (c *Client) MilestoneDates(ctx context.Context, project string) ([]planning.MilestoneDates, error) {
	return c.milestoneDates(ctx, "project "+project, "projects/"+url.PathEscape(project))
}

// GroupMilestoneDates are the dates of all milestones of a group (full path or id) and of the groups above it, open and closed. NotFound if the
// group does not exist or the token may not see it.
func (c *Client) GroupMilestoneDates(ctx context.Context, group string) ([]planning.MilestoneDates, error) {
	return c.milestoneDates(ctx, "group "+group, "groups/"+url.PathEscape(group))
}

// milestoneDates lists the milestones of a group or project, those of projects first.
func (c *Client) milestoneDates(ctx context.Context, whose, path string) ([]planning.MilestoneDates, error) {
	k := call{name: "milestones", op: "listing the milestones of " + whose, method: http.MethodGet, path: path + "/milestones"}
	listed, err := c.datedMilestones(ctx, k)
	all := make([]planning.MilestoneDates, len(listed))
	for n, m := range listed {
		all[n] = m.MilestoneDates
	}
	return all, err
}

// Milestone is a milestone that issues of a project can have.
type Milestone struct {
	planning.MilestoneDates

	ID     int64 // on the whole GitLab
	Closed bool
}

// Milestones are all that issues of a project can have, open and closed: its own, then those of the groups above it.
func (c *Client) Milestones(ctx context.Context, project int64) ([]Milestone, error) {
	return c.datedMilestones(ctx, call{
		name: "milestones", op: fmt.Sprintf("listing the milestones of project %d", project), method: http.MethodGet, path: projectPath(project, "milestones"),
	})
}

// datedMilestones reads a list of milestones, those of projects first.
func (c *Client) datedMilestones(ctx context.Context, k call) ([]Milestone, error) {
	var own, groups []Milestone
	err := eachOf(ctx, c, k, page{Ancestors: true}, func(m datedMilestone) error {
		list := &groups
		if m.Project != 0 {
			list = &own
		}
		*list = append(*list, Milestone{planning.MilestoneDates{Title: m.Title, Start: m.Start, Due: m.Due}, m.ID, m.State == "closed"})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(own, groups), nil
}
