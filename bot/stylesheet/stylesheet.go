// Package stylesheet is the one design of all the bot's pages: colours, type, boxes and forms, light and dark. Each site adds what only it
// shows.
package stylesheet

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
)

//go:embed base.css
var base string

// Sheet is the style sheet of one site.
type Sheet struct {
	text string
	hash string
}

// With is the design, followed by what a site adds in CSS.
func With(own string) Sheet {
	text := base + "\n" + own
	sum := sha256.Sum256([]byte(text))
	return Sheet{text, hex.EncodeToString(sum[:8])}
}

// Hash names the text, 16 hexadecimal digits.
func (s Sheet) Hash() string { return s.hash }

// ServeHTTP answers with the sheet. Under an address that holds the hash it may be kept for ever, which is for the caller to say.
func (s Sheet) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	io.WriteString(w, s.text) // the visitor may be gone
}
