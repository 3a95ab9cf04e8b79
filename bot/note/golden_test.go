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

// TestGolden renders the sticky notes of testdata/golden: what the engine wants said (note.yaml), what the bot remembers (memory.yaml), where its
// pages are (pages.yaml), and what every golden file holds.
func TestGolden(t *testing.T) {
	golden(t, "testdata/golden", func(t *testing.T, g *goldenFile) string {
		var s engine.Note
		var m triage.Memory
		g.read(t, "note.yaml", &s)
		g.read(t, "memory.yaml", &m)
		team := teamOf(g.roster)
		g.read(t, "pages.yaml", &team.Admin)
		got := note.RenderOn(triage.Ref{Project: 7, IID: 12}, s, team, m)
		notetest.CheckNote(t, got, g.allowed...)
		return got
	})
}

// TestGoldenReplies renders the answers of testdata/reply: the answer (reply.yaml), and what every golden file holds.
func TestGoldenReplies(t *testing.T) {
	golden(t, "testdata/reply", func(t *testing.T, g *goldenFile) string {
		var r triage.Reply
		g.read(t, "reply.yaml", &r)
		got := note.RenderReply(r, teamOf(g.roster), triage.Ref{}, 12, "")
		notetest.CheckReply(t, got, g.allowed...)
		return got
	})
}

// goldenFile is an example: who fills the roles (team.yaml), which references are ours (allowed.yaml), more parts as the test has them,
// and the body of the comment (body.md).
type goldenFile struct {
	roster  map[triage.Role][]string
	allowed []string
	parts   map[string]txtar.File // that were not read yet
}

// golden compares what render makes of each file of the folder with the file's body.
func golden(t *testing.T, dir string, render func(*testing.T, *goldenFile) string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			g := &goldenFile{parts: map[string]txtar.File{}}
			for _, part := range archive.Files {
				g.parts[part.Name] = part
			}
			want := string(g.parts["body.md"].Data)
			delete(g.parts, "body.md")
			g.read(t, "team.yaml", &g.roster)
			g.read(t, "allowed.yaml", &g.allowed)
			got := render(t, g)
			for name := range g.parts {
				t.Errorf("unknown part %q", name)
			}
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

// read reads a part, if the file has it, strictly: a misspelt field fails.
func (g *goldenFile) read(t *testing.T, name string, into any) {
	t.Helper()
	part, has := g.parts[name]
	if !has {
		return
	}
	delete(g.parts, name)
	text, err := yaml.YAMLToJSON(part.Data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
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
