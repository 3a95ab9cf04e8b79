package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/*.txtar and reference.yaml")

// catalogue is a small one, so that the tests do not change with the bot's rules.
func catalogue() []triage.Rule {
	decide := func(triage.Input, triage.Options) triage.Verdict { return triage.Nothing("this is a test") }
	return []triage.Rule{
		{Decide: decide, Meta: triage.Meta{
			ID: "weight-research", Summary: "Marks large weights.", Mode: triage.Act, MaxMode: triage.Act,
			Options: []triage.Option{{Name: "above", Help: "the highest weight that is fine", Default: 3, Min: 0, Max: 1000}},
		}},
		{Decide: decide, Meta: triage.Meta{
			ID: "workflow-intake", Summary: "Gives a first state.", Mode: triage.Act, MaxMode: triage.Act,
			Options: []triage.Option{
				{Name: "label", Help: "the first state", Default: "workflow::start", State: true},
				{Name: "days", Help: "how long it waits", Default: 5, Min: 1, Max: 90},
			},
		}},
		{Decide: decide, Meta: triage.Meta{ID: "weight-scale", Summary: "Knows the scale.", Mode: triage.Remind, MaxMode: triage.Remind}},
	}
}

// TestScenarios loads the files of testdata/*.txtar: flowkeeper.yaml if there is one, with the variables of "env", beside all other
// parts as files. The part "problems" is the whole error; without an error "changed" holds the lines that differ from the defaults.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	defaults := config.Default(catalogue()).String()
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			var environ []string
			given, want := []txtar.File{}, ""
			for _, part := range archive.Files {
				switch part.Name {
				case "env":
					environ = strings.Split(strings.TrimSpace(string(part.Data)), "\n")
				case "problems", "changed":
					want += "-- " + part.Name + " --\n" + string(part.Data)
					continue
				default:
					if err := os.MkdirAll(filepath.Dir(part.Name), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(part.Name, part.Data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				given = append(given, part)
			}

			c, err := config.Load("", environ, catalogue())
			result := txtar.File{Name: "changed", Data: []byte(changed(defaults, c.String()))}
			if err != nil {
				result = txtar.File{Name: "problems", Data: []byte(err.Error() + "\n")}
			}
			if *update {
				archive.Files = append(given, result)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			got := "-- " + result.Name + " --\n" + string(result.Data)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("loading (-want +got), -update rewrites the file:\n%s", diff)
			}
		})
	}
}

// changed are the lines of now that before has not.
func changed(before, now string) string {
	known := map[string]bool{}
	for line := range strings.SplitSeq(before, "\n") {
		known[line] = true
	}
	var b strings.Builder
	for line := range strings.SplitSeq(now, "\n") {
		if !known[line] {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// load loads a text as the configuration file.
func load(t *testing.T, source string, environ ...string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, environ, catalogue())
}

func TestNothingIsTheHandbook(t *testing.T) {
	t.Chdir(t.TempDir())
	want := config.Default(catalogue()).String()
	none, err := config.Load("", []string{"FLOWKEEPER_MODE=act"}, catalogue()) // without a word there is only shadow
	if err != nil {
		t.Fatalf("without a file: %v", err)
	}
	if none.Mode = ""; cmp.Diff(want, none.String()) != "" {
		t.Errorf("without a file (-want +got):\n%s", cmp.Diff(want, none.String()))
	}
	for name, source := range map[string]string{
		"empty": "", "blank": "\n \n", "comments": "# nothing\n\n# at all\n", "BOM": "\ufeff", "BOM and comment": "\ufeff# x\n",
		"empty mapping": "{}", "document start": "---\n", "empty sections": "inbox:\nteam:\n  # side: frontend\nrules:\n", "null": "~\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, c.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEverythingArrives(t *testing.T) {
	got, err := load(t, `
gitlab: {url: "https://git.example.com/gitlab/", projects: [group/project, 42], rate: 600, notes_rate: 30}
server:
  {docs_url: https://docs.example.com/rules/, url: "https://bot.example.com/flow/", listen: "0.0.0.0:80", tls_cert: cert.pem, tls_key: key.pem, admin: "[::1]:81", admin_hosts: [flowkeeper, prom.example.com], max_body: 10MB, connections: 9, drain: 1m30s}
inbox: {settle: 0s, grace: 1d12h, triage_days: 3, lease: 5s, workers: 1, attempts: 100, freshness: 0, max: 5000, spool: 500}
team:
  name: Platform
  group_label: "group::platform"
  labels: []
  scope: labelled
  side: frontend
  roles:
    product_manager: [alice, "@bob"]
  emails: {alice: alice@example.com}
schedule: {sweep: 1m, hooks: 2h, lookback: 7d}
calendar: {release: {weekday: monday, nth: 1}, holidays: [2026-12-25, 2027-01-01], timezone: Europe/Berlin}
reports:
  group: 12
  project: group/planning
  triage: {mode: act, day: friday, at: "23:59", cap: 3, close_after: 7d}
  planning: {mode: shadow}
  needs_weight: {mode: act, per_engineer: 2}
  build: {mode: act}
  kickoff: {mode: shadow, email: true}
  retrospective: {mode: act}
capacity: {budget: 8, rounding: none, away: {alice: [2026-12-24, "2026-12-28..2027-01-05"]}, share: {bob: 50%}}
slo: {bug: [1d, 2d, 3d, 4d], infradev: [1h, 2h, 3h, 4h], near: {"1": 10%, "2": 20%, "3": 30%, "4": 40%}}
smtp: {host: mail.example.com, port: 25, from: flow@example.com, username: flow}
commands: {prefix: platform}
labels: {research: [inquiry, "needs research"], workflow: stage}
weights: {scale: [1, 2, 3, 5, 8], research_above: 2, split_from: 8, security: none, spike: 3, label: "{side}-points::"}
severity: {scope: sev, values: [S1, S2, S3], urgent: [S1, S2]}
priority: {scope: "", values: [P1, P2]}
rules:
  weight-research: {above: 2}
  workflow-intake: {mode: shadow, label: "stage::design", days: 7}
  weight-scale: off
`,
		"FLOWKEEPER_GITLAB_TOKEN=glpat-abc", "FLOWKEEPER_SMTP_PASSWORD=a b", "FLOWKEEPER_WEBHOOK_SECRET=one, two", "FLOWKEEPER_SIGNING_TOKEN=whsec_YWJj",
		"FLOWKEEPER_REDIS_URL=rediss://u:p@redis/3", "FLOWKEEPER_DATA_DIR=/data", "FLOWKEEPER_LOG_LEVEL=debug", "FLOWKEEPER_LOG_FORMAT=console")
	if err != nil {
		t.Fatal(err)
	}

	want := config.Default(catalogue())
	want.GitLab = config.GitLab{
		URL: "https://git.example.com/gitlab", Projects: []string{"group/project", "42"}, Token: config.NewSecret("glpat-abc"),
		Rate: 600, NotesRate: 30,
	}
	want.Server = config.Server{
		URL: "https://bot.example.com/flow", DocsURL: "https://docs.example.com/rules", Listen: "0.0.0.0:80", TLSCert: "cert.pem", TLSKey: "key.pem", Admin: "[::1]:81",
		AdminHosts: []string{"flowkeeper", "prom.example.com"}, MaxBody: 10_000_000, Connections: 9, Drain: 90 * time.Second,
		WebhookSecrets: []config.Secret{config.NewSecret("one"), config.NewSecret("two")},
		SigningTokens:  []config.Secret{config.NewSecret("whsec_YWJj")},
	}
	want.Inbox = config.Inbox{
		Grace: 36 * time.Hour, TriageDays: 3, Lease: 5 * time.Second, Workers: 1, Attempts: 100, Max: 5000, Spool: 500,
		RedisURL: config.NewSecret("rediss://u:p@redis/3"), DataDir: "/data",
	}
	want.Team.Name, want.Team.GroupLabel, want.Team.Labels = "Platform", "group::platform", []string{}
	want.Team.Scope, want.Team.Side = config.ScopeLabelled, config.SideFrontend
	want.Team.Roster[triage.ProductManager] = []string{"alice", "bob"}
	want.Schedule = config.Schedule{Sweep: time.Minute, Hooks: 2 * time.Hour, Lookback: 7 * 24 * time.Hour}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want.Calendar = config.Calendar{
		Release: planning.Cadence{Weekday: time.Monday, Nth: 1}, Timezone: berlin,
		Holidays: []planning.Date{{Year: 2026, Month: time.December, Day: 25}, {Year: 2027, Month: time.January, Day: 1}},
	}
	want.Team.Emails = map[string]string{"alice": "alice@example.com"}
	want.Reports = config.Reports{
		Group: "12", Project: "group/planning",
		Triage:        config.TriageReport{Mode: triage.Act, Day: time.Friday, At: 23*time.Hour + 59*time.Minute, Cap: 3, CloseAfter: 7 * 24 * time.Hour},
		Planning:      config.PlanningReport{Mode: triage.Shadow},
		NeedsWeight:   config.NeedsWeightReport{Mode: triage.Act, PerEngineer: 2},
		Build:         config.BuildReport{Mode: triage.Act},
		Kickoff:       config.KickoffReport{Mode: triage.Shadow, Email: true},
		Retrospective: config.RetrospectiveReport{Mode: triage.Act},
	}
	december := func(day int) planning.Date { return planning.Date{Year: 2026, Month: time.December, Day: day} }
	want.Capacity = config.Capacity{
		Budget: 8, Rounding: planning.RoundNot, Share: map[string]int{"bob": 50},
		Away: map[string][]planning.DateRange{"alice": {{From: december(24), To: december(24)}, {From: december(28), To: december(28).AddDays(8)}}},
	}
	want.SLO = config.SLO{Near: [4]int{10, 20, 30, 40}}
	for i := range want.SLO.Bug {
		want.SLO.Bug[i], want.SLO.Infradev[i] = time.Duration(i+1)*24*time.Hour, time.Duration(i+1)*time.Hour
	}
	want.SMTP = config.SMTP{Host: "mail.example.com", Port: 25, From: "flow@example.com", Username: "flow", Password: config.NewSecret("a b")}
	want.Commands.Prefix = "platform"
	want.Log = config.Log{Level: "debug", Format: "console"}
	want.Labels[triage.Research] = []string{"inquiry", "needs research"}
	want.Labels[triage.WorkflowScope] = []string{"stage"}
	want.Weights = config.Weights{Scale: []int{1, 2, 3, 5, 8}, ResearchAbove: 2, SplitFrom: 8, Security: triage.SecurityNone, Spike: 3, Label: "{side}-points::"}
	want.Severity = config.Levels{Scope: "sev", Values: []string{"S1", "S2", "S3"}, Urgent: []string{"S1", "S2"}}
	want.Priority = config.Levels{Values: []string{"P1", "P2"}, Urgent: []string{"P1"}}
	want.Rules[0].Options["above"] = 2
	want.Rules[1].Mode, want.Rules[1].Options = triage.Shadow, triage.Options{"label": "stage::design", "days": 7}
	want.Rules[2].Mode = triage.Off
	want.File = got.File // in a directory of the test's own

	functions := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Decide" }, cmp.Ignore())
	places := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, functions, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEnvironmentBeatsFile(t *testing.T) {
	c, err := load(t, "gitlab: {url: https://file.example}\nserver: {listen: ':1', admin: ':2', admin_hosts: [file.example]}\n",
		"FLOWKEEPER_GITLAB_URL=https://env.example", "FLOWKEEPER_LISTEN=:3", "FLOWKEEPER_ADMIN_LISTEN=:4", "FLOWKEEPER_ADMIN_HOSTS=a, b.example", "FLOWKEEPER_LOG_LEVEL=")
	if err != nil {
		t.Fatal(err)
	}
	got := append([]string{c.GitLab.URL, c.Server.Listen, c.Server.Admin, c.Log.Level}, c.Server.AdminHosts...)
	if diff := cmp.Diff([]string{"https://env.example", ":3", ":4", "info", "a", "b.example"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhichFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, prefix := range map[string]string{"flowkeeper.yaml": "here", "named.yaml": "named", "given.yaml": "given"} {
		if err := os.WriteFile(name, []byte("commands: {prefix: "+prefix+"}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, path, env, want string
	}{
		{"the one that is there", "", "", "here"},
		{"the one that the environment names", "", "FLOWKEEPER_CONFIG=named.yaml", "named"},
		{"the argument first", "given.yaml", "FLOWKEEPER_CONFIG=named.yaml", "given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := config.Load(test.path, []string{test.env}, catalogue())
			if err != nil || c.Commands.Prefix != test.want {
				t.Errorf("prefix %q, %v; want %q", c.Commands.Prefix, err, test.want)
			}
		})
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	absent := filepath.Join(dir, "absent.yaml")
	for _, test := range []struct {
		name, path string
		environ    []string
		want       string
	}{
		{"absent", absent, nil, absent + ": there is no such file"},
		{"absent, named by the environment", "", []string{"FLOWKEEPER_CONFIG=" + absent}, absent + ": there is no such file; FLOWKEEPER_CONFIG names it"},
		{"directory", dir, nil, dir + ": this is a directory, a file is wanted"},
		{"device", os.DevNull, nil, os.DevNull + ": this is a pipe or a device, a file is wanted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Load(test.path, test.environ, catalogue())
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	c, err := load(t, `
inbox: {grace: 10m}
team: {scope: labelled, side: frontend, group_label: "group::x", labels: ["group::x"], roles: {appsec: [eve]}}
labels: {research: inquiry, workflow: stage}
rules: {weight-scale: off}
`)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policy()
	if p.Grace != 10*time.Minute || len(p.Settings) != 3 || p.Settings[2].Mode != triage.Off {
		t.Errorf("grace %s, %d settings, the last %s", p.Grace, len(p.Settings), p.Settings[2].Mode)
	}
	team := p.Team
	if !team.LabelledOnly || team.Side != "frontend" || team.GroupLabel != "group::x" {
		t.Errorf("team %+v", team.TeamConfig)
	}
	got := []string{team.Label(triage.Research), team.State("start"), team.Label(triage.UX), strings.Join(team.People(triage.AppSec), " ")}
	if diff := cmp.Diff([]string{"inquiry", "stage::start", "UX", "eve"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSharedSections: what rules share with the reports reaches each rule that declares it, and no section is left out.
func TestSharedSections(t *testing.T) {
	c := config.Default(rules.Catalogue())
	c.SLO.Bug[1], c.Calendar.Holidays = 42*time.Hour, []planning.Date{{Year: 2026, Month: time.December, Day: 25}}
	found := map[string]bool{}
	for _, s := range c.Policy().Settings {
		for _, shared := range s.Shared {
			found[shared.Section] = true
			switch v := s.Options[shared.Section].(type) {
			case planning.SLOOptions:
				if v.Bug[1] != 42*time.Hour || v.Near != planning.HandbookSLO.Near {
					t.Errorf("%s goes by the limits %+v", s.ID, v)
				}
			case planning.WorkingDays:
				if v.Has(planning.Date{Year: 2026, Month: time.December, Day: 25}) {
					t.Errorf("%s does not know the holidays", s.ID)
				}
			default:
				t.Errorf("%s gets %T of the section %s", s.ID, v, shared.Section)
			}
		}
	}
	if len(found) != 2 {
		t.Errorf("rules share the sections %v", found)
	}
}

// TestPrintLoadsBack is the promise of String: it is a file that gives the same configuration.
func TestPrintLoadsBack(t *testing.T) {
	first, err := load(t, `
team: {name: "it's \"quoted\": #1 – ü", labels: ["yes", "1", "a: b", "[x]", "'y'", "\\", "null"], group_label: "", roles: {quality: ["12"]}}
inbox: {settle: 1500ms, grace: 7d, freshness: 0s}
server: {max_body: 1000001}
gitlab: {projects: [7, a/b]}
reports: {group: "1", project: a/b, triage: {at: "00:00", mode: off}}
capacity: {away: {12: [2026-12-24, "2026-12-28..2027-01-05"]}, share: {"12": 0%}}
slo: {bug: [1h, 1d, 1d, 5d12h], near: {1: 0%}}
smtp: {host: h, from: "\"A, B: #1\" <a@b>"}
workflow: {states: [{name: in dev, is: intake, label: "🚧 \"x\": #1"}, "off", {name: d, is: done, needs: ["label:a: b"]}], beside: [{name: "1"}], moves: {"1": "off"}, start: d}
rules: {workflow-intake: {mode: off, label: "workflow::off"}}
labels: {ux: "off"}
`)
	if err != nil {
		t.Fatal(err)
	}
	second, err := load(t, first.String())
	if err != nil {
		t.Fatalf("loading what was printed: %v\n%s", err, first)
	}
	if diff := cmp.Diff(first.String(), second.String()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if got := second.Team.Labels; len(got) != 7 || got[0] != "yes" || got[5] != `\` {
		t.Errorf("labels %q", got)
	}
}

func TestReference(t *testing.T) {
	want := config.Reference(rules.Catalogue())
	if *update {
		if err := os.WriteFile("reference.yaml", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("reference.yaml is out of date, run go test ./config -update (-want +got):\n%s", diff)
	}
	c, err := config.Load("reference.yaml", nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(rules.Catalogue()).String(), c.String()); diff != "" {
		t.Errorf("the reference does not give the defaults (-want +got):\n%s", diff)
	}
	for _, r := range rules.Catalogue() {
		if !strings.Contains(string(got), "\n  "+r.ID+": ") {
			t.Errorf("the rule %s is missing", r.ID)
		}
	}
}

// problems unwraps the error of Load.
func problems(t *testing.T, err error) config.Problems {
	t.Helper()
	ps, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("not a list of problems: %v", err)
	}
	return ps
}
