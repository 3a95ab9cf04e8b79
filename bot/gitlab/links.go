package gitlab

import (
	"context"
	"net/http"
	"time"

	"flowkeeper/rules/triage"
)

// wireLink is a linked issue with what the link says of it.
type wireLink struct {
	ID      int64     `json:"issue_link_id"`
	Kind    string    `json:"link_type"`
	Project int64     `json:"project_id"`
	IID     int64     `json:"iid"`
	Created time.Time `json:"created_at"`
	State   string    `json:"state"`
	Labels  []string  `json:"labels"`
}

// Links lists the issue's links to other issues, the oldest link first; those to issues that the token may not see are left out. A
// GitLab without links has none.
func (c *Client) Links(ctx context.Context, ref triage.Ref) ([]triage.Link, error) {
	k := call{name: "links", op: "loading the links of issue " + ref.String(), method: http.MethodGet, path: issuePath(ref, "links")}
	var links []triage.Link
	err := confirmNotFound(func() error {
		links = nil
		seen := map[int64]bool{}
		return eachOf(ctx, c, k, page{}, func(w wireLink) error {
			if seen[w.ID] {
				return errEnough // GitLab sends the whole list whichever page is asked for
			}
			seen[w.ID] = true
			if w.Kind == "" {
				w.Kind = triage.RelatesTo // older GitLabs have no other kind
			}
			if len(w.Labels) == 0 {
				w.Labels = nil
			}
			links = append(links, triage.Link{Kind: w.Kind, Ref: triage.Ref{Project: w.Project, IID: w.IID}, Created: w.Created, Closed: w.State == "closed", Labels: w.Labels})
			return nil
		})
	})
	if !isMissing(err) {
		return links, err
	}
	// Only the list is missing, or the issue is as well.
	_, err = c.Issue(ctx, ref)
	return nil, err
}
