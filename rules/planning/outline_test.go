package planning_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

var update = flag.Bool("update", false, "write the golden documents")

// checkGolden compares a document with its outline in testdata.
func checkGolden(t *testing.T, name string, d planning.Document) {
	t.Helper()
	got := outline(d)
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a file of the test's own
	if err != nil {
		t.Fatalf("%v: write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); write it with -update:\n%s", file, diff)
	}
	if strings.Contains(got, "SECRET") {
		t.Errorf("%s tells what is confidential", name)
	}
}

// outline is all that a document holds, for people to read.
func outline(d planning.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", d.Kind, d.Key, d.Title)
	if d.Confidential {
		b.WriteString("confidential\n")
	}
	for _, f := range []struct{ name, value string }{
		{"labels", strings.Join(d.Labels, ", ")}, {"milestone", d.Milestone}, {"assignees", strings.Join(d.Assignees, ", ")}, {"due", d.Due.String()},
		{"asks", strings.Join(d.Asks, ", ")}, {"state", hidden(d.State)}, {"frame", "\n" + d.Frame},
	} {
		if strings.TrimSpace(f.value) != "" {
			fmt.Fprintf(&b, "%s: %s\n", f.name, f.value)
		}
	}
	if d.Empty {
		b.WriteString("empty\n")
	}
	paragraphs(&b, d.Intro)
	for _, s := range d.Sections {
		fmt.Fprintf(&b, "\n== %s (%s, %d)", s.Title, s.Name, s.Count)
		if s.Summary {
			b.WriteString(" in the summary")
		}
		if s.Folded {
			b.WriteString(" folded")
		}
		b.WriteString("\n")
		paragraphs(&b, s.Text)
		rows(&b, "", s.Rows)
		if s.More > 0 {
			fmt.Fprintf(&b, "and %d more\n", s.More)
		}
		if s.Table != nil {
			table(&b, *s.Table)
		}
	}
	for _, l := range d.Letters {
		fmt.Fprintf(&b, "\n-- to %s: %s\n", l.To, l.Subject)
		paragraphs(&b, l.Text)
	}
	return b.String()
}

// hidden is the state as it is kept with the block, "" for none.
func hidden(s planning.State) string {
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(text), "{}")
}

func paragraphs(b *strings.Builder, all []triage.Prose) {
	for _, p := range all {
		b.WriteString(p.Plain() + "\n")
	}
}

func rows(b *strings.Builder, indent string, all []planning.Row) {
	for _, r := range all {
		parts := []string{indent + "-"}
		if r.Box != planning.NoBox {
			parts = append(parts, "["+string(r.Box)+"]")
		}
		if i := r.Issue; i != nil {
			switch {
			case !i.Names():
				parts = append(parts, "a confidential issue of "+i.Path)
			case i.Confidential:
				parts = append(parts, fmt.Sprintf("(confidential) %s#%d", i.Path, i.IID))
			default:
				parts = append(parts, fmt.Sprintf("%s#%d %s", i.Path, i.IID, i.Title))
			}
			for _, l := range i.Labels {
				parts = append(parts, triage.Quoted(l))
			}
			if len(r.Text) > 0 {
				parts = append(parts, "·")
			}
		}
		b.WriteString(strings.TrimSpace(strings.Join(append(parts, r.Text.Plain()), " ")) + "\n")
		rows(b, indent+"  ", r.Rows)
	}
}

func table(b *strings.Builder, t planning.Table) {
	var head []string
	for _, h := range t.Head {
		head = append(head, h.Plain())
	}
	b.WriteString("| " + strings.Join(head, " | ") + " |\n")
	for _, row := range t.Rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.Text.Plain())
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
}
