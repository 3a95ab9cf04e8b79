package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
)

// read is the content of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// files are the texts of this folder and those below it, by their paths. The tests themselves are none of them, and neither are the secrets of
// somebody who runs the bot from here.
func files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "secrets":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".mod", ".sum", ".png":
		default:
			all[path] = read(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// documents decodes every document of a YAML file.
func documents[T any](t *testing.T, path string) []T {
	t.Helper()
	var all []T
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(read(t, path))))
	for {
		var one T
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("reading %s: %v", path, err)
		}
		all = append(all, one)
	}
}

// document decodes a YAML file with one document.
func document[T any](t *testing.T, path string) T {
	t.Helper()
	all := documents[T](t, path)
	if len(all) != 1 {
		t.Fatalf("%s has %d documents, want one", path, len(all))
	}
	return all[0]
}
