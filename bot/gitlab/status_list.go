package gitlab

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"flowkeeper/rules/triage"
)

// statusListQuery asks for the statuses of some work items of a project.
const statusListQuery = `query($path: ID!, $iids: [String!]) { namespace(fullPath: $path) { workItems(iids: $iids, first: 100) { nodes { iid
  widgets { ... on WorkItemWidgetStatus { status { id name category } } } } } } }`

// StatusesOf are the statuses of issues of a project, by their numbers; those that GitLab does not show are left out. It takes one call for each hundred
// issues, and none where GitLab has no licence for statuses, or does not tell which there are.
func (c *Client) StatusesOf(ctx context.Context, project string, iids []int64) (map[int64]Status, error) {
	set, err := c.statusesOf(ctx, triage.Issue{Path: project})
	if err != nil || len(set) == 0 {
		return nil, err
	}
	found := map[int64]Status{}
	for some := range slices.Chunk(iids, perPage) {
		if err := c.someStatuses(ctx, project, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// someStatuses adds the statuses of some issues of a project to those that were found.
func (c *Client) someStatuses(ctx context.Context, project string, iids []int64, found map[int64]Status) error {
	var numbers []string
	for _, iid := range iids {
		numbers = append(numbers, strconv.FormatInt(iid, 10))
	}
	k := call{name: "status-list", op: "reading the statuses of issues of " + project, method: http.MethodPost, graphql: true}
	k.send = wireQuery{statusListQuery, map[string]any{"path": project, "iids": numbers}}
	var w struct {
		Namespace *struct {
			Items struct {
				Nodes []struct {
					IID string `json:"iid"`
					wireStatusItem
				} `json:"nodes"`
			} `json:"workItems"`
		} `json:"namespace"`
	}
	known, err := c.query(ctx, k, &w)
	switch {
	case err != nil:
		return err
	case !known || w.Namespace == nil:
		return c.newError(k, 0, Transient, errors.New("GitLab tells the statuses that there are, and not which issues have them"))
	}
	for _, item := range w.Namespace.Items.Nodes {
		iid, err := strconv.ParseInt(item.IID, 10, 64)
		if status := item.status().Status; err == nil && status.Name != "" {
			found[iid] = status
		}
	}
	return nil
}
