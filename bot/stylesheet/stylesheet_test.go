package stylesheet_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"flowkeeper/bot/stylesheet"
)

// TestHash: the name of a sheet changes with what it says, so that browsers may keep it for ever.
func TestHash(t *testing.T) {
	one, other := stylesheet.With(".a { color: red; }"), stylesheet.With(".a { color: blue; }")
	if one.Hash() == other.Hash() || one.Hash() != stylesheet.With(".a { color: red; }").Hash() {
		t.Errorf("hashes %s and %s", one.Hash(), other.Hash())
	}
	w := httptest.NewRecorder()
	one.ServeHTTP(w, nil)
	if text := w.Body.String(); !strings.Contains(text, "color-scheme: light dark") || !strings.HasSuffix(text, ".a { color: red; }") || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%v %s", w.Header(), text)
	}
}
