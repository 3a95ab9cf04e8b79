// Package config is what a team and an operator may decide: the policy file and the environment, read strictly. Nothing falls back
// silently; everything wrong is reported at once, with its place, what is allowed and the nearest match. Each key is defined once, in
// keys.go.
//
// The package reads files and environment lists it is given. It does not look at the network, the clock or the process.
package config

import (
	"maps"
	"slices"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// Config is the whole configuration, complete and checked. Zero values mean what they say: there is no second round of defaults.
type Config struct {
	GitLab   GitLab
	Server   Server
	Inbox    Inbox
	Team     Team
	Workflow Workflow
	Schedule Schedule
	Calendar Calendar
	Reports  Reports
	Capacity Capacity
	SLO      SLO
	SMTP     SMTP
	Commands Commands
	Policies Policies
	Log      Log
	Weights  Weights
	Severity Levels
	Priority Levels

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

// The values of Config.Mode: no rule and no report goes further than shadow, or each as far as the file says. If nobody says it, it is ModeAct with a
// configuration file, be it empty, and ModeShadow without: whoever has decided nothing yet should see what would happen first.
const (
	ModeShadow = "shadow"
	ModeAct    = "act"
)

// Default is the handbook's policy: what an empty file and an empty environment give. Without a file, Load puts every rule in shadow.
func Default(catalogue []triage.Rule) Config {
	c := Config{Labels: map[triage.LabelRole][]string{}, Rules: engine.Defaults(catalogue)}
	c.Team.Roster = map[triage.Role][]string{}
	schema(&c).reset()
	return c
}

// settings are the rules with what other sections say to them, and the policies behind them in the order of their files.
func (c Config) settings() []engine.Setting {
	shared := map[string]any{
		"slo":      planning.SLOOptions{Bug: c.SLO.Bug, Infradev: c.SLO.Infradev, Near: c.SLO.Near},
		"calendar": planning.NewWorkingDays(c.Calendar.Holidays),
	}
	settings := slices.Clone(c.Rules)
	for n := range settings {
		s := &settings[n]
		if len(s.Shared) > 0 {
			s.Options = maps.Clone(s.Options)
		}
		for _, section := range s.Shared {
			s.Options[section.Section] = shared[section.Section]
		}
	}
	for _, p := range c.Policies.Rules {
		rule := p.Rule()
		settings = append(settings, engine.Setting{Rule: rule, Mode: p.Mode, Options: rule.Defaults()})
	}
	return settings
}

// Policy is the part of the configuration that decisions depend on.
func (c Config) Policy() engine.Policy {
	settings := c.settings()
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
			Workflow:     c.workflow(),
			Store:        c.Workflow.Store,
			Docs:         c.Server.DocsURL,
			Admin:        c.Server.AdminURL,
			Scale:        c.Weights.policy(),
			Severity:     c.Severity.policy(),
			Priority:     c.Priority.policy(),
		}),
		Settings:   settings,
		Index:      engine.NewIndex(settings),
		Commands:   rules.Commands(),
		Grace:      c.Inbox.Grace,
		Settle:     c.Inbox.Settle,
		TriageDays: c.Inbox.TriageDays,
	}
}
