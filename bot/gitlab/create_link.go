package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"flowkeeper/rules/triage"
)

// wireNewLink is the body that links two issues.
type wireNewLink struct {
	Project int64  `json:"target_project_id"`
	IID     int64  `json:"target_issue_iid"`
	Kind    string `json:"link_type"`
}

// wireMadeLink is a link as GitLab answers. Which end is the source depends on its kind.
type wireMadeLink struct {
	Source wireEnd `json:"source_issue"`
	Target wireEnd `json:"target_issue"`
}

type wireEnd struct {
	IID int64 `json:"iid"`
}

// CreateLink links two issues and returns the kind of the link they have then, seen from the first: triage.RelatesTo, Blocks or BlockedBy.
// It need not be the one that was asked for: without the licence for blocking links the issues are related, and a link that is there
// already stays as it is. A failed call may be repeated. NotFound if either issue is not there.
func (c *Client) CreateLink(ctx context.Context, from, to triage.Ref, kind string) (made string, err error) {
	k := call{
		name: "link", op: fmt.Sprintf("linking issue %s to %s", from, to), method: http.MethodPost, path: issuePath(from, "links"),
		send: wireNewLink{Project: to.Project, IID: to.IID, Kind: kind},
	}
	switch kinds := []string{triage.RelatesTo, triage.Blocks, triage.BlockedBy}; {
	case !slices.Contains(kinds, kind):
		return "", c.newError(k, 0, Permanent, fmt.Errorf("%q is no kind of link: there are %s", kind, strings.Join(kinds, ", ")))
	case to.Kind != triage.SubjectIssue:
		return "", c.newError(k, 0, Permanent, errOnlyIssues)
	case from == to:
		return "", c.newError(k, 0, Permanent, errors.New("an issue cannot be linked to itself: name another one"))
	}
	var link wireMadeLink
	a, err := c.do(ctx, k, &link)
	if kind != triage.RelatesTo && needsLicence(a) {
		kind = triage.RelatesTo
		k.send = wireNewLink{Project: to.Project, IID: to.IID, Kind: kind}
		a, err = c.do(ctx, k, &link)
	}
	switch {
	case a.status == http.StatusConflict && strings.Contains(gitlabMessage(a), "already"):
		return c.existingLink(ctx, from, to, kind)
	case err != nil:
		return "", err
	case link.Source.IID == 0 || link.Target.IID == 0:
		return "", c.newError(k, a.status, Transient, errors.New("the answer is not a link"))
	}
	return kind, nil
}

// needsLicence reports whether GitLab refused a kind of link that it has no licence for, or, without any paid features, does not know.
func needsLicence(a answer) bool {
	switch a.status {
	case http.StatusForbidden:
		return strings.Contains(gitlabMessage(a), "not available for current license")
	case http.StatusBadRequest:
		return strings.Contains(gitlabMessage(a), "link_type does not have a valid value")
	}
	return false
}

// existingLink is the kind of the link that is there already, or the wanted one if it does not show.
func (c *Client) existingLink(ctx context.Context, from, to triage.Ref, wanted string) (string, error) {
	links, err := c.Links(ctx, from)
	if err != nil {
		return "", err
	}
	for _, l := range links {
		if l.Ref == to {
			return l.Kind, nil
		}
	}
	return wanted, nil
}
