package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/scenario"
	"flowkeeper/config/policyfile"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite the decisions of the scenarios")

// TestScenarios plays testdata/scenarios/<rule id>/*.txtar with that rule alone, all/*.txtar and cmd-<command>/*.txtar with
// the whole catalogue.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		t.Run(folder+"/"+filepath.Base(file), func(t *testing.T) { play(t, file, policyFor(t, folder)) })
	}
}

// play plays the scenario in a file under a policy and compares what comes with what is expected, or writes that down.
func play(t *testing.T, file string, policy engine.Policy) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(data, policy.Team.TeamConfig)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Play(withPolicies(t, &s, policy))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, scenario.InsertDecisions(data, got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for n, step := range s.Steps {
		if diff := cmp.Diff(step.Expected, got[n]); diff != "" {
			t.Errorf("step %d (-want +got), rewrite with -update if it is right:\n%s", n+1, diff)
		}
	}
}

// TestRosterInAnyCase plays all scenarios with the roster in capital letters: nothing is decided otherwise.
func TestRosterInAnyCase(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	rosters := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Parse(data, handbook())
		if err != nil {
			t.Fatal(err)
		}
		loud := map[triage.Role][]string{}
		for role, names := range s.Team.Roster {
			for _, name := range names {
				loud[role] = append(loud[role], strings.ToUpper(name))
				rosters++
			}
		}
		s.Team.Roster = loud
		got, err := s.Play(withPolicies(t, &s, policyFor(t, filepath.Base(filepath.Dir(file)))))
		if err != nil {
			t.Fatal(err)
		}
		for n, step := range s.Steps {
			if !strings.EqualFold(step.Expected, got[n]) {
				t.Errorf("%s, step %d (-want +got):\n%s", file, n+1, cmp.Diff(step.Expected, got[n]))
			}
		}
	}
	if rosters == 0 {
		t.Error("no scenario has a roster")
	}
}

// TestEveryRuleHasScenarios keeps the folder names honest: each rule and each command has one, and each is a rule's or a command's.
func TestEveryRuleHasScenarios(t *testing.T) {
	folders, err := filepath.Glob("testdata/scenarios/*")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range folders {
		have = append(have, filepath.Base(f))
	}
	want := []string{"all"}
	for _, r := range rules.Catalogue() {
		want = append(want, r.ID)
	}
	for _, c := range rules.Commands() {
		want = append(want, commandFolder(c))
	}
	have = slices.DeleteFunc(have, func(f string) bool { return strings.HasPrefix(f, "policy-") })
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error("scenario folders (-rules and commands +folders):\n", diff)
	}
}

// withPolicies adds a scenario's own policies, which it may have, to a policy.
func withPolicies(t *testing.T, s *scenario.Scenario, p engine.Policy) engine.Policy {
	t.Helper()
	if s.Policies == "" {
		return p
	}
	read, problems := policyfile.Read([]policyfile.Source{{Name: "policies", Content: []byte(s.Policies)}}, policyfile.Defaults{Mode: triage.Act})
	for _, e := range read.Entries {
		if e.Status() == policyfile.DoesNotRun {
			t.Errorf("policy %s does not run: %+v", e.ID, e.Notes)
		}
	}
	if len(problems) > 0 || len(read.Rules) == 0 {
		t.Fatalf("reading the policies: %v, %d rules", problems, len(read.Rules))
	}
	p.Settings = slices.Clone(p.Settings)
	for _, r := range read.Rules {
		p.Settings = append(p.Settings, engine.Setting{Rule: r.Rule(), Mode: r.Mode})
	}
	p.Index, s.Policies = engine.NewIndex(p.Settings), ""
	return p
}

// commandFolder is where the scenarios of a command are.
func commandFolder(c triage.Command) string { return "cmd-" + strings.ReplaceAll(c.Name, " ", "-") }

// handbook is the team of the handbook, without a roster.
func handbook() triage.TeamConfig {
	return triage.TeamConfig{
		Name: "Create:Source Code BE", GroupLabel: "group::source code", Side: "backend",
		Labels: []string{"backend", "devops::create", "Category:Source Code Management", "group::source code"},
	}
}

// policyFor is the catalogue, or only the rule of the folder, with all commands.
func policyFor(t *testing.T, folder string) engine.Policy {
	settings := engine.Defaults(rules.Catalogue())
	if strings.HasPrefix(folder, "policy-") {
		settings = nil
	}
	if settings != nil && folder != "all" && !strings.HasPrefix(folder, "cmd-") {
		settings = slices.DeleteFunc(settings, func(s engine.Setting) bool { return s.ID != folder })
		if len(settings) == 0 {
			t.Fatalf("there is no rule %q", folder)
		}
	}
	return engine.Policy{Team: triage.NewTeam(handbook()), Settings: settings, Commands: rules.Commands(), Grace: 5 * time.Minute, TriageDays: 1}
}
