package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"flowkeeper/rules/triage"
)

// Find looks up the issue behind the address of its page: "https://gitlab.com/group/project/-/issues/12" (or …/-/work_items/12).
func (c *Client) Find(ctx context.Context, page string) (triage.Ref, error) {
	project, iid, err := c.parsePage(page)
	if err != nil {
		return triage.Ref{}, err
	}
	k := call{
		name: "find", op: fmt.Sprintf("looking up %s#%d", project, iid), method: http.MethodGet,
		path: "projects/" + url.PathEscape(project) + "/issues/" + strconv.FormatInt(iid, 10),
	}
	var w wireIssue
	a, err := c.do(ctx, k, &w)
	if err != nil {
		return triage.Ref{}, err
	}
	if w.Project == 0 || w.IID != iid {
		return triage.Ref{}, c.fail(k, a.status, Retry, errors.New("the answer is not that issue"))
	}
	return triage.Ref{Project: w.Project, IID: w.IID}, nil
}

// parsePage takes the address of an issue's page apart.
func (c *Client) parsePage(page string) (project string, iid int64, err error) {
	rest, ok := strings.CutPrefix(page, strings.TrimSuffix(c.base, "/")+"/")
	if !ok {
		return "", 0, fmt.Errorf("%q is not an address on %s: it should look like %s/group/project/-/issues/12", page, c.base, c.base)
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	for _, kind := range []string{"/-/issues/", "/-/work_items/", "/issues/"} {
		project, number, found := strings.Cut(rest, kind)
		if !found {
			continue
		}
		iid, err := strconv.ParseInt(strings.Trim(number, "/"), 10, 64)
		if err == nil && iid > 0 && project != "" {
			return project, iid, nil
		}
	}
	return "", 0, fmt.Errorf("%q is not the address of an issue: it should look like %s/group/project/-/issues/12", page, c.base)
}

// SeesProject reports whether the project is there for the token: GitLab answers 404 for what is gone and for what may not be seen.
func (c *Client) SeesProject(ctx context.Context, project int64) (bool, error) {
	k := call{
		name: "project", op: fmt.Sprintf("looking up project %d", project), method: http.MethodGet,
		path: "projects/" + strconv.FormatInt(project, 10),
	}
	var p struct {
		ID int64 `json:"id"`
	}
	switch a, err := c.do(ctx, k, &p); {
	case ClassOf(err) == Gone:
		return false, nil
	case err != nil:
		return false, err
	case p.ID != project:
		return false, c.fail(k, a.status, Retry, errors.New("the answer is not that project"))
	}
	return true, nil
}
