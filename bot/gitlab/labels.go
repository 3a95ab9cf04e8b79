package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Label is a label that issues of a place can carry.
type Label struct {
	Name     string
	Archived bool // GitLab gives it to no issue any more, and says nothing
	Own      bool // of the project itself; else of a group above it. In a list of a group's labels it is false
}

// NewLabel is a label to be created.
type NewLabel struct {
	Name        string `json:"name"`
	Color       string `json:"color"` // "#rrggbb"
	Description string `json:"description"`
}

// wireListedLabel is a label as GitLab sends one. Versions before 18.3 archive none.
type wireListedLabel struct {
	Name     string `json:"name"`
	Archived bool   `json:"archived"`
	Own      bool   `json:"is_project_label"`
}

// Labels lists the labels of a place and of the groups above it, of more than 5,000 only as many. NotFound if the place does not exist or the token may not see it.
func (c *Client) Labels(ctx context.Context, place Place) ([]Label, error) {
	k := call{name: "labels", op: fmt.Sprintf("listing the labels of %s", place), method: http.MethodGet, path: place.sub("labels")}
	var labels []Label
	err := eachOf(ctx, c, k, page{AncestorGroups: true}, func(w wireListedLabel) error {
		labels = append(labels, Label(w))
		return nil
	})
	if errors.Is(err, errTooLong) {
		err = nil
	}
	return labels, err
}

// CreateLabel creates a label in a place. It is not created, without an error, if a label of that name exists there or in a group above, maybe
// because an earlier request whose answer was lost has created it.
func (c *Client) CreateLabel(ctx context.Context, place Place, label NewLabel) (created bool, err error) {
	k := call{
		name: "create-label", op: fmt.Sprintf("creating the label %s in %s", strconv.Quote(label.Name), place), method: http.MethodPost,
		path: place.sub("labels"), send: label, role: "Planner or Reporter",
	}
	a, err := c.do(ctx, k, nil)
	if a.status == http.StatusConflict {
		return false, nil
	}
	return err == nil, err
}
