// Package page shows a sandbox to a browser: its issues, what the bot did there, the webhooks and the calls. Whoever looks acts as one of
// the sandbox's people.
package page

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/stylesheet"
	"flowkeeper/rules/triage"
)

//go:embed assets
var assets embed.FS

//go:embed assets/style.css
var ownStyle string

var style = stylesheet.With(ownStyle)

var templates = template.Must(template.New("").ParseFS(assets, "assets/*.html"))

// userCookie says as whom the visitor acts.
const userCookie = "sandbox_user"

// maxForm bounds a posted form, in bytes.
const maxForm = 4 << 20

// contentPolicy keeps everything out of the page that it did not bring itself, whatever people write.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// site is the page of one sandbox.
type site struct {
	gitlab  *sandbox.Server
	log     *zap.Logger
	streams chan struct{} // holds one entry for each stream that is open
}

// New serves the page of a sandbox under /, and its API where GitLab has it, under /api. Every form works without JavaScript: it is posted
// and answered with a redirect.
func New(gitlab *sandbox.Server, log *zap.Logger) http.Handler {
	s := &site{gitlab: gitlab, log: log, streams: make(chan struct{}, maxStreams)}
	mux := http.NewServeMux()
	guard := http.NewCrossOriginProtection() // no other site may post to a sandbox on localhost
	post := func(path string, do func(*site, *form) error) {
		mux.Handle("POST "+path, guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.submit(w, r, do) })))
	}
	mux.Handle("/api/", gitlab)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.render(w, r, http.StatusOK, s.indexPage, "") })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, s.indexPage) })
	mux.HandleFunc("GET /issues/{project}/{iid}", func(w http.ResponseWriter, r *http.Request) { s.render(w, r, http.StatusOK, s.issuePage, "") })
	mux.HandleFunc("GET /issues/{project}/{iid}/events", func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, s.issuePage) })
	mux.HandleFunc("GET /assets/style.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		style.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /assets/{file}", serveAsset)
	mux.HandleFunc("/", s.serveGitLabURL)
	post("/who", (*site).postVisitor)
	post("/issues", (*site).postOpen)
	for path, do := range issueForms {
		post("/issues/{project}/{iid}"+path, do)
	}
	return mux
}

// form is one posted form.
type form struct {
	w    http.ResponseWriter
	r    *http.Request
	user string
	ref  triage.Ref
	next string // where to go when it worked
}

func (f *form) value(name string) string { return strings.TrimSpace(f.r.PostFormValue(name)) }

// submit carries out a form and goes back to the page, which shows the error if there is one.
func (s *site) submit(w http.ResponseWriter, r *http.Request, do func(*site, *form) error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	f := &form{w: w, r: r, user: s.visitor(r).me.Username, ref: refOf(r), next: "/"}
	if f.ref.IID != 0 {
		f.next = issuePath(f.ref)
	}
	err := r.ParseForm()
	if err == nil {
		err = do(s, f)
	}
	if err == nil {
		http.Redirect(w, r, f.next, http.StatusSeeOther)
		return
	}
	build := s.indexPage
	if f.ref.IID != 0 {
		build = s.issuePage
	}
	s.render(w, r, http.StatusUnprocessableEntity, build, errorText(err))
}

// errorText is an error as the page shows it: without the steps that led to it.
func errorText(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// pageFunc builds a page for a request; nil if there is no such page.
type pageFunc func(r *http.Request, problem string) *page

// page is a template with its data.
type page struct {
	template string
	data     any
}

func (s *site) render(w http.ResponseWriter, r *http.Request, status int, build pageFunc, problem string) {
	p := build(r, problem)
	if p == nil {
		status, p = http.StatusNotFound, s.notFoundPage(r)
	}
	body, err := p.html()
	if err != nil {
		s.log.Error("page not rendered", zap.Error(err))
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body) // the visitor may be gone: then there is nobody to tell
}

func (p *page) html() ([]byte, error) {
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, p.template, p.data)
	return b.Bytes(), err
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !slices.Contains([]string{"page.js", "icon.svg"}, name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, assets, "assets/"+name)
}

// serveGitLabURL leads the addresses that GitLab uses, and that hooks, the API and reports name, to the pages of the sandbox.
func (s *site) serveGitLabURL(w http.ResponseWriter, r *http.Request) {
	if list, found := strings.CutSuffix(strings.Trim(r.URL.Path, "/"), "/-/issues"); found {
		place := strings.TrimPrefix(list, "groups/")
		http.Redirect(w, r, "/?"+listQuery(place, r.URL.Query()).Encode(), http.StatusFound)
		return
	}
	for _, kind := range []string{"/-/issues/", "/-/work_items/"} {
		path, iid, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), kind)
		for _, p := range s.gitlab.Projects() {
			if found && strings.EqualFold(p.Path, path) {
				http.Redirect(w, r, issuePath(triage.Ref{Project: p.ID, IID: parseNumber(iid)}), http.StatusFound)
				return
			}
		}
	}
	if at := s.closedBy(strings.TrimPrefix(r.URL.Path, "/")); at != "" {
		http.Redirect(w, r, at, http.StatusFound)
		return
	}
	s.render(w, r, http.StatusNotFound, func(*http.Request, string) *page { return nil }, "")
}

// closedBy is the page of the first issue that a merge request closes, given by its address; "" if there is none. It has no page of its own.
func (s *site) closedBy(address string) string {
	path, iid, found := strings.Cut(address, "/-/merge_requests/")
	for _, p := range s.gitlab.Projects() {
		if found && strings.EqualFold(p.Path, path) {
			m := s.gitlab.MergeRequest(triage.Ref{Project: p.ID, Kind: triage.SubjectMergeRequest, IID: parseNumber(iid)})
			if len(m.Closes) > 0 {
				return issuePath(m.Closes[0])
			}
		}
	}
	return ""
}

func refOf(r *http.Request) triage.Ref {
	ref := triage.Ref{Project: parseNumber(r.PathValue("project")), IID: parseNumber(r.PathValue("iid"))}
	if ref.Project < 1 || ref.IID < 1 {
		return triage.Ref{}
	}
	return ref
}

// issuePath is where the page of an issue is.
func issuePath(ref triage.Ref) string {
	return "/issues/" + strconv.FormatInt(ref.Project, 10) + "/" + strconv.FormatInt(ref.IID, 10)
}

// parseNumber reads a number of a path; what is none finds nothing.
func parseNumber(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
