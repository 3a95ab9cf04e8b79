package gitlab

import (
	"context"
	"net/http"
)

// Licence is what a GitLab has a licence for, as far as it tells.
type Licence struct {
	Known        bool // GitLab told: it is of version 18.1 or later
	Weights      bool // issues have weights
	ScopedLabels bool // a label replaces the others of its scope
	Epics        bool // its groups have epics
}

// features asks what a namespace has a licence for. The question is marked as an experiment in GitLab's documentation.
const features = `query($path: ID!) { namespace(fullPath: $path) { availableFeatures { hasIssueWeightsFeature hasScopedLabelsFeature hasEpicsFeature } } }`

// wireFeatures is the answer; Namespace is nil where the question was not understood.
type wireFeatures struct {
	Data struct {
		Namespace *struct {
			Features *struct {
				Weights *bool `json:"hasIssueWeightsFeature"`
				Scoped  *bool `json:"hasScopedLabelsFeature"`
				Epics   *bool `json:"hasEpicsFeature"`
			} `json:"availableFeatures"`
		} `json:"namespace"`
	} `json:"data"`
}

// LicenceOf is what the namespace with this full path has a licence for. It is not known, without an error, if GitLab is too old to say.
func (c *Client) LicenceOf(ctx context.Context, namespace string) (Licence, error) {
	k := call{name: "licence", op: "asking for what " + namespace + " has a licence", method: http.MethodPost, graphql: true}
	k.send = wireQuery{features, map[string]string{"path": namespace}}
	var w wireFeatures
	_, err := c.do(ctx, k, &w)
	if class := ClassOf(err); class == NotFound || class == Permanent {
		return Licence{}, nil
	}
	if err != nil || w.Data.Namespace == nil || w.Data.Namespace.Features == nil {
		return Licence{}, err
	}
	f := w.Data.Namespace.Features
	if f.Weights == nil || f.Scoped == nil {
		return Licence{}, nil
	}
	return Licence{Known: true, Weights: *f.Weights, ScopedLabels: *f.Scoped, Epics: f.Epics != nil && *f.Epics}, nil
}
