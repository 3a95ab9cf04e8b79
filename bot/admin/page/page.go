// Package page writes the pages of the admin address: HTML without scripts, from values that hold all there is to show. What people wrote is
// escaped by the templates. Where the values come from is for package admin.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"flowkeeper/bot/stylesheet"
)

//go:embed assets/*.html
var assets embed.FS

//go:embed assets/style.css
var ownStyle string

var (
	templates = template.Must(template.New("").ParseFS(assets, "assets/*.html"))
	style     = stylesheet.With(ownStyle)
)

// StylePath is where the pages look for their style sheet. It changes with what the sheet says.
var StylePath = "/style." + style.Hash() + ".css"

// contentPolicy keeps everything out of the pages that they did not bring themselves, whatever people write.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// View is what a page shows. It embeds Frame.
type View interface {
	frame() *Frame
	template() string
}

// Frame is what all pages show.
type Frame struct {
	Title    string // of the browser's window
	Here     string // the path of the menu that this page belongs to
	Plain    bool   // without the menu: nobody has signed in
	SignedIn bool
	Write    bool   // there are forms that change something
	CSRF     string // goes with every form
	Notice   string // what was done
	Problem  string // what went wrong

	Style string // set by Write
	Menu  []Link // set by Write
}

func (f *Frame) frame() *Frame { return f }

// Link leads somewhere.
type Link struct{ Text, Href string }

var menu = []Link{
	{"Overview", "/"},
	{"Decisions", "/decisions"},
	{"Rules", "/rules"},
	{"Dead letters", "/dead"},
	{"Reports", "/reports"},
	{"Configuration", "/config"},
	{"Commands", "/commands"},
}

// Write answers with a page.
func Write(w http.ResponseWriter, status int, v View) error {
	f := v.frame()
	f.Style = StylePath
	if !f.Plain {
		f.Menu = menu
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, v.template(), v); err != nil {
		return fmt.Errorf("writing the page %s: %w", v.template(), err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // the visitor may be gone
	return nil
}

// ServeStyle answers with the style sheet, to be kept for ever.
func ServeStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	style.ServeHTTP(w, r)
}
