package deploy_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/admin"
	"flowkeeper/config"
	"flowkeeper/rules"
)

// TestPrometheusIsAnswered asks for metrics by the names under which Prometheus finds the bot: in Compose that of the service, in Kubernetes, by the
// annotations, the address of each pod. A foreign name gets nothing.
func TestPrometheusIsAnswered(t *testing.T) {
	composed := bots(t)
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
		"compose, the first":  {composed["bot-1"].Environment["FLOWKEEPER_ADMIN_HOSTS"], "bot-1:8081"},
		"compose, the second": {composed["bot-2"].Environment["FLOWKEEPER_ADMIN_HOSTS"], "bot-2:8081"},
		"kubernetes":          {pods, "10.42.0.7:8081"},
		"systemd":             {"", "localhost:8081"},
	} {
		loaded, err := config.Load("", []string{"FLOWKEEPER_ADMIN_HOSTS=" + test.hosts}, rules.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		h := admin.New(admin.Options{Metrics: prometheus.NewRegistry(), Store: struct{ admin.Store }{}, Hosts: loaded.Server.AdminHosts})
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

// TestPrometheusIsConfigured: the Prometheus of compose.yaml asks each bot's admin port under the job that the alerts look for, and finds the
// alerts where it looks for them.
func TestPrometheusIsConfigured(t *testing.T) {
	c := document[struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string                       `yaml:"job_name"`
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}](t, "prometheus.yaml")
	if len(c.ScrapeConfigs) != 1 || len(c.ScrapeConfigs[0].StaticConfigs) != 1 {
		t.Fatalf("it asks %+v, want one job", c.ScrapeConfigs)
	}
	var admins []string
	for _, name := range slices.Sorted(maps.Keys(bots(t))) {
		admins = append(admins, name+":8081")
	}
	job := c.ScrapeConfigs[0]
	if diff := cmp.Diff(admins, job.StaticConfigs[0].Targets); diff != "" {
		t.Errorf("asked (-bots of compose.yaml +targets):\n%s", diff)
	}
	for where, expr := range queries(t) {
		if strings.Contains(expr, "job=\"") && !strings.Contains(expr, `job="`+job.JobName+`"`) {
			t.Errorf("%s looks for another job than %s: %s", where, job.JobName, expr)
		}
	}
	s := document[composed](t, "compose.yaml").Services["prometheus"]
	config := s.mounted(t, "./prometheus.yaml")
	if !slices.Contains(s.Command, "--config.file="+config) {
		t.Errorf("the configuration is at %s, and Prometheus is started with %v", config, s.Command)
	}
	if rules := s.mounted(t, "./alerts.yaml"); !slices.Equal(c.RuleFiles, []string{path.Base(rules)}) || path.Dir(rules) != path.Dir(config) {
		t.Errorf("the alerts are at %s, and %s names %v", rules, config, c.RuleFiles)
	}
}

// TestGrafanaIsProvisioned: the Grafana of compose.yaml finds Prometheus and the dashboard, and lets nobody in who could change something.
func TestGrafanaIsProvisioned(t *testing.T) {
	services := document[composed](t, "compose.yaml").Services
	s := services["grafana"]
	source := document[struct {
		Datasources []struct {
			Type, URL string
			IsDefault bool `yaml:"isDefault"`
		}
	}](t, "grafana/datasource.yaml").Datasources
	if len(source) != 1 || source[0].Type != "prometheus" || source[0].URL != "http://prometheus:9090" || !source[0].IsDefault || len(services["prometheus"].Image) == 0 {
		t.Errorf("the data sources are %+v", source)
	}
	provider := document[struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}](t, "grafana/dashboards.yaml").Providers
	if dashboard := s.mounted(t, "./dashboard.json"); len(provider) != 1 || provider[0].Type != "file" || provider[0].Options.Path != path.Dir(dashboard) {
		t.Errorf("the dashboard is at %s, and it is looked for by %+v", dashboard, provider)
	}
	for file, folder := range map[string]string{"./grafana/datasource.yaml": "datasources", "./grafana/dashboards.yaml": "dashboards"} {
		if at := s.mounted(t, file); path.Dir(at) != "/etc/grafana/provisioning/"+folder {
			t.Errorf("%s is at %s, where Grafana does not look", file, at)
		}
	}
	for name, want := range map[string]string{
		"GF_AUTH_BASIC_ENABLED": "false", "GF_AUTH_DISABLE_LOGIN_FORM": "true", "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
		"GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true",
	} {
		if s.Environment[name] != want {
			t.Errorf("%s is %q, want %q: there is no password", name, s.Environment[name], want)
		}
	}
	if uid := `"uid": "flowkeeper"`; !strings.Contains(read(t, "dashboard.json"), uid) || !strings.Contains(read(t, "compose.yaml"), "/d/flowkeeper.") {
		t.Errorf("compose.yaml gives another address for the dashboard than its %s", uid)
	}
}
