package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// What a new file says is what the bot reads, whatever people write.
func TestStarter(t *testing.T) {
	t.Parallel()
	tests := map[string]config.Starter{
		"a team": {
			GitLab: "https://gitlab.example.com", Projects: []string{"pay/core", "42"}, Label: "group::pay",
			People: map[triage.Role][]string{triage.EngineeringManager: {"mia"}, triage.Engineers: {"omar", "no"}}, Shadow: true,
		},
		"nothing":             {GitLab: "https://gitlab.com"},
		"words that YAML has": {GitLab: "https://gitlab.com", Label: "no: # yes", People: map[triage.Role][]string{triage.AppSec: {"null"}}},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := config.Check("flowkeeper.yaml", []byte(s.YAML()), rules.Catalogue()); err != nil {
				t.Fatalf("%v\n%s", err, s.YAML())
			}
			file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
			if err := os.WriteFile(file, []byte(s.YAML()), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(file, nil, rules.Catalogue())
			if err != nil {
				t.Fatal(err)
			}
			got := config.Starter{GitLab: c.GitLab.URL, Projects: c.GitLab.Projects, Label: c.Team.GroupLabel, People: map[triage.Role][]string{}, Shadow: c.All == triage.Shadow}
			for role, people := range c.Team.Roster {
				if len(people) > 0 {
					got.People[role] = people
				}
			}
			if s.People == nil {
				s.People = map[triage.Role][]string{}
			}
			if len(got.Projects) == 0 {
				got.Projects = nil
			}
			if diff := cmp.Diff(s, got); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if foreign := "source code"; strings.Contains(c.String(), "group::"+foreign) {
				t.Errorf("another team's labels are in force:\n%s", c)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := config.Starter{GitLab: "gitlab", Projects: []string{"pay"}, People: map[triage.Role][]string{triage.Quality: {"a b"}}}
	err := config.Check("new.yaml", []byte(s.YAML()), rules.Catalogue())
	for _, want := range []string{"new.yaml:", "gitlab.url", "gitlab.projects", "team.roles.quality"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}
