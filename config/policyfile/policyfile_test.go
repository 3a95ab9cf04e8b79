package policyfile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"flowkeeper/config/policyfile"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/*.txtar")

// TestScenarios reads the policy files of testdata/*.txtar together. The part "result" is what they hold, or everything that is wrong.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var given []txtar.File
			var sources []policyfile.Source
			want := ""
			for _, part := range archive.Files {
				if part.Name == "result" {
					want = string(part.Data)
					continue
				}
				given = append(given, part)
				sources = append(sources, policyfile.Source{Name: part.Name, Content: part.Data})
			}
			got := result(policyfile.Read(sources, policyfile.Defaults{Mode: triage.Remind}))
			if *update {
				archive.Files = append(given, txtar.File{Name: "result", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got), -update rewrites the file:\n%s", diff)
			}
		})
	}
}

// result writes everything that was read for people.
func result(p policyfile.Policies, problems error) string {
	var b strings.Builder
	if text := problems.Error(); text != "" {
		return text + "\n"
	}
	for _, r := range p.Remarks {
		fmt.Fprintf(&b, "%s:%d: %s%s\n", r.File, r.Line, r.What, hint(r.Do))
	}
	for _, e := range p.Entries {
		fmt.Fprintf(&b, "%s:%d: %s %q %s: %s\n", e.File, e.Line, e.Resource, e.Name, e.ID, e.Status())
		for _, n := range e.Notes {
			fmt.Fprintf(&b, "  line %d, %s: %s%s\n", n.Line, n.Status, n.What, hint(n.Do))
		}
		for _, r := range p.Rules {
			if r.ID == e.ID {
				b.WriteString(ruleText(r))
			}
		}
	}
	return b.String()
}

func hint(do string) string {
	if do == "" {
		return ""
	}
	return " → " + do
}

// ruleText is a rule in words: everything that is set.
func ruleText(r policy.Rule) string {
	var b strings.Builder
	for _, c := range r.When {
		fmt.Fprintf(&b, "    if %s\n", conditionText(c))
	}
	for _, part := range []any{r.Limit, r.Actions} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				fmt.Fprintf(&b, "    %s: %s\n", v.Type().Field(i).Name, fieldsText(f))
			}
		}
	}
	if r.Mode != triage.Remind || r.Section+r.Reason != "" || r.OnlyOurs {
		fmt.Fprintf(&b, "    mode %s, section %q, reason %q, only ours %v\n", r.Mode, r.Section, r.Reason, r.OnlyOurs)
	}
	return b.String()
}

// conditionText is a condition with everything that it holds, because its words do not say all.
func conditionText(c policy.Condition) string {
	return strings.TrimPrefix(strings.ReplaceAll(fmt.Sprintf("%T%s", c, fieldsText(reflect.ValueOf(c))), "policy.", ""), "policy.")
}

func fieldsText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				parts = append(parts, v.Type().Field(i).Name+" "+fieldsText(v.Field(i)))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, fieldsText(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Interface:
		return conditionText(v.Interface().(policy.Condition))
	case reflect.Pointer:
		return fieldsText(v.Elem())
	case reflect.String:
		return strings.ReplaceAll(v.String(), "\n", `\n`)
	default:
		return fmt.Sprint(v.Interface())
	}
}
