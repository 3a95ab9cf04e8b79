package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"flowkeeper/config"
	"flowkeeper/rules"
)

// modeFlag is one of the values of config.Config.Mode; empty if the flag is not given.
type modeFlag string

func (m *modeFlag) UnmarshalText(text []byte) error {
	*m = modeFlag(text)
	if *m != config.ModeShadow && *m != config.ModeAct {
		return fmt.Errorf("%.80q is not allowed: write shadow or act; single rules have more modes, in the configuration file", text)
	}
	return nil
}

// load reads the configuration. The flag beats the variable.
func load(file string, mode modeFlag, environ []string) (config.Config, error) {
	if mode != "" {
		environ = append(slices.Clone(environ), "FLOWKEEPER_MODE="+string(mode))
	}
	return config.Load(file, environ, rules.Catalogue())
}

// loadToLook reads the configuration for a command that takes no deliveries: the secret of webhooks need not be there yet.
func loadToLook(file string, mode modeFlag, environ []string) (config.Config, error) {
	environ, _ = withoutEmptyFiles(environ)
	return load(file, mode, environ)
}

// configSource names the configuration that is in force, and says if no rule writes under it.
func configSource(c config.Config) string {
	if c.File == "" {
		policy := "the handbook's policy"
		if c.OnlyShadowReason() != "" {
			policy += ", in shadow"
		}
		return "no configuration file: " + policy + "; -c or FLOWKEEPER_CONFIG names a file"
	}
	name := c.File
	if full, err := filepath.Abs(name); err == nil {
		name = full
	}
	if watching := c.OnlyShadowReason(); watching != "" {
		name += "; no rule writes (shadow): " + watching
	}
	return name
}
