package deploy_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// TestPrometheusIsAnswered asks for metrics by the names under which Prometheus finds the bot: in Compose that of the service, in Kubernetes, by the
// annotations, the address of each pod. A foreign name gets nothing.
func TestPrometheusIsAnswered(t *testing.T) {
	composed := document[composed](t, "compose.yaml").Services["flowkeeper"].Environment
	if a := find(t, "Deployment flowkeeper").Spec.Template.Metadata.Annotations; a["prometheus.io/scrape"] != "true" || a["prometheus.io/path"] != "/metrics" {
		t.Errorf("the pods' annotations are %v", a)
	}
	var pods string
	for _, v := range find(t, "Deployment flowkeeper").Spec.Template.Spec.Containers[0].Env {
		if v.Name == "FLOWKEEPER_ADMIN_HOSTS" {
			pods = v.Value
		}
	}
	for name, test := range map[string]struct{ hosts, host string }{
		"compose": {composed["FLOWKEEPER_ADMIN_HOSTS"], "flowkeeper:8081"}, "kubernetes": {pods, "10.42.0.7:8081"}, "systemd": {"", "localhost:8081"},
	} {
		loaded, err := config.Load("", []string{"FLOWKEEPER_ADMIN_HOSTS=" + test.hosts}, rules.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		h := admin.New(nil, prometheus.NewRegistry(), struct{ admin.Store }{}, nil, nil, loaded.Server.AdminHosts...)
		for host, want := range map[string]int{test.host: http.StatusOK, "evil.example:8081": http.StatusForbidden} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
			r.Host = host
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != want {
				t.Errorf("%s: asked for %s it answers %d %s, want %d", name, host, w.Code, w.Body, want)
			}
		}
	}
}
