package gitlab

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"flowkeeper/rules/planning"
)

// datedMilestone is a milestone as a list of them has it. GitLab sends null for a date that is not set.
type datedMilestone struct {
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
	var own, groups []planning.MilestoneDates
	err := eachOf(ctx, c, k, page{Ancestors: true}, func(m datedMilestone) error {
		list := &groups
		if m.Project != 0 {
			list = &own
		}
		*list = append(*list, planning.MilestoneDates{Title: m.Title, Start: m.Start, Due: m.Due})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(own, groups), nil
}
