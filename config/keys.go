package config

import (
	"slices"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// schema is every key of the configuration, each defined once beside the field that holds it: where it is written, what it means, what it may
// be and is by default, and whether a running bot takes another value over. Parsing, printing, the reference, the defaults and reloading are
// walks over it.
func schema(c *Config) section {
	all := section{keys: slices.Concat([]key{
		{name: "gitlab", help: "The GitLab that is served", kind: section{keys: c.GitLab.keys()}},
		{name: "server", help: "How the bot listens", kind: section{keys: c.Server.keys()}},
		{name: "inbox", help: "How deliveries are handled", kind: section{keys: c.Inbox.keys()}},
		{name: "team", reloadable: true, help: "Whose issues are looked after", kind: section{keys: c.Team.keys()}},
		{name: "workflow", reloadable: true, help: "The states that issues go through. Without states: the handbook's", kind: section{keys: c.Workflow.keys()}},
		{name: "schedule", help: "What is done without being asked", kind: section{keys: c.Schedule.keys()}},
		{name: "calendar", reloadable: true, help: "When releases are, and on which days nobody works", kind: section{keys: c.Calendar.keys()}},
		{name: "reports", reloadable: true, help: "What the team gets by date. Modes: off; shadow: composed and shown on the admin address; act: opened in GitLab and kept up to date", kind: section{keys: c.Reports.keys()}},
		{name: "capacity", reloadable: true, help: "How much work a milestone holds", kind: section{keys: c.Capacity.keys()}},
		{name: "slo", reloadable: true, help: "How long bugs may stay open", kind: section{keys: c.SLO.keys()}},
		{name: "smtp", reloadable: true, help: "The server that takes mails", kind: section{keys: c.SMTP.keys()}},
		{name: "commands", reloadable: true, help: "How people talk to the bot", kind: section{keys: c.Commands.keys()}},
		{name: "labels", reloadable: true, help: "What labels are called: a name, or a list of names of which the first is written and all are recognised", kind: labelsSection(c)},
		{name: "weights", reloadable: true, help: "The team's estimates; weights: none for a team that has none", kind: section{keys: c.Weights.keys(), off: &c.Weights.None}},
		{name: "severity", reloadable: true, help: "How bad an issue is; severity: none for a team that does not say it", kind: section{off: &c.Severity.None,
			keys: c.Severity.keys(triage.HandbookSeverity(), "What needs an owner at once, the one of security issues and of /flow triage urgent first")}},
		{name: "priority", reloadable: true, help: "How soon an issue is to be done; priority: none for a team that does not say it", kind: section{off: &c.Priority.None,
			keys: c.Priority.keys(triage.HandbookPriority(), "What an issue of an urgent severity may have, the one of /flow triage urgent first")}},
		{name: "rules", reloadable: true, help: "How far each rule may go: off; shadow: decided and recorded; remind: on the bot's note; act: done.\n" +
			"A mode, or a mode with options: {mode: act, option: value}", kind: ruleSection(c)},
	}, policyKeys(c), []key{
		{variable: "FLOWKEEPER_MODE", reloadable: true, help: "act: rules go as far as the file says; shadow: none goes further than that. If not set: act with a configuration file, even an empty one, shadow without",
			kind: withUnsetText(choiceValue(&c.Mode, "", ModeShadow, ModeAct), "not set")},
	}, c.Log.keys())}
	all.other = "allowed: " + joinWords(all.names())
	return all
}

const notInFile = "secrets do not belong in the file"

// GitLab is the one GitLab that the bot serves.
type GitLab struct {
	URL      string // without a slash at its end: "https://gitlab.com"
	Projects []string
	Token    Secret // unset if the environment has none

	Rate      int // calls a minute
	NotesRate int // calls a minute
}

func (g *GitLab) keys() []key {
	return []key{
		{name: "url", variable: "FLOWKEEPER_GITLAB_URL", help: "Base URL", kind: baseURLValue(&g.URL, "https://gitlab.com")},
		{name: "projects", help: "Projects that are caught up from the start, full paths or ids; others as soon as they deliver",
			kind: bindList(&g.Projects, listValue{want: "projects", example: "[group/project]", form: projectShape, item: parseProject})},
		{name: "rate", help: "Calls of GitLab's API a minute, by all replicas together; gitlab.com allows 2000 for a user", kind: intValue(&g.Rate, 1500, 10, 100_000)},
		{name: "notes_rate", help: "Those of them that write a comment; gitlab.com allows 60", kind: intValue(&g.NotesRate, 50, 1, 10_000)},
		{variable: "FLOWKEEPER_GITLAB_TOKEN", orFile: true, reloadable: true, help: "project or group access token, scope api, role Reporter or Planner",
			searchNames: "token gitlab_token access_token private_token", whyNotInFile: notInFile, kind: secretValue(&g.Token, parseAccessToken)},
	}
}

// Server is how the bot listens.
type Server struct {
	URL     string // as GitLab sees the bot, without a slash at its end; empty if not known
	Listen  string // host:port; an empty host is every address
	TLSCert string // file in PEM; empty: plain HTTP
	TLSKey  string // file in PEM; set if and only if TLSCert is

	DocsURL     string // empty for none
	Admin       string // host:port
	AdminHosts  []string
	AdminURL    string // as people reach the admin address, without a slash at its end; empty for none
	AdminToken  Secret // unset: the admin address asks for none
	MaxBody     int64  // bytes
	Connections int
	Drain       time.Duration

	WebhookSecrets []Secret // any of them is a valid X-Gitlab-Token; several while rotating
	SigningTokens  []Secret // "whsec_…", any of them may have signed a delivery
}

func (s *Server) keys() []key {
	return []key{
		{name: "url", variable: "FLOWKEEPER_URL", help: "Where GitLab finds the bot, https://flowkeeper.example.com: tells its own webhooks from others; empty if that is not known", kind: publicURLValue(&s.URL)},
		{name: "listen", variable: "FLOWKEEPER_LISTEN", help: "Address for webhooks", kind: listenAddressValue(&s.Listen, ":8080")},
		{name: "tls_cert", variable: "FLOWKEEPER_TLS_CERT", reloadable: true, help: "File with the certificate and those that vouch for it, in PEM: webhooks come by HTTPS then; empty if a proxy does that", kind: pemFileValue(&s.TLSCert)},
		{name: "tls_key", variable: "FLOWKEEPER_TLS_KEY", reloadable: true, help: "File with the certificate's private key, in PEM", kind: pemFileValue(&s.TLSKey)},
		{name: "admin", variable: "FLOWKEEPER_ADMIN_LISTEN", help: "Address for health, metrics and explanations; keep it private", kind: listenAddressValue(&s.Admin, "127.0.0.1:8081")},
		{name: "admin_hosts", variable: "FLOWKEEPER_ADMIN_HOSTS", help: "Names by which it may be asked, as Prometheus does by the name of a service; by IP address and for localhost it always may",
			kind: bindList(&s.AdminHosts, listValue{want: "host names", example: "[flowkeeper]", item: parseHostName})},
		{name: "admin_url", variable: "FLOWKEEPER_ADMIN_URL", reloadable: true, help: "Where people reach the admin address, https://flowkeeper-admin.example.com: the note's “Why am I seeing this?” links to the decision there; empty links nowhere",
			kind: pageURLValue(&s.AdminURL, "https://flowkeeper-admin.example.com")},
		{name: "docs_url", reloadable: true, help: "Where people read about the rules, a page like this repository's rules/README.md: the note links its rules there; empty links nowhere", kind: pageURLValue(&s.DocsURL, "https://docs.example.com/rules")},
		{name: "max_body", help: "Largest delivery that is read", kind: sizeValue(&s.MaxBody, 25<<20, 64<<10, 256<<20)},
		{name: "connections", help: "Connections for webhooks at the same time; beyond, the one that was silent for longest is closed, a stranger's first", kind: intValue(&s.Connections, 512, 1, 100_000)},
		{name: "drain", help: "How long a stop may take to finish or hand back issues", kind: durationValue(&s.Drain, 20*time.Second, time.Second, 10*time.Minute)},
		{variable: adminTokenVariable, orFile: true, help: "who shows it may read and change what the admin address has, at least 16 characters; without it everybody who reaches the address reads, and only scripts change",
			searchNames: "admin_token", whyNotInFile: notInFile, kind: secretValue(&s.AdminToken, parseAdminToken)},
		{variable: "FLOWKEEPER_WEBHOOK_SECRET", orFile: true, reloadable: true, help: "X-Gitlab-Token of the webhook; several, comma-separated, while rotating",
			searchNames: "secret webhook_secret webhook_token secret_token", whyNotInFile: notInFile, kind: secretList{&s.WebhookSecrets, parseWebhookSecret}},
		{variable: "FLOWKEEPER_SIGNING_TOKEN", orFile: true, reloadable: true, help: "whsec_…, the signing token of the webhook; several, comma-separated, while rotating",
			searchNames: "signing_token signing_secret", whyNotInFile: notInFile, kind: secretList{&s.SigningTokens, parseSigningToken}},
	}
}

// Inbox is how deliveries are kept and handled.
type Inbox struct {
	Settle     time.Duration
	Grace      time.Duration
	TriageDays int
	Lease      time.Duration
	Workers    int
	Attempts   int
	Freshness  time.Duration
	Max        int // deliveries
	Spool      int // deliveries

	RedisURL Secret // "redis://…" or "rediss://…", may hold a password; unset is the embedded store
	DataDir  string
}

func (i *Inbox) keys() []key {
	return []key{
		{name: "settle", reloadable: true, help: "An issue waits this long for more of a burst; at most grace", kind: durationValue(&i.Settle, 2*time.Second, 0, time.Minute)},
		{name: "grace", reloadable: true, help: "Reminders wait this long after a person's last touch", kind: durationValue(&i.Grace, 5*time.Minute, 0, 7*day)},
		{name: "triage_days", reloadable: true, help: "Working days that reminders of type, severity and priority wait on a new issue, for triage to come first", kind: intValue(&i.TriageDays, 1, 0, 30)},
		{name: "lease", help: "A worker that gives no sign of life for this long loses its issue", kind: durationValue(&i.Lease, time.Minute, 5*time.Second, time.Hour)},
		{name: "workers", help: "Issues handled at the same time by one process", kind: intValue(&i.Workers, 8, 1, 256)},
		{name: "attempts", help: "Tries before an issue becomes a dead letter", kind: intValue(&i.Attempts, 12, 1, 100)},
		{name: "freshness", help: "A delivered snapshot of this age or less is not read again from GitLab", kind: durationValue(&i.Freshness, 10*time.Second, 0, time.Hour)},
		{name: "max", help: "Deliveries that wait at most; more are refused until some are handled", kind: intValue(&i.Max, 1_000_000, 1, 100_000_000)},
		{name: "spool", help: "Deliveries that are kept on disk at most while Redis is away", kind: intValue(&i.Spool, 100_000, 1, 10_000_000)},
		{variable: "FLOWKEEPER_REDIS_URL", orFile: true, help: "redis://… or rediss://…; without it the inbox is embedded",
			searchNames: "redis redis_url", whyNotInFile: "Redis is not named in the file, its URL may hold a password", kind: redisURLValue(&i.RedisURL)},
		{variable: "FLOWKEEPER_DATA_DIR", help: "directory of the embedded inbox, or of what each replica keeps beside Redis; " + defaultDataDir + " if not set",
			searchNames: "data_dir", whyNotInFile: "the data directory is not set in the file", kind: textValue(&i.DataDir, defaultDataDir, "a directory", parseTextLine)},
	}
}

const defaultDataDir = "./flowkeeper-data"

// Team is the team whose issues are looked after.
type Team struct {
	Name       string
	GroupLabel string // may be empty with ScopeAll
	Labels     []string
	Scope      string // ScopeAll or ScopeLabelled
	Side       string // SideBackend, SideFrontend or SideNone
	Roster     map[triage.Role][]string
	Emails     map[string]string // by username, as Roster spells it
}

// The values of Team.Scope: every issue that carries no other group's label, or only those with the team's group label.
const (
	ScopeAll      = "all"
	ScopeLabelled = "labelled"
)

// The values of Team.Side.
const (
	SideBackend  = "backend"
	SideFrontend = "frontend"
	SideNone     = "none" // an issue has one weight, whoever works on it
)

func (t *Team) keys() []key {
	const group = "group::source code"
	return []key{
		{name: "name", help: "As people call the team", kind: textValue(&t.Name, "Create:Source Code BE", "a name", parseTextLine)},
		{name: "group_label", help: "The label of the team's group", kind: textValue(&t.GroupLabel, group, "a label", parseGroupLabel)},
		{name: "labels", help: "Every issue of the team carries these", kind: bindList(&t.Labels, listValue{
			want: "labels", example: `[backend, "devops::create"]`, item: parseLabel, check: checkOnePerScope,
			standard: []string{"backend", "devops::create", "Category:Source Code Management", group},
		})},
		{name: "scope", help: "Which issues are ours: all that carry no other group's label, or only those labelled with group_label", kind: choiceValue(&t.Scope, ScopeAll, ScopeAll, ScopeLabelled)},
		{name: "side", help: "Whose estimate a plain weight is on an issue of both sides; none for a team without sides", kind: choiceValue(&t.Side, SideBackend, SideBackend, SideFrontend, SideNone)},
		{name: "roles", help: "Who fills which role, by GitLab username", kind: rosterSection(t)},
		{name: "emails", help: "Where mails for them go: {eric: eric@example.com}; nobody else gets any", kind: byPerson[string]{
			field: &t.Emails, example: "eric: eric@example.com", value: func(v *string) schemaValue { return addressValue(v) },
		}},
	}
}

// rosterSection is who fills the roles.
func rosterSection(t *Team) section {
	s := section{noun: "role"}
	for _, role := range triage.Roles() {
		s.keys = append(s.keys, key{name: string(role), kind: listValue{
			want: "usernames", example: "[alice, bob]", item: parseUsername,
			get: func() []string { return t.Roster[role] },
			put: func(items []string) { t.Roster[role] = items },
		}})
	}
	return s
}

// Schedule is what the bot does without being asked.
type Schedule struct {
	Sweep    time.Duration
	Hooks    time.Duration
	Lookback time.Duration
}

func (s *Schedule) keys() []key {
	return []key{
		{name: "sweep", help: "Between two looks for events that GitLab did not deliver", kind: durationValue(&s.Sweep, 15*time.Minute, time.Minute, day)},
		{name: "hooks", help: "Between two looks for webhooks that GitLab disabled", kind: durationValue(&s.Hooks, time.Hour, time.Minute, day)},
		{name: "lookback", help: "How far a sweep looks back that knows of none before, but not to before the project first delivered or was listed; at least sweep", kind: durationValue(&s.Lookback, day, time.Minute, 30*day)},
	}
}

// Calendar is what the team's dates are reckoned by where GitLab's milestones do not tell them.
type Calendar struct {
	Release  planning.Cadence
	Holidays []planning.Date
	Timezone *time.Location // that tells which day it is
}

func (c *Calendar) keys() []key {
	return []key{
		{name: "release", help: "The day of the monthly release; a milestone ends the Friday before it. The dates that milestones have in GitLab win", kind: section{keys: []key{
			{name: "weekday", kind: weekdayValue(&c.Release.Weekday, planning.HandbookCadence.Weekday)},
			{name: "nth", help: "Which of these days in a month: 3 is the third", kind: intValue(&c.Release.Nth, planning.HandbookCadence.Nth, 1, 4)},
		}}},
		{name: "holidays", help: "Days on which nobody works, beside Saturdays and Sundays: what is due moves to the next working day", kind: holidayList(&c.Holidays)},
		{name: "timezone", help: "By whose clock a day begins: UTC, or a place such as Europe/Berlin", kind: timezoneValue(&c.Timezone)},
	}
}

// Commands is how people talk to the bot.
type Commands struct {
	Prefix string // without slash, lower case: "flow" for /flow
}

func (c *Commands) keys() []key {
	return []key{{name: "prefix", help: "The word behind the slash: /flow help", kind: textValue(&c.Prefix, "flow", "a word", parsePrefix)}}
}

// Log is how the bot logs.
type Log struct {
	Level  string
	Format string // "json" or "console"; empty is json, or console on a terminal
}

func (l *Log) keys() []key {
	const sought, apart = "log logging log_level log_format", "logging is not set in the file"
	return []key{
		{variable: "FLOWKEEPER_LOG_LEVEL", help: "debug, info, warn or error; info if not set", searchNames: sought, whyNotInFile: apart,
			kind: choiceValue(&l.Level, "info", "debug", "info", "warn", "error")},
		{variable: "FLOWKEEPER_LOG_FORMAT", help: "json or console; json if not set, console on a terminal", searchNames: sought, whyNotInFile: apart,
			kind: withUnsetText(choiceValue(&l.Format, "", "json", "console"), "json, console on a terminal")},
	}
}

// labelsSection are the names of the label roles.
func labelsSection(c *Config) section {
	s := section{noun: "label role", moved: map[string]string{
		"severity": "write severity: {scope: …} outside of labels", "priority": "write priority: {scope: …} outside of labels",
	}}
	for _, d := range triage.LabelDefaults() {
		m := listValue{
			want: "labels", example: exampleList(d.Names), single: true, least: 1, item: parseLabel, standard: d.Names,
			get: func() []string { return c.Labels[d.Role] },
			put: func(items []string) { c.Labels[d.Role] = items },
		}
		help := ""
		if d.Scope {
			m.want, m.item = "scopes", parseScope
			help = "A scope, without ::"
		}
		if d.Role == triage.WorkflowScope {
			m.item, m.form = parseWorkflowScope, shape{"type": "string"}
			help += "; \"\" if the labels of the states have none"
		}
		s.keys = append(s.keys, key{name: d.Key, help: help, kind: m})
	}
	return s
}
