package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
)

// modes are the modes of the rules as loaded, in the order of the catalogue.
func modes(c config.Config) string {
	var all []string
	for _, s := range c.Rules {
		all = append(all, s.Mode.String())
	}
	return strings.Join(all, " ")
}

// TestHowFarRulesGo: without a file all rules are in shadow; a file, be it empty, decides; rules.all limits those that are not named, the
// mode limits them all.
func TestHowFarRulesGo(t *testing.T) {
	const none = "no file"
	for name, c := range map[string]struct {
		source, mode, want, watching string
	}{
		"no file":             {none, "", "shadow shadow shadow", "there is no configuration file"},
		"no file, act":        {none, "act", "act act remind", ""},
		"no file, shadow":     {none, "shadow", "shadow shadow shadow", "the mode is shadow"},
		"empty file":          {"", "", "act act remind", ""},
		"empty file, shadow":  {"", "shadow", "shadow shadow shadow", "the mode is shadow"},
		"all":                 {"rules: {all: shadow}", "", "shadow shadow shadow", "flowkeeper.yaml lets no rule do more"},
		"all, act":            {"rules: {all: shadow}", "act", "shadow shadow shadow", "flowkeeper.yaml lets no rule do more"},
		"all remind":          {"rules: {all: remind}", "", "remind remind remind", ""},
		"all off":             {"rules: {all: off}", "", "off off off", "flowkeeper.yaml lets no rule do more"},
		"all act":             {"rules: {all: act}", "", "act act remind", ""},
		"named":               {"rules: {all: shadow, weight-research: act}", "", "act shadow shadow", ""},
		"named before":        {"rules: {weight-research: remind, all: shadow}", "", "remind shadow shadow", ""},
		"named with options":  {"rules: {all: shadow, weight-research: {mode: act, above: 2}}", "", "act shadow shadow", ""},
		"only an option":      {"rules: {all: shadow, weight-research: {above: 2}}", "", "shadow shadow shadow", "flowkeeper.yaml lets no rule do more"},
		"named lower":         {"rules: {all: remind, weight-research: off}", "", "off remind remind", ""},
		"named, but shadowed": {"rules: {weight-research: act}", "shadow", "shadow shadow shadow", "the mode is shadow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			environ := []string{"FLOWKEEPER_MODE=" + c.mode}
			loaded, err := config.Load("", environ, catalogue())
			if c.source != none {
				loaded, err = load(t, c.source, environ...)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := modes(loaded); got != c.want {
				t.Errorf("the rules are in %s, want %s", got, c.want)
			}
			if got := loaded.OnlyShadowReason(); got == "" != (c.watching == "") || !strings.Contains(got, c.watching) {
				t.Errorf("why they only watch: %q, want %q", got, c.watching)
			}
			again, err := load(t, loaded.String(), environ...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(loaded.String(), again.String()); diff != "" {
				t.Errorf("printed and loaded again (-before +after):\n%s", diff)
			}
		})
	}
}

func TestModesThatAreNone(t *testing.T) {
	for _, c := range []struct{ source, mode, want string }{
		{"", "shadwo", `environment: FLOWKEEPER_MODE: "shadwo" is not allowed here; did you mean "shadow"?`},
		{"", "remind", `environment: FLOWKEEPER_MODE: "remind" is not allowed here; allowed: shadow, act`},
		{"rules: {all: shadwo}", "", `rules.all: "shadwo" is not a mode; did you mean "shadow"?`},
		{"rules: {all: false}", "", `rules.all: false is not a mode; write off`},
	} {
		_, err := load(t, c.source, "FLOWKEEPER_MODE="+c.mode)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q with the mode %q: %v, want %s", c.source, c.mode, err, c.want)
		}
	}
}
