package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// strict reads objects as Kubernetes does with --validate=strict: an unknown kind or field, one that is there twice and a value of another type
// are mistakes.
var strict = json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})

// kind is the line of a document that says what it is.
var kind = regexp.MustCompile(`(?m)^kind: .*$`)

// TestKubernetesKnowsEveryField decodes all that kustomize and the chart make.
func TestKubernetesKnowsEveryField(t *testing.T) {
	for name, documents := range map[string][]string{
		"base": kustomized(t, "base"), "example": kustomized(t, "example"), "chart": templated(t, "flowkeeper", nil),
		"chart, example":   templated(t, "flowkeeper", values(t, chart+"/example.yaml", nil)),
		"chart, own Redis": templated(t, "flowkeeper", map[string]any{"redis": map[string]any{"enabled": false}, "networkPolicy": map[string]any{"enabled": false}}),
		"chart, Redis elsewhere": templated(t, "flowkeeper", map[string]any{
			"redis":         map[string]any{"enabled": false},
			"networkPolicy": map[string]any{"egress": []any{map[string]any{"to": []any{map[string]any{"ipBlock": map[string]any{"cidr": "192.0.2.20/32"}}}, "ports": []any{map[string]any{"port": 6379}}}}},
		}),
		"chart, all said": templated(t, "flowkeeper", map[string]any{
			"webhook": "signing_token", "imagePullSecrets": []any{"registry"}, "env": map[string]any{"HTTPS_PROXY": "http://proxy.example.com:3128", "GOMAXPROCS": 2},
			"redis":   map[string]any{"storageClass": "fast"},
			"ingress": map[string]any{"enabled": true, "annotations": map[string]any{"nginx.ingress.kubernetes.io/proxy-body-size": "25m"}},
		}),
	} {
		if len(documents) < 4 {
			t.Errorf("%s makes only %d objects", name, len(documents))
		}
		for _, one := range documents {
			if _, _, err := strict.Decode([]byte(one), nil, nil); err != nil {
				t.Errorf("%s: %s: %v", name, kind.FindString(one), err)
			}
		}
	}
}

// TestStrictIsStrict: what the test above relies on.
func TestStrictIsStrict(t *testing.T) {
	good := "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
	if _, _, err := strict.Decode([]byte(good), nil, nil); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"a misspelt field": strings.Replace(good, "ports", "prots", 1), "a kind that is not": strings.Replace(good, "Service", "Servant", 1),
		"another type": strings.Replace(good, "80", "eighty", 1), "a key twice": good + "kind: Service\n",
	} {
		if _, _, err := strict.Decode([]byte(bad), nil, nil); err == nil {
			t.Errorf("%s is no mistake", name)
		}
	}
}

// TestChartMakesTheManifests compares what the chart makes with what kustomize makes: the defaults with the base, the example's values with the
// example. Only the base has the namespace, and the policy that nobody in it talks to anybody: a chart may share its namespace.
func TestChartMakesTheManifests(t *testing.T) {
	policy := map[string]any{"policy": read(t, manifests+"/example/flowkeeper.yaml")}
	for name, test := range map[string]struct{ kustomize, helm map[string]any }{
		"base":    {objects(t, kustomized(t, "base")), objects(t, templated(t, "flowkeeper", nil))},
		"example": {objects(t, kustomized(t, "example")), objects(t, templated(t, "flowkeeper", values(t, chart+"/example.yaml", policy)))},
	} {
		for _, own := range []string{"Namespace flowkeeper", "NetworkPolicy nobody"} {
			if test.kustomize[own] == nil {
				t.Errorf("%s: kustomize makes no %s", name, own)
			}
			delete(test.kustomize, own)
		}
		if diff := cmp.Diff(test.kustomize, test.helm); diff != "" {
			t.Errorf("%s (-kustomize +helm):\n%s", name, diff)
		}
	}
}

// hashed is the ending that kustomize gives the names of what it generates.
var hashed = regexp.MustCompile(`(flowkeeper-policy)-[a-z0-9]{10}\b`)

// objects are objects by kind and name, without what the two tools say in their own ways: the namespace, how a change of the policy replaces
// the pods, and the order of what has names.
func objects(t *testing.T, documents []string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, one := range documents {
		var o map[string]any
		if err := yaml.UnmarshalStrict([]byte(hashed.ReplaceAllString(one, "$1")), &o); err != nil {
			t.Fatal(err)
		}
		meta := at(o, "metadata")
		delete(meta, "namespace")
		delete(at(o, "spec", "template", "metadata", "annotations"), "checksum/policy")
		pod := at(o, "spec", "template", "spec")
		sortBy(pod["volumes"], "name")
		containers, _ := pod["containers"].([]any)
		for _, c := range containers {
			c := c.(map[string]any)
			sortBy(c["env"], "name")
			sortBy(c["volumeMounts"], "mountPath")
		}
		all[o["kind"].(string)+" "+meta["name"].(string)] = o
	}
	return all
}

// at is the map under a path, nil if there is none.
func at(o map[string]any, path ...string) map[string]any {
	for _, key := range path {
		o, _ = o[key].(map[string]any)
	}
	return o
}

// sortBy sorts a list of maps by one of their keys.
func sortBy(list any, key string) {
	all, _ := list.([]any)
	slices.SortFunc(all, func(a, b any) int {
		return strings.Compare(a.(map[string]any)[key].(string), b.(map[string]any)[key].(string))
	})
}
