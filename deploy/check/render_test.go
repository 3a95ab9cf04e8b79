package check

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	manifests = "../kubernetes"
	chart     = "../chart"
)

// kustomized is what "kubectl apply -k" of a folder sends, as YAML documents.
func kustomized(t *testing.T, folder string) []string {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(manifests, folder))
	if err != nil {
		t.Fatalf("kustomize build %s: %v", folder, err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return split(t, text)
}

// values are a file's, with others on top of them.
func values(t *testing.T, file string, more map[string]any) map[string]any {
	t.Helper()
	read := chartutil.Values{}
	if file != "" {
		var err error
		if read, err = chartutil.ReadValuesFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return chartutil.CoalesceTables(more, read)
}

// template is what "helm template" of the chart prints, as YAML documents; the notes are looked at and left out.
func template(release string, values map[string]any) (text []byte, err error) {
	c, err := loader.Load(chart)
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: "flowkeeper", Revision: 1, IsInstall: true}
	full, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	made, err := engine.Engine{Strict: true}.Render(c, full)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if filepath.Ext(name) == ".yaml" {
			text = append(text, "\n---\n"+made[name]...)
		} else if name == "flowkeeper/templates/NOTES.txt" && !strings.Contains(made[name], "/webhooks/gitlab") {
			return nil, errors.New("the notes do not say where webhooks lead to")
		}
	}
	return text, nil
}

// templated is template, where it has to succeed.
func templated(t *testing.T, release string, values map[string]any) []string {
	t.Helper()
	text, err := template(release, values)
	if err != nil {
		t.Fatalf("helm template: %v", err)
	}
	return split(t, text)
}

// split are the documents of a YAML text, without those that are empty.
func split(t *testing.T, text []byte) []string {
	t.Helper()
	var all []string
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		one, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.Trim(one, "-\n ")) > 0 {
			all = append(all, string(one))
		}
	}
}

// read is the content of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
