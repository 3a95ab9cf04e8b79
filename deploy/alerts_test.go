package deploy_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// alarm is a course of metrics, a value a minute, and the alert that is to be the only one afterwards; none is an alert, too.
type alarm struct {
	name, alert string
	after       string   // when is looked; 20 minutes if empty
	metrics     []string // series and values in promtool's way: from + step x times
}

// well are the series of a bot that works; a course with an up of its own goes without.
var well = []string{`up{job="flowkeeper",instance="a"} 1+0x1500`, `flowkeeper_inbox_deliveries{instance="a"} 0+0x1500`}

// once is a counter that rises by one between the 16th and the 17th minute.
func once(series string) string { return series + " 0+0x16 1+0x100" }

var alarms = []alarm{
	{"all is well", "", "3h", nil},
	{"no replica answers", "FlowkeeperDown", "", []string{`up{job="flowkeeper",instance="a"} 0+0x20`, `up{job="other",instance="b"} 1+0x20`}},
	{"one of two answers", "", "", []string{`up{job="flowkeeper",instance="a"} 0+0x20`, `up{job="flowkeeper",instance="b"} 1+0x20`, `flowkeeper_inbox_deliveries{instance="b"} 7+0x20`}},
	{"one of two reads its store", "FlowkeeperStoreAway", "", []string{`up{job="flowkeeper",instance="a"} 1+0x20`, `up{job="flowkeeper",instance="b"} 1+0x20`, `flowkeeper_inbox_deliveries{instance="b"} 7+0x20`}},
	{"most calls fail", "FlowkeeperGitLabAway", "", []string{`flowkeeper_gitlab_requests_total{status="5xx"} 0+6x20`, `flowkeeper_gitlab_requests_total{status="2xx"} 0+5x20`}},
	{"nobody is reached", "FlowkeeperGitLabAway", "", []string{`flowkeeper_gitlab_requests_total{status="none"} 0+6x20`}},
	{"some calls fail", "", "", []string{`flowkeeper_gitlab_requests_total{status="5xx"} 0+5x20`, `flowkeeper_gitlab_requests_total{status="2xx"} 0+6x20`}},
	{"a delivery was stored nowhere", "FlowkeeperDeliveriesRefused", "", []string{once(`flowkeeper_deliveries_total{result="unavailable"}`)}},
	{"that was an hour ago", "", "80m", []string{once(`flowkeeper_deliveries_total{result="unavailable"}`)}},
	{"many are forged", "FlowkeeperDeliveriesForged", "", []string{`flowkeeper_deliveries_total{result="refused",reason="secret"} 0+7x20`}},
	{"some are forged", "", "", []string{`flowkeeper_deliveries_total{result="refused",reason="secret"} 0+5x20`}},
	{"an issue waits", "FlowkeeperBehind", "", []string{"flowkeeper_inbox_oldest_due_seconds 301+0x20"}},
	{"an issue waits a little", "", "", []string{"flowkeeper_inbox_oldest_due_seconds 300+0x20"}},
	{"an issue was given up", "FlowkeeperDeadLetters", "", []string{"flowkeeper_inbox_dead 1+0x20"}},
	{"a group has no licence for statuses", "FlowkeeperStatusesMissing", "", []string{`flowkeeper_statuses_missing 1+0x20`}},
	{"GitLab refuses the token", "FlowkeeperDenied", "", []string{`flowkeeper_gitlab_denied{what="token"} 1+0x20`, `flowkeeper_gitlab_denied{what="account"} 0+0x20`}},
	{"the spool fills", "FlowkeeperSpoolNotEmpty", "", []string{`flowkeeper_spool_deliveries{instance="a"} 1+0x20`}},
	{"the spool was short of use", "", "", []string{`flowkeeper_spool_deliveries{instance="a"} 1+0x15 0+0x5`}},
	{"a webhook is disabled", "FlowkeeperHooksDisabled", "", []string{"flowkeeper_hooks_disabled 1+0x20"}},
	{"webhooks are unseen for a day", "FlowkeeperHooksUnseen", "25h", []string{"flowkeeper_hooks_unseen 1+0x1500"}},
	{"webhooks are unseen for an hour", "", "1h", []string{"flowkeeper_hooks_unseen 1+0x60"}},
	{"the last sweep was long ago", "FlowkeeperSweepStale", "80m", []string{"flowkeeper_sweep_last_success_timestamp_seconds 1+0x80"}},
	{"another replica sweeps", "", "80m", []string{`flowkeeper_sweep_last_success_timestamp_seconds{instance="a"} 0+0x80`, `flowkeeper_sweep_last_success_timestamp_seconds{instance="b"} 0+60x80`}},
	{"calls wait for their budget", "FlowkeeperBudgetExhausted", "", []string{
		`flowkeeper_gitlab_budget_waits_seconds_bucket{class="sweep",le="15"} 0+1x20`, `flowkeeper_gitlab_budget_waits_seconds_bucket{class="sweep",le="60"} 0+9x20`,
		`flowkeeper_gitlab_budget_waits_seconds_bucket{class="sweep",le="+Inf"} 0+9x20`,
	}},
	{"few calls wait", "", "", []string{
		`flowkeeper_gitlab_budget_waits_seconds_bucket{class="sweep",le="15"} 0+19x20`, `flowkeeper_gitlab_budget_waits_seconds_bucket{class="sweep",le="+Inf"} 0+20x20`,
	}},
	{"a fight", "FlowkeeperFight", "", []string{once("flowkeeper_fights_total")}},
	{"a mail was refused", "FlowkeeperMailNotSent", "", []string{once(`flowkeeper_mails_total{outcome="refused"}`)}},
	{"mails were sent", "", "", []string{once(`flowkeeper_mails_total{outcome="sent"}`)}},
	{"a report fails and fails", "FlowkeeperReportNotPublished", "", []string{`flowkeeper_reports_total{report="triage",result="failed"} 0+1x20`}},
	{"a report failed once", "", "", []string{once(`flowkeeper_reports_total{report="triage",result="failed"}`)}},
	{"a report was left out", "FlowkeeperReportNotPublished", "", []string{once(`flowkeeper_reports_total{report="triage",result="missed"}`)}},
	{"a report was edited", "FlowkeeperReportBroken", "", []string{once(`flowkeeper_reports_total{report="triage",result="broken"}`)}},
}

