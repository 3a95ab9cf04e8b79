package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"flowkeeper/rules/triage"
)

// IssueByURL finds the issue of a page address: "https://gitlab.com/group/project/-/issues/12" (or …/-/work_items/12).
// Anything else is a *BadReference. GitLab is asked for the address of its pages if the page is not below that of its API.
func (c *Client) IssueByURL(ctx context.Context, page string) (triage.Ref, error) {
	at, err := c.issueAt(ctx, page)
	if err != nil {
		return triage.Ref{}, err
	}
	issue, err := c.byPath(ctx, at.path, at.IID)
	return issue.Ref, err
}

// issueAt parses the address of an issue's page.
func (c *Client) issueAt(ctx context.Context, page string) (referencedIssue, error) {
	at, err := c.parsePage(page)
	if err != nil && c.pages.Load() == nil {
		if _, asked := c.CurrentUser(ctx); asked != nil {
			return referencedIssue{}, fmt.Errorf("%w; GitLab does not tell whether its pages are elsewhere: %w", err, asked)
		}
		at, err = c.parsePage(page)
	}
	return at, err
}

// IssueByReference loads the issue that people name in a comment on an issue of the project: "#12", "12", "group/project#12", or the address of
// its page on this GitLab. What cannot name one is a *BadReference. NotFound if it does not exist or the token may not see it.
// The person who named it may not be allowed to see it.
func (c *Client) IssueByReference(ctx context.Context, project int64, reference string) (triage.Issue, error) {
	at, err := c.parseReference(project, reference)
	if err != nil {
		return triage.Issue{}, err
	}
	var issue triage.Issue
	err = confirmNotFound(func() (err error) {
		if at.path == "" {
			issue, err = c.Issue(ctx, at.Ref)
		} else {
			issue, err = c.byPath(ctx, at.path, at.IID)
		}
		return err
	})
	return issue, err
}

// byPath loads an issue by its project's path. GitLab redirects from a project's former path to the project's number;
// that is the only redirect which is followed, and only to the number.
func (c *Client) byPath(ctx context.Context, project string, iid int64) (triage.Issue, error) {
	rest := "/issues/" + strconv.FormatInt(iid, 10)
	k := call{
		name: "find", op: fmt.Sprintf("looking up %s#%d", project, iid), method: http.MethodGet,
		path: "projects/" + url.PathEscape(project) + rest,
	}
	issue, a, err := c.oneIssue(ctx, k, func(w *wireIssue) bool { return w.IID == iid })
	if number := redirectedProject(a, rest); number != 0 {
		return c.Issue(ctx, triage.Ref{Project: number, IID: iid})
	}
	return issue, err
}

// ProjectID is the number of the project at a path: "group/project", also a former path. NotFound if it does not exist or the
// token may not see it; what cannot be a path is a *BadReference.
func (c *Client) ProjectID(ctx context.Context, path string) (int64, error) {
	if !projectForm.MatchString(path) {
		return 0, badReference(path, "is no path of a project: it should look like group/project")
	}
	k := call{
		name: "project", op: "looking up project " + path, method: http.MethodGet, path: "projects/" + url.PathEscape(path),
	}
	var p struct {
		ID int64 `json:"id"`
	}
	a, err := c.do(ctx, k, &p)
	if number := redirectedProject(a, ""); number != 0 {
		return number, nil
	}
	if err == nil && p.ID == 0 {
		err = c.newError(k, a.status, Transient, errors.New("the answer is not that project"))
	}
	if err != nil {
		return 0, err
	}
	return p.ID, nil
}

var numbered = regexp.MustCompile(`/api/v4/projects/([0-9]+)(/.*)?$`)

// redirectedProject is the number of the project to which an answer redirects, if the rest of the address stays the same; else 0.
func redirectedProject(a answer, rest string) int64 {
	if a.status < 300 || a.status > 399 {
		return 0
	}
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return 0
	}
	m := numbered.FindStringSubmatch(u.Path)
	if m == nil || m[2] != rest {
		return 0
	}
	project, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return project
}

// CanSeeProject reports whether the token can see the project. GitLab answers 404 both for what does not exist and for what is hidden.
func (c *Client) CanSeeProject(ctx context.Context, project int64) (bool, error) {
	k := call{
		name: "project", op: fmt.Sprintf("looking up project %d", project), method: http.MethodGet,
		path: projectPath(project),
	}
	var p struct {
		ID int64 `json:"id"`
	}
	var a answer
	err := confirmNotFound(func() (err error) {
		a, err = c.do(ctx, k, &p)
		return err
	})
	switch {
	case ClassOf(err) == NotFound:
		return false, nil
	case err != nil:
		return false, err
	case p.ID != project:
		return false, c.newError(k, a.status, Transient, errors.New("the answer is not that project"))
	}
	return true, nil
}

// IsBot reports whether a user is one that GitLab made for an access token, or a service account. A person never is, whatever the username.
func (c *Client) IsBot(ctx context.Context, user int64) (bool, error) {
	k := call{name: "users", op: fmt.Sprintf("looking up user %d", user), method: http.MethodGet, path: "users/" + strconv.FormatInt(user, 10)}
	var who struct {
		ID  int64 `json:"id"`
		Bot bool  `json:"bot"`
	}
	a, err := c.do(ctx, k, &who)
	if err == nil && who.ID != user {
		err = c.newError(k, a.status, Transient, errors.New("the answer is not that user"))
	}
	return who.Bot, err
}

// IsListed reports whether the project's list of issues or merge requests contains the one. One that is gone or hidden from the token is not on it.
func (c *Client) IsListed(ctx context.Context, ref triage.Ref) (bool, error) {
	k := call{
		name: ref.Kind.String() + "s", op: "looking for " + named(ref) + " in the list of its project", method: http.MethodGet,
		path: projectPath(ref.Project, ref.Kind.String()+"s"),
	}
	found := false
	err := eachOf(ctx, c, k, page{Scope: "all", IIDs: []int64{ref.IID}}, func(w wireIssue) error {
		found = found || w.IID == ref.IID && w.Project == ref.Project
		return nil
	})
	if ClassOf(err) == NotFound {
		return false, nil // so is the project
	}
	return found, err
}
