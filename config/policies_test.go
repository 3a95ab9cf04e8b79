package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"flowkeeper/config"
)

// TestPolicyFileChanges wants a running bot to notice what a policy file holds, not only its name.
func TestPolicyFileChanges(t *testing.T) {
	directory := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func() config.Config {
		t.Helper()
		c, err := config.Load(filepath.Join(directory, "flowkeeper.yaml"), nil, catalogue())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	write("flowkeeper.yaml", "policies: [a.yml]\n")
	write("a.yml", "resource_rules: {issues: {rules: [{name: A, actions: {labels: [a]}}]}}\n")
	before := read()
	if changes := config.Changes(before, read()); len(changes) > 0 {
		t.Errorf("nothing has changed, got %v", changes)
	}
	write("a.yml", "resource_rules: {issues: {rules: [{name: A, actions: {labels: [b]}}]}}\n")
	if changes := config.Changes(before, read()); !slices.Contains(changes, config.Change{Key: "policies"}) {
		t.Errorf("another label, got %v", changes)
	}
}

// TestPoliciesOfALink reads a policy file that is a link to another, and refuses one that is no file.
func TestPoliciesOfALink(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "real.yml"), []byte("resource_rules: {issues: {rules: [{name: A, actions: {labels: [a]}}]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link.yml": "real.yml", "device.yml": "/dev/zero", "round.yml": "round.yml", "gone.yml": "nowhere.yml"} {
		if err := os.Symlink(target, filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, "flowkeeper.yaml")
		if err := os.WriteFile(path, []byte("policies: ["+name+"]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, nil, catalogue())
		if runs := len(c.Policies.Rules) == 1; runs != (name == "link.yml") {
			t.Errorf("%s: %v, %d policies", name, err, len(c.Policies.Rules))
		}
	}
}

// TestPoliciesAreRules wants the policies behind the rules of the catalogue, in the order of their files and with their modes.
func TestPoliciesAreRules(t *testing.T) {
	directory := t.TempDir()
	for name, content := range map[string]string{
		"flowkeeper.yaml": "policies: [b.yml, a.yml]\nrules: {policy/second: act}\n",
		"b.yml":           "resource_rules: {issues: {rules: [{name: First, mode: shadow, actions: {labels: [a]}}, {name: Ruby, conditions: {ruby: a}, actions: {labels: [a]}}]}}\n",
		"a.yml":           "resource_rules: {merge_requests: {rules: [{name: Second, actions: {labels: [a]}}]}}\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(filepath.Join(directory, "flowkeeper.yaml"), nil, catalogue())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range c.Policy().Settings[len(catalogue()):] {
		got = append(got, s.ID+" "+s.Mode.String()+" "+s.Subject.String())
	}
	if want := []string{"policy/first shadow issue", "policy/second act merge_request"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
