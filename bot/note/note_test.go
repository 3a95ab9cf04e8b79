package note_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"flowkeeper/bot/note"
	"flowkeeper/bot/note/notetest"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "rewrite the bodies in testdata/golden")

// TestGolden renders the sticky notes of testdata/golden: what the engine wants said (sticky.yaml), who fills the roles (team.yaml), what
// the bot remembers (memory.yaml), which references are ours (allowed.yaml); and then the body of the comment (body.md).
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s engine.Sticky
			var roster map[triage.Role][]string
			var m triage.Memory
			var allowed []string
			want := ""
			for _, part := range archive.Files {
				switch part.Name {
				case "sticky.yaml":
					decode(t, part, &s)
				case "team.yaml":
					decode(t, part, &roster)
				case "memory.yaml":
					decode(t, part, &m)
				case "allowed.yaml":
					decode(t, part, &allowed)
				case "body.md":
					want = string(part.Data)
				default:
					t.Fatalf("unknown part %q", part.Name)
				}
			}
			got := note.Render(s, &triage.Team{TeamConfig: triage.TeamConfig{Roster: roster}}, m)
			notetest.CheckSticky(t, got, allowed...)
			if *update {
				rewrite(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(want, got+"\n"); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// decode reads a part strictly: a misspelt field fails.
func decode(t *testing.T, part txtar.File, into any) {
	t.Helper()
	text, err := yaml.YAMLToJSON(part.Data)
	if err != nil {
		t.Fatalf("%s: %v", part.Name, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", part.Name, err)
	}
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, body string) {
	t.Helper()
	parts := archive.Files[:0]
	for _, part := range archive.Files {
		if part.Name != "body.md" {
			parts = append(parts, part)
		}
	}
	archive.Files = append(parts, txtar.File{Name: "body.md", Data: []byte(body + "\n")})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
