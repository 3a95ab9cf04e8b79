package check

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// TestLint is "helm lint --strict", with the defaults and with the example's values. That the chart has no icon is no mistake.
func TestLint(t *testing.T) {
	for name, v := range map[string]map[string]any{"defaults": {}, "example": values(t, chart+"/example.yaml", nil)} {
		for _, m := range lint.AllWithKubeVersion(chart, v, "flowkeeper", nil).Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
}

// TestMistakesAreRefused: a value that is misspelt or cannot be meant makes no manifests.
func TestMistakesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		values map[string]any
		want   string
	}{
		"a key that is not":          {map[string]any{"replica": 3}, "replica"},
		"one below":                  {map[string]any{"gitlab": map[string]any{"URL": "https://git.example.com"}}, "URL"},
		"another type":               {map[string]any{"replicas": "two"}, "replicas"},
		"no GitLab":                  {map[string]any{"gitlab": map[string]any{"url": "git.example.com"}}, "url"},
		"another way to be GitLab's": {map[string]any{"webhook": "password"}, "webhook"},
		"no way to a Redis":          {map[string]any{"redis": map[string]any{"enabled": false}}, "networkPolicy.egress"},
		"a secret in a variable":     {map[string]any{"env": map[string]any{"FLOWKEEPER_GITLAB_TOKEN": "x"}}, "FLOWKEEPER_GITLAB_TOKEN_FILE"},
		"a secret with its value":    {map[string]any{"secrets": map[string]any{"bot": "Not A Name"}}, "bot"},
	} {
		if _, err := template("flowkeeper", test.values); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error about %s", name, err, test.want)
		}
	}
}

// TestReleasesShareANamespace: all that a release makes, and by what its pods are found, bears its name.
func TestReleasesShareANamespace(t *testing.T) {
	v := values(t, chart+"/example.yaml", nil)
	first, second := objects(t, templated(t, "first", v)), objects(t, templated(t, "second", v))
	for name := range first {
		if second[name] != nil {
			t.Errorf("two releases both make %s", name)
		}
	}
	for _, document := range templated(t, "first", v) {
		for line := range strings.Lines(document) {
			if strings.Contains(line, "app.kubernetes.io/name") && !strings.Contains(line, ": first") {
				t.Errorf("pods of another release are meant, too: %s", line)
			}
		}
	}
}

// TestPolicyIsTheTeams: the policy of --set-file takes the place of the chart's.
func TestPolicyIsTheTeams(t *testing.T) {
	const policy = "rules: {all: act}\n"
	made := objects(t, templated(t, "flowkeeper", map[string]any{"policy": policy}))
	config, _ := made["ConfigMap flowkeeper-policy"].(map[string]any)
	if have := at(config, "data")["flowkeeper.yaml"]; have != policy {
		t.Errorf("the policy is %q, want %q", have, policy)
	}
}
