package check

import (
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

// TestComposeReadsIt loads compose.yaml as "docker compose config" does: against Compose's schema, with its variables filled in.
func TestComposeReadsIt(t *testing.T) {
	for profile, want := range map[string]int{"": 3, "watch": 5} {
		options, err := cli.NewProjectOptions([]string{"../compose.yaml"}, cli.WithEnv([]string{"VERSION=v1.0.0", "FLOWKEEPER_URL=https://bot.example.com"}), cli.WithDefaultProfiles(profile))
		if err != nil {
			t.Fatal(err)
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(project.Services) != want {
			t.Errorf("with the profile %q it starts %v, want %d services", profile, project.ServiceNames(), want)
		}
		for name, s := range project.Services {
			if s.Image == "flowkeeper:v1.0.0" && (*s.Environment["FLOWKEEPER_URL"] != "https://bot.example.com" || *s.Environment["FLOWKEEPER_GITLAB_URL"] != "https://gitlab.com") {
				t.Errorf("%s has the environment %v", name, s.Environment)
			}
		}
	}
}
