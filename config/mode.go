package config

import (
	"flowkeeper/rules/triage"
)

// capModes limits the modes of the rules, those that the file does not name by rules.all, and of all rules and reports by the mode of the whole bot.
func (r *reader) capModes(c *Config) {
	most := triage.Act
	if c.Mode == ModeShadow || c.Mode == "" && c.File == "" {
		most = triage.Shadow
	}
	c.All = min(c.All, most)
	for i := range c.Rules {
		s := &c.Rules[i]
		path := joinPath("rules", s.ID)
		_, named := r.origin[path]
		_, spelled := r.origin[joinPath(path, modeKey)]
		if !named && !spelled {
			s.Mode = min(s.Mode, c.All)
		}
		s.Mode = min(s.Mode, most)
	}
	for _, m := range c.Reports.modes() {
		*m.mode = min(*m.mode, most)
	}
}

// OnlyShadowReason says why no rule may do more than shadow; empty if some may.
func (c Config) OnlyShadowReason() string {
	for _, s := range c.Rules {
		if s.Mode > triage.Shadow {
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
