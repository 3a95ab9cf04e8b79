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
	Project int64         `json:"project_id"` // 0 for one of a group
	Title   string        `json:"title"`
	Start   planning.Date `json:"start_date"`
	Due     planning.Date `json:"due_date"`
}

// MilestoneDates are the dates of all milestones of a project (full path or id), open and closed: its own, then those of the groups above it.
// NotFound if the project does not exist or the token may not see it.
func (c *Client) MilestoneDates(ctx context.Context, project string) ([]planning.MilestoneDates, error) {
	k := call{
		name: "milestones", op: fmt.Sprintf("listing the milestones of project %s", project), method: http.MethodGet,
		path: "projects/" + url.PathEscape(project) + "/milestones",
	}
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
