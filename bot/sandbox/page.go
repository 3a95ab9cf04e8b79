package sandbox

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

	"flowkeeper/rules/triage"
)

//go:embed assets
var assets embed.FS

var pages = template.Must(template.New("").ParseFS(assets, "assets/*.html"))

// who is the cookie that says as whom the visitor acts.
const who = "sandbox_user"

// contentPolicy keeps everything out of the page that it did not bring itself, whatever people write.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// routePages registers the page. Every form works without JavaScript: it is posted and answered with a redirect.
func (s *Server) routePages(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection() // no other site may post to a sandbox on localhost
	post := func(path string, do func(*Server, *form) error) {
		mux.Handle("POST "+path, guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.submit(w, r, do) })))
	}
	mux.HandleFunc("GET /{$}", s.serveIndex)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, s.indexPage) })
	mux.HandleFunc("GET /issues/{project}/{iid}", s.serveIssue)
	mux.HandleFunc("GET /issues/{project}/{iid}/events", func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, s.issuePage) })
	mux.HandleFunc("GET /assets/{file}", serveAsset)
	mux.HandleFunc("/", s.serveGitLabURL)
	post("/who", (*Server).postWho)
	post("/issues", (*Server).postOpen)
	for path, do := range issueForms {
		post("/issues/{project}/{iid}"+path, do)
	}
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
func (s *Server) submit(w http.ResponseWriter, r *http.Request, do func(*Server, *form) error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	f := &form{w: w, r: r, user: s.visitor(r), ref: refOf(r), next: "/"}
	if f.ref.IID != 0 {
		f.next = "/issues/" + r.PathValue("project") + "/" + r.PathValue("iid")
	}
	err := r.ParseForm()
	if err == nil {
		err = do(s, f)
	}
	if err == nil {
		http.Redirect(w, r, f.next, http.StatusSeeOther)
		return
	}
	page := s.indexPage
	if f.ref.IID != 0 {
		page = s.issuePage
	}
	s.show(w, r, http.StatusUnprocessableEntity, page, sentence(err))
}

// sentence is an error as the page shows it: without the steps that led to it.
func sentence(err error) string {
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

func (s *Server) serveIndex(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, s.indexPage, "")
}
func (s *Server) serveIssue(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, s.issuePage, "")
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, build pageFunc, problem string) {
	p := build(r, problem)
	if p == nil {
		status, p = http.StatusNotFound, s.missing(r)
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
	err := pages.ExecuteTemplate(&b, p.template, p.data)
	return b.Bytes(), err
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !slices.Contains([]string{"style.css", "page.js", "icon.svg"}, name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, assets, "assets/"+name)
}

// serveGitLabURL leads the addresses that GitLab uses, and that hooks and the API name, to the pages of the sandbox.
func (s *Server) serveGitLabURL(w http.ResponseWriter, r *http.Request) {
	for _, kind := range []string{"/-/issues/", "/-/work_items/"} {
		path, iid, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), kind)
		if !found {
			continue
		}
		s.mu.Lock()
		p := s.projectNamed(path)
		s.mu.Unlock()
		if p != nil {
			http.Redirect(w, r, "/issues/"+strconv.FormatInt(p.id, 10)+"/"+strconv.FormatInt(number(iid), 10), http.StatusFound)
			return
		}
	}
	s.show(w, r, http.StatusNotFound, func(*http.Request, string) *page { return nil }, "")
}

// visitor is as whom the visitor acts: the person of the cookie, else the first there is; "" if there is none.
func (s *Server) visitor(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := r.Cookie(who); err == nil {
		if u := s.userNamed(c.Value); u != nil && !u.bot {
			return u.username
		}
	}
	for _, u := range s.users {
		if !u.bot {
			return u.username
		}
	}
	return ""
}

func refOf(r *http.Request) triage.Ref {
	ref := triage.Ref{Project: number(r.PathValue("project")), IID: number(r.PathValue("iid"))}
	if ref.Project < 1 || ref.IID < 1 {
		return triage.Ref{}
	}
	return ref
}
