// Package config is what a team and an operator may decide: the policy file and the environment, read strictly. Nothing falls back
// silently; everything wrong is reported at once, with its place, what is allowed and the nearest match. Keys, defaults, checks and
// one-line helps are stated once, in schema.go; loading, printing and the reference file are walks over it.
//
// The package reads files and environment lists it is given. It does not look at the network, the clock or the process.
package config

import (
	"slices"
	"time"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Config is the whole configuration, complete and checked. Zero values mean what they say: there is no second round of defaults.
type Config struct {
	GitLab   GitLab
	Server   Server
	Inbox    Inbox
	Team     Team
	Schedule Schedule
	Commands Commands
	Log      Log

	// Labels are the names of every label role, the one to write first. No role is missing or without names.
	Labels map[triage.LabelRole][]string
	// All is how far a rule may go whose mode the file does not name.
	All triage.Mode
	// Rules has one setting for every rule of the catalogue, in its order, with All and Mode taken into account.
	Rules []engine.Setting

	// File is the configuration file that was read; empty if there is none.
	File string
	// Mode is ModeShadow or ModeAct; empty if nobody said it.
	Mode string
}

// The values of Config.Mode: no rule goes further than shadow, or each as far as the file says. If nobody says it, it is ModeAct with a
// configuration file, be it empty, and ModeShadow without: whoever has decided nothing yet should see what would happen first.
const (
	ModeShadow = "shadow"
	ModeAct    = "act"
)

// GitLab is the one GitLab that the bot serves.
type GitLab struct {
	URL      string   // base URL without a slash at its end: "https://gitlab.com"
	Projects []string // swept from the start, full paths or numeric ids; others are learned from deliveries
	Token    Secret   // access token; unset if the environment has none

	Rate      int // calls a minute by the whole fleet
	NotesRate int // those of them that write a comment
}

// Server is how the bot listens.
type Server struct {
	URL     string // public base address of the bot as GitLab sees it, without a slash at its end; empty if not known
	Listen  string // host:port of the webhook receiver; an empty host is every address
	TLSCert string // file of the certificate chain in PEM, for the webhook receiver; empty: plain HTTP
	TLSKey  string // file of its private key; set if and only if TLSCert is

	DocsURL     string        // the page about the rules, to which the note links; empty for none
	Admin       string        // host:port of health, metrics and explanations
	MaxBody     int64         // bytes, the largest delivery that is read
	AdminHosts  []string      // names by which the admin address may be asked
	Connections int           // of webhook clients at the same time
	Drain       time.Duration // how long a stop may take to finish or hand back claimed issues

	WebhookSecrets []Secret // any of them is a valid X-Gitlab-Token; several while rotating
	SigningTokens  []Secret // "whsec_…", any of them may have signed a delivery
}

// Inbox is how deliveries are kept and handled.
type Inbox struct {
	Settle time.Duration // an issue waits this long after the first event of a burst
	Grace  time.Duration // what only reminds waits this long after a person's last touch
	// TriageDays are the working days that what triage looks at anyway waits after an issue was opened.
	TriageDays int
	Lease      time.Duration // how long a worker may keep an issue without a sign of life
	Workers    int           // issues handled at the same time by one process
	Attempts   int           // tries before an issue becomes a dead letter
	Freshness  time.Duration // a delivered snapshot of this age or less is not read again from GitLab
	Max        int           // deliveries that wait at most
	Spool      int           // deliveries that the local spool holds at most

	RedisURL Secret // "redis://…" or "rediss://…", may hold a password; unset is the embedded store
	DataDir  string // directory of the embedded store and of the spool
}

// Team is the team whose issues are looked after.
type Team struct {
	Name       string   // as people call it
	GroupLabel string   // the label of the team's group; may be empty with ScopeAll
	Labels     []string // every issue of the team carries these
	Scope      string   // ScopeAll or ScopeLabelled
	Side       string   // SideBackend or SideFrontend: whose estimate a plain weight is
	Roster     map[triage.Role][]string
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
)

// Schedule is what the bot does without being asked.
type Schedule struct {
	Sweep    time.Duration // between two looks for events that GitLab did not deliver
	Hooks    time.Duration // between two looks for webhooks that GitLab disabled
	Lookback time.Duration // how far the first sweep looks back
}

// Commands is how people talk to the bot.
type Commands struct {
	Prefix string // without slash, lower case: "flow" for /flow
}

// Log is how the bot logs.
type Log struct {
	Level  string // "debug", "info", "warn" or "error"
	Format string // "json" or "console"; empty is json, or console on a terminal
}

// Default is the handbook's policy: what an empty file and an empty environment give. Without a file, Load puts every rule in shadow.
func Default(catalogue []triage.Rule) Config {
	c := Config{
		GitLab: GitLab{URL: "https://gitlab.com", Projects: []string{}, Rate: 1500, NotesRate: 50},
		Server: Server{Listen: ":8080", Admin: "127.0.0.1:8081", MaxBody: 25 << 20, Connections: 512, Drain: 20 * time.Second},
		Inbox: Inbox{
			Settle: 2 * time.Second, Grace: 5 * time.Minute, TriageDays: 1, Lease: time.Minute, Workers: 8, Attempts: 12,
			Freshness: 10 * time.Second, Max: 1_000_000, Spool: 100_000, DataDir: "./flowkeeper-data",
		},
		Team: Team{
			Name:       "Create:Source Code BE",
			GroupLabel: "group::source code",
			Labels:     []string{"backend", "devops::create", "Category:Source Code Management", "group::source code"},
			Scope:      ScopeAll,
			Side:       SideBackend,
			Roster:     map[triage.Role][]string{},
		},
		Schedule: Schedule{Sweep: 15 * time.Minute, Hooks: time.Hour, Lookback: 24 * time.Hour},
		Commands: Commands{Prefix: "flow"},
		Log:      Log{Level: "info"},
		Labels:   map[triage.LabelRole][]string{},
		All:      triage.Act,
		Rules:    engine.Defaults(catalogue),
	}
	for _, role := range triage.Roles() {
		c.Team.Roster[role] = []string{}
	}
	for _, d := range triage.LabelDefaults() {
		c.Labels[d.Role] = slices.Clone(d.Names)
	}
	return c
}

// Policy is the part of the configuration that decisions depend on.
func (c Config) Policy() engine.Policy {
	return engine.Policy{
		Team: triage.NewTeam(triage.TeamConfig{
			Name:         c.Team.Name,
			GroupLabel:   c.Team.GroupLabel,
			Labels:       c.Team.Labels,
			LabelledOnly: c.Team.Scope == ScopeLabelled,
			Side:         c.Team.Side,
			Roster:       c.Team.Roster,
			Names:        c.Labels,
			Prefix:       c.Commands.Prefix,
			Docs:         c.Server.DocsURL,
		}),
		Settings:   c.Rules,
		Commands:   rules.Commands(),
		Grace:      c.Inbox.Grace,
		Settle:     c.Inbox.Settle,
		TriageDays: c.Inbox.TriageDays,
	}
}
