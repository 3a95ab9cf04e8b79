package conflict_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/conflict"
	"flowkeeper/rules/triage"
)

// TestSearchHandbook searches what everybody starts with, and the furthest that it can be configured to.
func TestSearchHandbook(t *testing.T) {
	bound := conflict.DefaultBound()
	if testing.Short() {
		bound = near
	}
	tests := map[string]func(triage.Meta) triage.Mode{
		"modes as they are":      func(m triage.Meta) triage.Mode { return m.Mode },
		"modes at their maximum": func(m triage.Meta) triage.Mode { return m.MaxMode },
	}
	for name, mode := range tests {
		t.Run(name, func(t *testing.T) {
			policy := config.Default(rules.Catalogue()).Policy()
			for n := range policy.Settings {
				policy.Settings[n].Mode = mode(policy.Settings[n].Meta)
			}
			r := search(t, policy, bound)
			if len(r.Conflicts) > 0 {
				t.Errorf("the handbook's rules contradict each other:\n%s", inWords(r))
			}
			if r.Issues < 5000 || len(r.LeftOut) > 0 {
				t.Errorf("that is not what is promised: %s", r.Bound())
			}
		})
	}
}

// TestSearchConfigurations finds what teams can get wrong: names and options that bring rules into each other's way.
func TestSearchConfigurations(t *testing.T) {
	tests := map[string]struct {
		yaml, want string
		set        func(*config.Config) // what a file may not say
	}{
		"a label of a rule in the workflow": {
			yaml: `labels: {research: "workflow::research"}`,
			want: `
an issue with ~"workflow::start" ~"workflow::research", weight 4, just opened:
  one-per-scope wants to remove ~"workflow::research"
  weight-research wants to add ~"workflow::research"
  both cannot be

an issue without labels, weight 4, just opened:
  weight-research wants to add ~"workflow::research"
  workflow-intake wants to add ~"workflow::start"
  both cannot be
`,
		},
		"an option with another rule's label": {
			set: func(c *config.Config) {
				for _, s := range c.Rules {
					if s.ID == "workflow-intake" {
						s.Options["label"] = "needs research"
					}
				}
			},
			want: `
an issue without labels, no weight, just opened:
  weight-research wants to remove ~"needs research"
  workflow-intake wants to add ~"needs research"
  both cannot be
`,
		},
		"one label for two roles": {
			set: func(c *config.Config) { c.Labels[triage.Research] = []string{"UX"} },
			want: `
an issue with ~"workflow::ready for design", no weight, just opened:
  design-needs-ux wants to add ~UX
  weight-research wants to remove ~UX
  both cannot be
`,
		},
		"a team's label that a rule takes off": {
			yaml: `team: {labels: [backend, needs research]}`,
			want: `
an issue without labels, no weight, just opened:
  team-labels wants to add ~"needs research"
  weight-research wants to remove ~"needs research"
  both cannot be
`,
		},
		"the same, only reminded of": {
			yaml: "labels: {research: \"workflow::research\"}\nrules: {weight-research: remind}",
		},
		"unusual but sound": {
			yaml: "labels: {spike: timebox, workflow: state, security: [sec]}\nteam: {side: frontend, labels: [], scope: labelled}",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := configured(t, tt.yaml)
			if tt.set != nil {
				tt.set(&c)
			}
			got := inWords(search(t, c.Policy(), near))
			if diff := cmp.Diff(strings.TrimSpace(tt.want), got); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
		})
	}
}

// configured is a configuration file.
func configured(t *testing.T, yaml string) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func BenchmarkSearch(b *testing.B) {
	policy := config.Default(rules.Catalogue()).Policy()
	for b.Loop() {
		r, err := conflict.Search(b.Context(), policy, conflict.DefaultBound())
		if err != nil || len(r.Conflicts) > 0 {
			b.Fatal(r.Conflicts, err)
		}
		b.ReportMetric(float64(r.Issues), "issues/op")
	}
}
