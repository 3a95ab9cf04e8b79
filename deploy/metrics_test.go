package deploy_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// rule is an alert of alerts.yaml.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// alerts are all of them.
func alerts(t *testing.T) []rule {
	t.Helper()
	file := document[struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}](t, "alerts.yaml")
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// TestAlerts holds each alert to its section of the runbook, and each section to an alert.
func TestAlerts(t *testing.T) {
	var have []string
	for _, r := range alerts(t) {
		have = append(have, r.Alert)
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: the severity is %q, want page or ticket", r.Alert, s)
		}
		if r.Annotations["summary"] == "" {
			t.Errorf("%s has no summary", r.Alert)
		}
		if link := r.Annotations["runbook_url"]; !strings.HasSuffix(link, "/deploy/runbook.md#"+strings.ToLower(r.Alert)) {
			t.Errorf("%s: the link %q does not lead to its section of the runbook", r.Alert, link)
		}
	}
	var explained []string
	for _, section := range sections(read(t, "runbook.md")) {
		explained = append(explained, section.title)
		for _, part := range []string{"**Means** ", "**Look at** ", "**Do** "} {
			if !strings.Contains(section.text, "\n"+part) {
				t.Errorf("the runbook's section %s has no %s", section.title, part)
			}
		}
	}
	if diff := cmp.Diff(have, explained); diff != "" {
		t.Errorf("alerts and sections of the runbook (-alerts +runbook):\n%s", diff)
	}
}

// section is a part of a page under a heading of the second level.
type section struct{ title, text string }

func sections(page string) []section {
	var all []section
	for _, part := range strings.Split("\n"+page, "\n## ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		all = append(all, section{title, text})
	}
	return all
}

var metric = regexp.MustCompile(`\bflowkeeper_[a-z_]+\b`)

// queries are all expressions of the alerts and the dashboard, by where they are.
func queries(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range alerts(t) {
		all["alert "+r.Alert] = r.Expr
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &dashboard); err != nil {
		t.Fatalf("reading dashboard.json: %v", err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all["panel "+p.Title] += target.Expr + "\n"
		}
		if all["panel "+p.Title] == "" {
			t.Errorf("the panel %s shows nothing", p.Title)
		}
	}
	for _, v := range dashboard.Templating.List {
		if q, ok := v.Query.(map[string]any); ok {
			all["variable "+v.Name], _ = q["query"].(string)
		}
	}
	return all
}

// TestQueriesNameMetrics compares what alerts, dashboard and runbook look at with what a bot that has done a little of everything shows.
func TestQueriesNameMetrics(t *testing.T) {
	bot := start(t)
	bot.work()
	shown := bot.metrics()
	for where, expr := range queries(t) {
		named := metric.FindAllString(expr, -1)
		if len(named) == 0 && !strings.Contains(expr, "up{") && where != "variable datasource" {
			t.Errorf("%s looks at no metric of the bot: %s", where, expr)
		}
		for _, name := range named {
			if !shown[name] {
				t.Errorf("%s looks at %s, which the bot does not have; it has %v", where, name, metric.FindAllString(strings.Join(slices.Sorted(maps.Keys(shown)), " "), -1))
			}
		}
	}
	for _, page := range []string{"runbook.md", "README.md"} {
		for _, name := range metric.FindAllString(read(t, page), -1) {
			if !shown[name] && !shown[name+"_bucket"] {
				t.Errorf("%s names %s, which the bot does not have", page, name)
			}
		}
	}
	t.Run("promlint", func(t *testing.T) { lint(t, bot.exposition()) })
	t.Run("labels", func(t *testing.T) { checkLabels(t, bot.exposition()) })
	t.Run("promtool", func(t *testing.T) { tool(t, strings.NewReader(bot.exposition()), "promtool", "check", "metrics") })
}

// lint holds the metrics to Prometheus's rules for names, units and help, as promtool does.
func lint(t *testing.T, exposition string) {
	problems, err := promlint.New(strings.NewReader(exposition)).Lint()
	if err != nil {
		t.Fatalf("Prometheus cannot read the metrics: %v", err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// labelled is a label of one of the bot's metrics with its value.
var labelled = regexp.MustCompile(`(?m)^flowkeeper_[a-z_]+\{.*\}`)

// mayLabel are the labels that may be there. Their values come from the code or the configuration: no project, issue, person or text is one.
var mayLabel = []string{"budget", "call", "class", "command", "le", "outcome", "reason", "report", "result", "rule", "status", "what"}

func checkLabels(t *testing.T, exposition string) {
	for _, series := range labelled.FindAllString(exposition, -1) {
		for _, l := range regexp.MustCompile(`([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(series, -1) {
			if !slices.Contains(mayLabel, l[1]) || strings.ContainsAny(l[2], "#/@") {
				t.Errorf("%s: the label %s with the value %q may have too many values", series, l[1], l[2])
			}
		}
	}
}
