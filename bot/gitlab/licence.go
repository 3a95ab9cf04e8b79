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
	Statuses     bool // issues have a status; false, too, where GitLab is older than 18.3 and does not tell
}

// features asks what a namespace has a licence for. The question is marked as an experiment in GitLab's documentation.
const features = `query($path: ID!) { namespace(fullPath: $path) { availableFeatures { hasIssueWeightsFeature hasScopedLabelsFeature hasEpicsFeature } } }`

// statusFeature asks for the feature that only later versions know: they refuse a question as a whole for one field that they do not have.
const statusFeature = `query($path: ID!) { namespace(fullPath: $path) { availableFeatures { hasWorkItemStatusFeature } } }`

// wireFeatures is the answer; Namespace is nil where the question was not understood.
type wireFeatures struct {
	Data struct {
		Namespace *wireNamespace `json:"namespace"`
	} `json:"data"`
}

type wireNamespace struct {
	Features *wireFeature `json:"availableFeatures"`
}

type wireFeature struct {
	Weights *bool `json:"hasIssueWeightsFeature"`
	Scoped  *bool `json:"hasScopedLabelsFeature"`
	Epics   *bool `json:"hasEpicsFeature"`
	Status  *bool `json:"hasWorkItemStatusFeature"`
}

// features are those that GitLab told, nil if it told none.
func (w *wireNamespace) features() *wireFeature {
	if w == nil {
		return nil
	}
	return w.Features
}

// LicenceOf is what the namespace with this full path has a licence for. It is not known, without an error, if GitLab is too old to say.
func (c *Client) LicenceOf(ctx context.Context, namespace string) (Licence, error) {
	w, err := c.features(ctx, features, namespace)
	f := w.Data.Namespace.features()
	if err != nil || f == nil || f.Weights == nil || f.Scoped == nil {
		return Licence{}, err
	}
	l := Licence{Known: true, Weights: *f.Weights, ScopedLabels: *f.Scoped, Epics: f.Epics != nil && *f.Epics}
	w, err = c.features(ctx, statusFeature, namespace)
	if f := w.Data.Namespace.features(); f != nil && f.Status != nil {
		l.Statuses = *f.Status
	}
	return l, err
}

// features asks one of the questions. What GitLab refuses it does not know: that is no error.
func (c *Client) features(ctx context.Context, query, namespace string) (wireFeatures, error) {
	k := call{name: "licence", op: "asking for what " + namespace + " has a licence", method: http.MethodPost, graphql: true}
	k.send = wireQuery{query, map[string]any{"path": namespace}}
	var w wireFeatures
	_, err := c.do(ctx, k, &w)
	if class := ClassOf(err); class == NotFound || class == Permanent {
		return wireFeatures{}, nil
	}
	return w, err
}
