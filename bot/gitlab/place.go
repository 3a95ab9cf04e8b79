package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Place is where labels, webhooks and milestones are kept: a project, or a group for all projects below it.
type Place struct {
	Group bool
	ID    int64
	Path  string // full, for people
}

// String names the place as a sentence does: "project group/project".
func (p Place) String() string {
	if p.Group {
		return "group " + p.Path
	}
	return "project " + p.Path
}

// sub is the path of something in the place below /api/v4/.
func (p Place) sub(more ...string) string {
	kind := "projects"
	if p.Group {
		kind = "groups"
	}
	return strings.Join(append([]string{kind, strconv.FormatInt(p.ID, 10)}, more...), "/")
}

// Project is what a project says of itself.
type Project struct {
	Place
	Archived bool
	NoIssues bool // issues are switched off in it

	NoMergeRequests bool // merge requests are switched off in it

	NoAutoClose bool     // merging a merge request leaves its issues open; GitLab closes them unless told otherwise
	Public      bool     // people outside the project may read its issues: everybody, or everybody who has an account
	Premium     bool     // it has a paid licence, with weights and several assignees of an issue
	Groups      []string // paths of the groups above it, the topmost first; none for a person's project
}

// wireProject is a project as GitLab sends one.
type wireProject struct {
	ID       int64  `json:"id"`
	Path     string `json:"path_with_namespace"`
	Archived bool   `json:"archived"`
	Issues   *bool  `json:"issues_enabled"`
	Closes   *bool  `json:"autoclose_referenced_issues"`
	Access   string `json:"issues_access_level"` // "disabled", "private" or "enabled"
	Merges   *bool  `json:"merge_requests_enabled"`
	MayMerge string `json:"merge_requests_access_level"` // the same
	Visible  string `json:"visibility"`                  // "private", "internal" or "public"
	Space    struct {
		Path string `json:"full_path"`
		Kind string `json:"kind"`
	} `json:"namespace"`

	// These two keys are there only with a licence, be their values null.
	Approvals json.RawMessage `json:"approvals_before_merge"`
	Template  json.RawMessage `json:"issues_template"`
}

// project translates into the bot's vocabulary. A project that does not say whether it has issues or merge requests has them.
func (w wireProject) project() Project {
	p := Project{Place: Place{ID: w.ID, Path: w.Path}, Archived: w.Archived}
	p.Public = w.Visible != "private" && w.Access != "private" // a visibility that is not known yet may let anybody in
	p.Premium = w.Approvals != nil || w.Template != nil
	p.NoIssues = w.Issues != nil && !*w.Issues || w.Access == "disabled"
	p.NoMergeRequests = w.Merges != nil && !*w.Merges || w.MayMerge == "disabled"
	p.NoAutoClose = w.Closes != nil && !*w.Closes
	if w.Space.Kind == "group" {
		p.Groups = GroupsAbove(w.Path)
	}
	return p
}

// GroupsAbove are the paths of the groups above a project or a group, the topmost first.
func GroupsAbove(full string) []string {
	var groups []string
	for above := path.Dir(full); above != "." && above != "/"; above = path.Dir(above) {
		groups = append(groups, above)
	}
	slices.Reverse(groups)
	return groups
}

// ProjectAt is the project of a full path, also a former one, or an id. NotFound if it does not exist or the token may not see it; what
// cannot name a project is a *BadReference.
func (c *Client) ProjectAt(ctx context.Context, idOrPath string) (Project, error) {
	if _, err := strconv.ParseInt(idOrPath, 10, 64); err != nil && !projectForm.MatchString(idOrPath) {
		return Project{}, badReference(idOrPath, "is no path of a project: it should look like group/project")
	}
	k := call{
		name: "project", op: "looking up project " + idOrPath, method: http.MethodGet, path: "projects/" + url.PathEscape(idOrPath),
	}
	var w wireProject
	a, err := c.do(ctx, k, &w)
	if number := redirectedProject(a, ""); number != 0 {
		return c.ProjectAt(ctx, strconv.FormatInt(number, 10))
	}
	if err == nil && (w.ID == 0 || w.Path == "") {
		err = c.newError(k, a.status, Transient, errors.New("the answer is not that project"))
	}
	if err != nil {
		return Project{}, err
	}
	return w.project(), nil
}

// PlaceAt is the project or group of a full path or an id. It is not visible, which is no error, if GitLab says twice that it does not exist or
// may not be seen, or if what is given cannot name one.
func (c *Client) PlaceAt(ctx context.Context, group bool, idOrPath string) (place Place, visible bool, err error) {
	err = confirmNotFound(func() (err error) {
		if group {
			place, err = c.GroupAt(ctx, idOrPath)
			return err
		}
		project, err := c.ProjectAt(ctx, idOrPath)
		place = project.Place
		return err
	})
	if _, unreadable := errors.AsType[*BadReference](err); unreadable || isMissing(err) {
		return Place{}, false, nil
	}
	return place, err == nil, err
}

// groupQuery leaves out the projects of a group, of which there may be many.
type groupQuery struct {
	Projects bool `url:"with_projects"`
}

// GroupAt is the group of a full path or an id. NotFound if it does not exist or the token may not see it.
func (c *Client) GroupAt(ctx context.Context, idOrPath string) (Place, error) {
	if !projectForm.MatchString("group/" + idOrPath) {
		return Place{}, badReference(idOrPath, "is no path of a group: it should look like group or group/subgroup")
	}
	k := call{
		name: "group", op: "looking up group " + idOrPath, method: http.MethodGet, path: "groups/" + url.PathEscape(idOrPath),
		send: groupQuery{},
	}
	var w struct {
		ID   int64  `json:"id"`
		Path string `json:"full_path"`
	}
	a, err := c.do(ctx, k, &w)
	if err == nil && (w.ID == 0 || w.Path == "") {
		err = c.newError(k, a.status, Transient, errors.New("the answer is not that group"))
	}
	return Place{Group: true, ID: w.ID, Path: w.Path}, err
}

// GroupProjects lists the projects of a group and of the groups below it that are not archived, in the order of their ids.
func (c *Client) GroupProjects(ctx context.Context, group Place) ([]Project, error) {
	k := call{name: "group-projects", op: fmt.Sprintf("listing the projects of %s", group), method: http.MethodGet, path: group.sub("projects")}
	no := false
	query := page{Subgroups: true, Shared: &no, Archived: &no, OrderBy: "id", Sort: "asc"}
	var list []Project
	err := eachOf(ctx, c, k, query, func(w wireProject) error {
		if !w.Archived {
			list = append(list, w.project())
		}
		return nil
	})
	return list, err
}
