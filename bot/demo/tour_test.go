package demo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flowkeeper/bot/demo"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

// TestTour tells the story of each example configuration, to its end, with all checks.
func TestTour(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../config/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(file, nil, rules.Catalogue())
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			o := handbook(&out)
			o.Own = &demo.Own{Name: name, Policy: c.Policy(), Policies: c.Policies.Rules, Watching: c.OnlyShadowReason()}
			if err := demo.Run(t.Context(), o); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			team := o.Own.Policy.Team
			for _, state := range team.Workflow.Path {
				label := triage.Quoted(team.State(state.Name))
				if state.Is != triage.SecurityRelease && !strings.Contains(out.String(), label) {
					t.Errorf("the issue never comes to %s:\n%s", label, &out)
				}
			}
			if !strings.Contains(out.String(), "❌") {
				t.Errorf("no command is refused:\n%s", &out)
			}
			if aged := name != "handbook" && name != "scrum"; aged != strings.Contains(out.String(), "hears nothing of") {
				t.Errorf("time passes: want %v\n%s", aged, &out)
			}
			if word := handbookWord.FindString(out.String()); name != "handbook" && word != "" {
				t.Errorf("the story has the handbook's word %q, which is not the team's:\n%s", word, &out)
			}
		})
	}
}

// TestTourOfStatuses tells the story of a team that keeps its states in statuses, alone or beside labels: the group in memory has them.
func TestTourOfStatuses(t *testing.T) {
	t.Parallel()
	for store, labels := range map[string]bool{"status": false, "both": true} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			out := tell(t, "workflow: {store: "+store+"}\n")
			for _, state := range []string{"refinement", "in dev", "verification", "complete"} {
				if !strings.Contains(out, "sets the status to \""+state+"\"") {
					t.Errorf("the issue never gets the status %q:\n%s", state, out)
				}
				if label := triage.Quoted("workflow::" + state); strings.Contains(out, "adds "+label) != labels {
					t.Errorf("is %s added? want %v:\n%s", label, labels, out)
				}
			}
			if !strings.Contains(out, "closes the issue") {
				t.Errorf("a status that ends the work does not close the issue:\n%s", out)
			}
		})
	}
}

// tell tells the story of a configuration, to its end, with all checks.
func tell(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flowkeeper.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, nil, rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := handbook(&out)
	o.Own = &demo.Own{Name: file, Policy: c.Policy()}
	if err := demo.Run(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String()
}

// TestREADMEFiveLines: what the README says of another team in five lines is a configuration, and has a story.
func TestREADMEFiveLines(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Your team works differently?\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := prefixed(section, "    ", "")
	if len(blocks) != 1 || strings.Count(blocks[0], "\n") != 5 {
		t.Fatalf("the README has not five lines but %q", blocks)
	}
	out := tell(t, blocks[0])
	if word := handbookWord.FindString(out); word != "" || !strings.Contains(out, `"🚧 Doing"`) {
		t.Errorf("the story has the handbook's word %q:\n%s", word, out)
	}
}

// handbookWord are words of the handbook's team that no example uses.
var handbookWord = regexp.MustCompile(`workflow::|in dev\b|refinement|ready for development|devops::|Category:`)
