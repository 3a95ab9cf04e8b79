package webhook_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// arrival is when the tests' deliveries arrive.
var arrival = time.Date(2026, 3, 2, 9, 50, 0, 0, time.UTC)

// fixture is a body from testdata with some of its values replaced.
func fixture(t testing.TB, name string, edits ...edit) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if len(edits) == 0 {
		return body
	}
	var root map[string]any
	if err := json.Unmarshal(body, &root); err != nil {
		t.Fatalf("reading fixture %s: %v", name, err)
	}
	for _, e := range edits {
		e.apply(t, root)
	}
	body, err = json.Marshal(root)
	if err != nil {
		t.Fatalf("writing fixture %s: %v", name, err)
	}
	return body
}

// edit changes one value of a fixture: the path's keys are separated by dots, the value is JSON; "" removes the key.
type edit struct{ path, value string }

func (e edit) apply(t testing.TB, root map[string]any) {
	t.Helper()
	keys := strings.Split(e.path, ".")
	last := len(keys) - 1
	for _, key := range keys[:last] {
		inner, ok := root[key].(map[string]any)
		if !ok {
			t.Fatalf("the fixture has no object at %s of %s", key, e.path)
		}
		root = inner
	}
	if e.value != "" {
		root[keys[last]] = json.RawMessage(e.value)
		return
	}
	if _, there := root[keys[last]]; !there {
		t.Fatalf("the fixture has no %s to remove", e.path)
	}
	delete(root, keys[last])
}
