package config

import (
	"flowkeeper/rules/triage"
)

// limit keeps the rules below what was said for all of them. A rule whose mode the file names is limited only by the mode of the whole.
func (r *reader) limit(c *Config) {
	most := triage.Act
	if c.Mode == ModeShadow || c.Mode == "" && c.File == "" {
		most = triage.Shadow
	}
	c.All = min(c.All, most)
	for i := range c.Rules {
		s := &c.Rules[i]
		path := under("rules", s.ID)
		_, named := r.origin[path]
		_, spelled := r.origin[under(path, modeKey)]
		if !named && !spelled {
			s.Mode = min(s.Mode, c.All)
		}
		s.Mode = min(s.Mode, most)
	}
}

// Watching says why no rule writes or reminds; empty if some may.
func (c Config) Watching() string {
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
