package config_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"flowkeeper/config"
	"flowkeeper/rules"
)

// TestReferenceSchema: the committed schema is the one that the definitions give.
func TestReferenceSchema(t *testing.T) {
	want, err := config.JSONSchema(rules.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema.json is out of date, run make generate (-want +got):\n%s", diff)
	}
}

// compiledSchema is the committed schema.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	got, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate checks a YAML text as an editor would.
func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// TestSchemaAccepts: what Load takes, the schema takes.
func TestSchemaAccepts(t *testing.T) {
	s := compiledSchema(t)
	reference, err := os.ReadFile("reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(reference), "# yaml-language-server: $schema=schema.json\n") {
		t.Error("the first line of the reference does not name the schema to editors")
	}
	texts := []string{
		string(reference), "{}", "gitlab:\n", "gitlab: {projects: [12, group/project]}", "inbox: {settle: 0, grace: 1h30m, triage_days: 2}",
		"server: {max_body: 10 MB}\n", "server: {max_body: 100000}\n", "rules: {all: shadow, needs-type: remind}", "rules: {spike-weight: {mode: remind}}",
		"team: {roles: {engineers: ['@eric'], engineering_manager: [mia]}, emails: {eric: eric@example.com}}",
		"calendar: {holidays: [2026-12-25], timezone: Europe/Berlin, release: {weekday: monday, nth: 1}}", "labels: {ux: [UX, Design], spike: spike}",
		"team: {roles: {engineers: [eric]}}\ncapacity: {away: {eric: ['2026-12-21..2027-01-02', 2027-02-01]}, share: {eric: 80%}, rounding: down}",
		"gitlab: {url: 'HTTPS://gitlab.example.com'}", "calendar: {release: {weekday: Monday}}", "server: {listen: '[::1]:8080', admin: ':9000'}", "reports: {project: group/sub/project}",
		"workflow: {states: [{name: todo, is: intake}, {name: doing, needs: [weight, 'label:x']}, {name: done, label: Done, is: done}], moves: {done: [doing]}, start: doing}\nlabels: {workflow: ''}",
		"slo: {bug: [7d, 30d, 60d, 90d], near: {'1': 50%}}",
		"weights: {scale: [1, 2, 3, 5, 8, 13], research_above: 5, split_from: 13, security: next, spike: 2, label: '{side}-weight::'}", "weights: none", "weights:\n",
		"weights: {security: '+1'}", "weights: {security: +1}", "severity: {scope: '', values: [P1, P2, 3], urgent: [P1]}", "severity: none\npriority: none",
	}
	for _, text := range texts {
		if err := validate(t, s, text); err != nil {
			t.Errorf("the schema refuses\n%.200s\n%v", text, err)
		}
		if err := loadText(t, text); err != nil {
			t.Errorf("Load refuses\n%.200s\n%v", text, err)
		}
	}
}

// TestSchemaRefuses: each kind of mistake that one place alone shows is found by the schema, as Load finds it.
func TestSchemaRefuses(t *testing.T) {
	s := compiledSchema(t)
	for name, text := range map[string]string{
		"an unknown key":            "gitlabs: {}",
		"an unknown key below":      "gitlab: {uri: https://gitlab.com}",
		"a secret in the file":      "gitlab: {token: abc}",
		"a list for a section":      "gitlab: []",
		"a text for a number":       "gitlab: {rate: many}",
		"a quoted number":           "gitlab: {rate: '100'}",
		"a number out of range":     "gitlab: {rate: 3}",
		"a number for a text":       "team: {name: 12}",
		"a duration without unit":   "inbox: {grace: 5}",
		"a duration in words":       "inbox: {grace: 5 minutes}",
		"no size":                   "server: {max_body: big}",
		"no address of the web":     "gitlab: {url: gitlab.com}",
		"a word that is none of":    "team: {scope: some}",
		"a role that is none":       "team: {roles: {boss: [mia]}}",
		"a word for a list":         "team: {labels: backend}",
		"an entry twice":            "team: {labels: [backend, backend]}",
		"a rule that is none":       "rules: {need-type: act}",
		"a mode that is none":       "rules: {needs-type: always}",
		"a mode that is too much":   "rules: {follow-up-needs: act}",
		"an option that is none":    "rules: {needs-type: {days: 3}}",
		"a label role that is none": "labels: {colour: red}",
		"a day that is none":        "calendar: {holidays: [christmas]}",
		"a weekday that is none":    "calendar: {release: {weekday: sunday}}",
		"a share without sign":      "team: {roles: {engineers: [eric]}}\ncapacity: {share: {eric: 80}}",
		"no range of days":          "team: {roles: {engineers: [eric]}}\ncapacity: {away: {eric: [soon]}}",
		"a report's mode":           "reports: {triage: {mode: remind}}",
		"a time that is none":       "reports: {triage: {at: '25:00'}}",
		"no address to listen on":   "server: {listen: 127.0.0.1}",
		"a name for a path":         "gitlab: {projects: [project]}",
		"a meaning that is none":    "workflow: {states: [{name: todo, is: intak}, {name: done, is: done}]}",
		"a state without a name":    "workflow: {states: [{is: intake}, {name: done, is: done}]}",
		"another word than none":    "weights: off",
		"a scale of one":            "weights: {scale: []}",
		"a weight in words":         "weights: {scale: [one, two]}",
		"a security step that none": "weights: {security: double}",
		"no value of a level":       "severity: {values: []}",
		"neither true nor false":    "reports: {kickoff: {email: maybe}}",
	} {
		t.Run(name, func(t *testing.T) {
			if err := validate(t, s, text); err == nil {
				t.Errorf("the schema takes %s", text)
			}
			if err := loadText(t, text); err == nil {
				t.Errorf("Load takes %s", text)
			}
		})
	}
}

// loadText loads a text as a configuration file.
func loadText(t *testing.T, text string) error {
	t.Helper()
	file := t.TempDir() + "/flowkeeper.yaml"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(file, nil, rules.Catalogue())
	return err
}
