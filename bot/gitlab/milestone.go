package gitlab

import (
	"context"
	"net/http"
	"strconv"
)

// milestoneKey names a milestone of a project.
type milestoneKey struct {
	project int64
	title   string
}

// milestoneQuery asks for milestones of the project and of the groups above it.
type milestoneQuery struct {
	Title     string `url:"title"`
	State     string `url:"state"`
	Ancestors bool   `url:"include_ancestors"`
	PerPage   int    `url:"per_page"`
}

// wireMilestone is a milestone as GitLab sends one. Project is 0 for one of a group.
type wireMilestone struct {
	ID      int64  `json:"id"`
	Project int64  `json:"project_id"`
	Title   string `json:"title"`
}

// milestoneID is the id of the project's open milestone with exactly this title, its own before a group's; 0 if there is none.
func (c *Client) milestoneID(ctx context.Context, project int64, title string) (int64, error) {
	key := milestoneKey{project, title}
	if id := c.milestones.cachedID(key, c.now()); id != 0 || title == "" {
		return id, nil
	}
	number := strconv.FormatInt(project, 10)
	k := call{
		name: "milestones", op: "looking up milestone " + strconv.Quote(title) + " of project " + number, method: http.MethodGet,
		path: "projects/" + number + "/milestones",
		send: milestoneQuery{Title: title, State: "active", Ancestors: true, PerPage: perPage},
	}
	var found []wireMilestone
	if _, err := c.do(ctx, k, &found); isMissing(err) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	var id int64
	for _, m := range found {
		if m.Title == title && (id == 0 || m.Project == project) {
			id = m.ID
		}
	}
	if id != 0 {
		c.milestones.remember(key, id, c.now())
	}
	return id, nil
}
