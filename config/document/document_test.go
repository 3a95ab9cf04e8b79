package document_test

import (
	"strings"
	"testing"

	"flowkeeper/config/document"
)

// TestLongIsNotDeep reads a long list whose items are nested a few levels and end several levels at once.
func TestLongIsNotDeep(t *testing.T) {
	source := "rules:\n" + strings.Repeat("  - name: a\n    when:\n      labels:\n        - b\n    then:\n      labels:\n          - c\n", 100)
	if _, bad := document.Parse("long.yaml", []byte(source)); bad != nil {
		t.Errorf("got %v", bad)
	}
}
