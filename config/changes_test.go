package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
)

// TestChangedTemplate rewrites a template whose name stays.
func TestChangedTemplate(t *testing.T) {
	t.Chdir(t.TempDir())
	var loaded [2]config.Config
	for i, text := range []string{"# {{milestone}}", "# {{milestone}}\n{{dates}}"} {
		if err := os.WriteFile("planning.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var err error
		if loaded[i], err = load(t, "reports: {planning: {template: planning.md}}"); err != nil {
			t.Fatal(err)
		}
	}
	want := []config.Change{{Key: "reports.planning.template"}}
	if diff := cmp.Diff(want, config.Changes(loaded[0], loaded[1])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChanges(t *testing.T) {
	const tls = "server: {tls_cert: a.pem, tls_key: a.key}\n"
	for _, test := range []struct {
		name          string
		before, after string
		env           string // added afterwards
		now, restart  string
	}{
		{name: "nothing", before: "inbox: {grace: 5m}", after: "# the same\ninbox:\n  grace: 300s"},
		{name: "the policy", after: "rules: {weight-research: {above: 2}}\nteam: {side: frontend, roles: {quality: [ann]}}\nlabels: {ux: design}\ncommands: {prefix: bot}",
			now: "team.roles.quality team.side commands.prefix labels.ux weights.research_above rules.weight-research"},
		{name: "the scale", after: "weights: {scale: [1, 2, 3, 5, 8, 13]}\nseverity: {scope: sev}",
			now: "weights.scale weights.research_above weights.split_from weights.security severity.scope rules.weight-research"},
		{name: "no weights", after: "weights: none\npriority: none", now: "weights priority"},
		{name: "weights again", before: "weights: none", now: "weights"},
		{name: "the calendar", after: "calendar: {release: {nth: 2}, holidays: [2026-12-25]}", now: "calendar.release.nth calendar.holidays"},
		{name: "reports", before: "gitlab: {projects: [a/b]}\nteam: {roles: {engineers: [eric]}}",
			after: "gitlab: {projects: [a/b]}\nteam: {roles: {engineers: [eric]}, emails: {eric: eric@example.com}}\nreports: {project: a/b, triage: {mode: act}}\n" +
				"capacity: {away: {eric: 2026-12-24}}\nslo: {near: {3: 60%}}\nsmtp: {port: 25}",
			now: "team.emails reports.project reports.triage.mode capacity.away slo.near.3 smtp.port"},
		{name: "a password", before: "smtp: {username: flow}", after: "smtp: {username: flow}", env: "FLOWKEEPER_SMTP_PASSWORD=two", now: "FLOWKEEPER_SMTP_PASSWORD"},
		{name: "times", after: "inbox: {settle: 1s, grace: 1m, lease: 30s}\nschedule: {sweep: 5m}", now: "inbox.settle inbox.grace", restart: "inbox.lease schedule.sweep"},
		{name: "addresses", after: "server: {listen: ':1', max_body: 1MiB}\ngitlab: {url: https://h, rate: 60}", restart: "gitlab.url gitlab.rate server.listen server.max_body"},
		{name: "another certificate", before: tls, after: "server: {tls_cert: b.pem, tls_key: b.key}", now: "server.tls_cert server.tls_key"},
		{name: "HTTPS", after: tls, restart: "server.tls_cert server.tls_key"},
		{name: "HTTP", before: tls, restart: "server.tls_cert server.tls_key"},
		{name: "a token", env: "FLOWKEEPER_GITLAB_TOKEN=glpat-2", now: "FLOWKEEPER_GITLAB_TOKEN"},
		{name: "secrets", env: "FLOWKEEPER_WEBHOOK_SECRET=one,two", now: "FLOWKEEPER_WEBHOOK_SECRET"},
		{name: "signing", env: "FLOWKEEPER_SIGNING_TOKEN=whsec_YWJj", now: "FLOWKEEPER_SIGNING_TOKEN"},
		{name: "the store", env: "FLOWKEEPER_REDIS_URL=redis://h", restart: "FLOWKEEPER_REDIS_URL"},
		{name: "the directory", env: "FLOWKEEPER_DATA_DIR=/d", restart: "FLOWKEEPER_DATA_DIR"},
		{name: "the log", env: "FLOWKEEPER_LOG_LEVEL=debug", restart: "FLOWKEEPER_LOG_LEVEL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := load(t, test.before, "FLOWKEEPER_WEBHOOK_SECRET=one")
			if err != nil {
				t.Fatal(err)
			}
			after, err := load(t, test.after, "FLOWKEEPER_WEBHOOK_SECRET=one", test.env)
			if err != nil {
				t.Fatal(err)
			}
			changes := config.Changes(before, after)
			want := map[string]bool{}
			for key := range strings.FieldsSeq(test.now) {
				want[key] = false
			}
			for key := range strings.FieldsSeq(test.restart) {
				want[key] = true
			}
			got := map[string]bool{}
			for _, c := range changes {
				got[c.Key] = c.Restart
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, value := range []string{"one", "two", "glpat-2", "YWJj", "redis://"} {
				if printed := fmt.Sprintf("%+v", changes); strings.Contains(printed, value) {
					t.Errorf("%s shows %q", printed, value)
				}
			}
		})
	}
}