// TestAlertsRing plays the courses to Prometheus's own rules; each alert has one that rings it.
func TestAlertsRing(t *testing.T) {
	rings := map[string]bool{}
	var tests []any
	for _, a := range alarms {
		rings[a.alert] = true
		tests = append(tests, a.test())
	}
	for _, r := range alerts(t) {
		if !rings[r.Alert] {
			t.Errorf("no course of metrics rings %s", r.Alert)
		}
	}
	rules, err := filepath.Abs("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tool(t, nil, "promtool", "test", "rules", written(t, map[string]any{"rule_files": []string{rules}, "evaluation_interval": "1m", "tests": tests}))
}

// test is the course in promtool's words.
func (a alarm) test() any {
	metrics := a.metrics
	if !strings.HasPrefix(strings.Join(metrics, " "), "up{") {
		metrics = append(metrics, well...)
	}
	var series []any
	for _, m := range metrics {
		name, values, _ := strings.Cut(m, " ")
		series = append(series, map[string]any{"series": name, "values": values})
	}
	rung := []any{}
	if a.alert != "" {
		rung = append(rung, map[string]any{"labels": `{alertname="` + a.alert + `"}`, "value": 1})
	}
	after := a.after
	if after == "" {
		after = "20m"
	}
	return map[string]any{
		"name": a.name, "interval": "1m", "input_series": series,
		"promql_expr_test": []any{map[string]any{"expr": `count by (alertname) (ALERTS{alertstate="firing"})`, "eval_time": after, "exp_samples": rung}},
	}
}
