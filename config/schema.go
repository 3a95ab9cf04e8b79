package config

import (
	"time"

	"flowkeeper/rules/triage"
)

// schema is the configuration file: every key with its help, bound to the fields of c. The values that c holds meanwhile are the
// defaults.
func schema(c *Config) section {
	return section{keys: []key{
		{"gitlab", "The GitLab that is served", section{keys: []key{
			{"url", "Base URL", baseURL(&c.GitLab.URL)},
			{"projects", "Projects that are caught up from the start, full paths or ids; others as soon as they deliver", projects(&c.GitLab.Projects)},
			{"rate", "Calls of GitLab's API a minute, by all replicas together; gitlab.com allows 2000 for a user", count(&c.GitLab.Rate, 10, 100_000)},
			{"notes_rate", "Those of them that write a comment; gitlab.com allows 60", count(&c.GitLab.NotesRate, 1, 10_000)},
		}}},
		{"server", "How the bot listens", section{keys: []key{
			{"url", "Where GitLab finds the bot, https://flowkeeper.example.com: tells its own webhooks from others; empty if that is not known", publicURL(&c.Server.URL)},
			{"listen", "Address for webhooks", listenAddress(&c.Server.Listen)},
			{"tls_cert", "File with the certificate and those that vouch for it, in PEM: webhooks come by HTTPS then; empty if a proxy does that", pemFile(&c.Server.TLSCert)},
			{"tls_key", "File with the certificate's private key, in PEM", pemFile(&c.Server.TLSKey)},
			{"admin", "Address for health, metrics and explanations; keep it private", listenAddress(&c.Server.Admin)},
			{"admin_hosts", "Names by which it may be asked, as Prometheus does by the name of a service; by IP address and for localhost it always may", hosts(&c.Server.AdminHosts)},
			{"docs_url", "Where people read about the rules, a page like this repository's rules/README.md: the note links its rules there; empty links nowhere", docsURL(&c.Server.DocsURL)},
			{"max_body", "Largest delivery that is read", size(&c.Server.MaxBody, 64<<10, 256<<20)},
			{"connections", "Connections for webhooks at the same time; beyond, the one that was silent for longest is closed, a stranger's first", count(&c.Server.Connections, 1, 100_000)},
			{"drain", "How long a stop may take to finish or hand back issues", duration(&c.Server.Drain, time.Second, 10*time.Minute)},
		}}},
		{"inbox", "How deliveries are handled", section{keys: []key{
			{"settle", "An issue waits this long for more of a burst; at most grace", duration(&c.Inbox.Settle, 0, time.Minute)},
			{"grace", "Reminders wait this long after a person's last touch", duration(&c.Inbox.Grace, 0, 7*day)},
			{"triage_days", "Working days that reminders of type, severity and priority wait on a new issue, for triage to come first", count(&c.Inbox.TriageDays, 0, 30)},
			{"lease", "A worker that gives no sign of life for this long loses its issue", duration(&c.Inbox.Lease, 5*time.Second, time.Hour)},
			{"workers", "Issues handled at the same time by one process", count(&c.Inbox.Workers, 1, 256)},
			{"attempts", "Tries before an issue becomes a dead letter", count(&c.Inbox.Attempts, 1, 100)},
			{"freshness", "A delivered snapshot of this age or less is not read again from GitLab", duration(&c.Inbox.Freshness, 0, time.Hour)},
			{"max", "Deliveries that wait at most; more are refused until some are handled", count(&c.Inbox.Max, 1, 100_000_000)},
			{"spool", "Deliveries that are kept on disk at most while Redis is away", count(&c.Inbox.Spool, 1, 10_000_000)},
		}}},
		{"team", "Whose issues are looked after", section{keys: []key{
			{"name", "As people call the team", text(&c.Team.Name, "a name", line)},
			{"group_label", "The label of the team's group", text(&c.Team.GroupLabel, "a label", groupLabel)},
			{"labels", "Every issue of the team carries these", teamLabels(&c.Team.Labels)},
			{"scope", "Which issues are ours: all that carry no other group's label, or only those labelled with group_label", choice(&c.Team.Scope, ScopeAll, ScopeLabelled)},
			{"side", "Whose estimate a plain weight is on an issue of both sides", choice(&c.Team.Side, SideBackend, SideFrontend)},
			{"roles", "Who fills which role, by GitLab username", roster(c)},
		}}},
		{"schedule", "What is done without being asked", section{keys: []key{
			{"sweep", "Between two looks for events that GitLab did not deliver", duration(&c.Schedule.Sweep, time.Minute, day)},
			{"hooks", "Between two looks for webhooks that GitLab disabled", duration(&c.Schedule.Hooks, time.Minute, day)},
			{"lookback", "How far a sweep looks back that knows of none before, but not to before the project first delivered or was listed; at least sweep", duration(&c.Schedule.Lookback, time.Minute, 30*day)},
		}}},
		{"commands", "How people talk to the bot", section{keys: []key{
			{"prefix", "The word behind the slash: /flow help", text(&c.Commands.Prefix, "a word", prefix)},
		}}},
		{"labels", "What labels are called: a name, or a list of names of which the first is written and all are recognised", labels(c)},
		{"rules", "How far each rule may go: off; shadow: decided and recorded; remind: on the bot's note; act: done.\n" +
			"A mode, or a mode with options: {mode: act, option: value}", ruleSection(c)},
	}}
}

// text is a word or a line.
func text(field *string, want string, check func(literal) (string, *flaw)) one[string] {
	return one[string]{field: field, want: want, format: yamlText, parse: check}
}

// list binds a list to a field.
func list(field *[]string, m many) many {
	m.get = func() []string { return *field }
	m.put = func(items []string) { *field = items }
	return m
}

func projects(field *[]string) many {
	return list(field, many{want: "projects", example: "[group/project]", item: project})
}

func hosts(field *[]string) many {
	return list(field, many{want: "host names", example: "[flowkeeper]", item: hostName})
}

func teamLabels(field *[]string) many {
	return list(field, many{want: "labels", example: `[backend, "devops::create"]`, item: label, whole: oneOfEachScope})
}

// roster is who fills the roles.
func roster(c *Config) section {
	s := section{noun: "role"}
	for _, role := range triage.Roles() {
		s.keys = append(s.keys, key{name: string(role), kind: many{
			want: "usernames", example: "[alice, bob]", item: username,
			get: func() []string { return c.Team.Roster[role] },
			put: func(items []string) { c.Team.Roster[role] = items },
		}})
	}
	return s
}

// labels are the names of the label roles.
func labels(c *Config) section {
	s := section{noun: "label role"}
	for _, d := range triage.LabelDefaults() {
		m := many{
			want: "labels", example: exampleList(d.Names), single: true, least: 1, item: label,
			get: func() []string { return c.Labels[d.Role] },
			put: func(items []string) { c.Labels[d.Role] = items },
		}
		help := ""
		if d.Scope {
			m.want, m.item = "scopes", scope
			help = "A scope, without ::"
		}
		s.keys = append(s.keys, key{name: d.Key, help: help, kind: m})
	}
	return s
}

// exampleList shows names as a list.
func exampleList(names []string) string {
	return many{get: func() []string { return names }}.text()
}
