package config

import (
	"flowkeeper/rules/triage"
)

// capModes limits the modes of the rules and policies, those that the file does not name by rules.all, and of all rules and reports by the mode of the whole bot.
func (r *reader) capModes(c *Config) {
	most := triage.Act
	if c.Mode == ModeShadow || c.Mode == "" && c.File == "" {
		most = triage.Shadow
	}
	c.All = min(c.All, most)
	for i := range c.Rules {
		r.capMode(&c.Rules[i].Mode, c.Rules[i].ID, c.All, most)
	}
	for i := range c.Policies.Rules {
		r.capMode(&c.Policies.Rules[i].Mode, c.Policies.Rules[i].ID, c.All, most)
	}
	for i := range c.Policies.Entries {
		r.capMode(&c.Policies.Entries[i].Mode, c.Policies.Entries[i].ID, c.All, most)
	}
	for _, m := range c.Reports.modes() {
		*m.mode = min(*m.mode, most)
	}
}

// capMode limits the mode of a rule, by that of all unless the file names it.
func (r *reader) capMode(mode *triage.Mode, id string, all, most triage.Mode) {
	path := joinPath("rules", id)
	_, named := r.origin[path]
	_, spelled := r.origin[joinPath(path, modeKey)]
	if !named && !spelled {
		*mode = min(*mode, all)
	}
	*mode = min(*mode, most)
}

// OnlyShadowReason says why no rule may do more than shadow; empty if some may.
func (c Config) OnlyShadowReason() string {
	for _, s := range c.Rules {
		if s.Mode > triage.Shadow {
			return ""
		}
	}
	for _, p := range c.Policies.Rules {
		if p.Mode > triage.Shadow {
			return ""
		}
	}
	switch {
	case c.Mode == ModeShadow:
		return "the mode is shadow (--mode, FLOWKEEPER_MODE)"
	case c.Mode == "" && c.File == "":
		return "there is no configuration file; an empty " + DefaultPath + " or --mode act lets the rules act"
	default:
		return c.File + " lets no rule do more"
	}
}
