package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
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
