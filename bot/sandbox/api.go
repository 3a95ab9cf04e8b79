package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Version is the GitLab that the sandbox plays unless told otherwise.
const Version = "19.1.0"

// gitlabComLimit is how many requests gitlab.com takes a minute.
const gitlabComLimit = 2000

// apiCall is one API request on its way. group, project, issue and note are set for the routes that name them.
type apiCall struct {
	r       *http.Request
	params  params
	by      actor
	group   *group
	project *project
	issue   *issue
	request *mergeRequest // its common part is the issue
	note    *note
}

// apiAnswer is what an endpoint says. A nil body is an empty one. What takes long is left to later, which runs without the lock and gives
// the answer instead.
type apiAnswer struct {
	status int
	header http.Header
	body   any
	later  func() apiAnswer
}

// endpoint carries out one kind of request. It runs under the server's lock.
type endpoint func(*Server, *apiCall) apiAnswer

// route is one entry of the API. noun is how the journal calls it.
type route struct {
	method, path, noun string
	do                 endpoint
}

func ok(body any) apiAnswer      { return apiAnswer{status: http.StatusOK, body: body} }
func created(body any) apiAnswer { return apiAnswer{status: http.StatusCreated, body: body} }

// message is GitLab's usual way to refuse.
func message(status int, text string) apiAnswer {
	return apiAnswer{status: status, body: object{"message": text}}
}

func notFound(what string) apiAnswer { return message(http.StatusNotFound, "404 "+what+"Not Found") }

// errorAnswer turns an error into GitLab's answer.
func errorAnswer(err error) apiAnswer {
	var bad badParam
	var both exclusiveParams
	var missing missingParam
	var inv invalidError
	var no forbiddenError
	var taken takenError
	switch {
	case errors.As(err, &bad):
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": bad.Error()}}
	case errors.As(err, &missing):
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": missing.Error()}}
	case errors.As(err, &both):
		return apiAnswer{status: http.StatusBadRequest, body: object{"error": both.Error()}}
	case errors.As(err, &inv):
		return apiAnswer{status: http.StatusBadRequest, body: object{"message": object{inv.field: []string{inv.problem}}}}
	case errors.As(err, &no):
		return message(http.StatusForbidden, "403 Forbidden")
	case errors.As(err, &taken):
		return apiAnswer{status: http.StatusConflict, body: object{"message": []string{taken.text}}}
	case errors.Is(err, errNotMergeable):
		return message(http.StatusMethodNotAllowed, "405 Method Not Allowed")
	default:
		return message(http.StatusInternalServerError, "500 Internal Server Error")
	}
}

// routeAPI registers all endpoints. Whatever else is asked for below /api is not found.
func (s *Server) routeAPI(mux *http.ServeMux) {
	for _, list := range [][]route{instanceRoutes, groupRoutes, projectRoutes, labelRoutes, milestoneRoutes, hookRoutes, groupHookRoutes, issueRoutes, noteRoutes, requestRoutes, requestNoteRoutes()} {
		for _, rt := range list {
			mux.HandleFunc(rt.method+" /api/v4"+rt.path, func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, rt) })
		}
	}
	unknown := route{do: func(*Server, *apiCall) apiAnswer {
		return apiAnswer{status: http.StatusNotFound, body: object{"error": "404 Not Found"}}
	}}
	mux.HandleFunc("POST /api/graphql", s.serveGraphQL)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, unknown) })
}

// serveAPI answers one request: journal, faults, authentication, then the endpoint.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, rt route) {
	p, err := readParams(r)
	s.mu.Lock()
	s.setRateLimitHeaders(w.Header())
	line := s.journalLine(r, rt, p)
	fault := s.takeFault(line, r.Method+" "+r.URL.RequestURI())
	by, known := s.authenticate(r)
	denied, allowed := "", true
	if known {
		denied, allowed = s.userNamed(by).denied, s.allows(r, rt)
	}
	about := s.issueOfPath(r)
	s.mu.Unlock()

	if fault == nil {
		fault = &Fault{}
	}
	if fault.Wait != nil {
		s.holdBack(r, line, fault.Wait)
	}
	if fault.Meanwhile != nil {
		fault.Meanwhile()
	}
	if fault.CutThenApply != nil {
		s.finishAbandoned(fault.CutThenApply, func() {
			a := s.answerAPI(r, rt, p, by)
			s.record(Call{User: by, Line: line, Issue: about, Status: a.status, Cut: true})
		})
		panic(http.ErrAbortHandler)
	}
	if fault.CutBefore {
		s.record(Call{User: by, Line: line, Issue: about, Cut: true})
		panic(http.ErrAbortHandler)
	}
	var a apiAnswer
	switch {
	case fault.Status != 0:
		a = apiAnswer{status: fault.Status, body: object{"message": fmt.Sprintf("%d %s", fault.Status, http.StatusText(fault.Status))}}
	case err != nil:
		a = badBody(err)
	case !known && rt.noun != "":
		a = message(http.StatusUnauthorized, "401 Unauthorized")
	case denied != "":
		a = message(http.StatusForbidden, "403 Forbidden - "+denied)
	case !allowed:
		a = apiAnswer{status: http.StatusForbidden, body: object{
			"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api read_api",
		}}
	default:
		a = s.answerAPI(r, rt, p, by)
	}
	if a.later != nil {
		a = a.later()
	}
	s.record(Call{User: by, Line: line, Issue: about, Status: a.status, Cut: fault.ApplyThenCut})
	if fault.ApplyThenCut {
		panic(http.ErrAbortHandler)
	}
	write(w, a, fault)
}

// finishAbandoned carries out a request whose client has given up, once it may go on.
func (s *Server) finishAbandoned(goOn <-chan struct{}, carryOut func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.senders.Go(func() {
		select {
		case <-goOn:
			carryOut()
		case <-s.done:
		}
	})
}

func badBody(err error) apiAnswer {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return apiAnswer{status: http.StatusRequestEntityTooLarge, body: object{"error": "Request Entity Too Large"}}
	}
	return message(http.StatusBadRequest, "400 Bad request - "+err.Error())
}

// write sends the answer with what the fault adds to it.
func write(w http.ResponseWriter, a apiAnswer, fault *Fault) {
	body := []byte{}
	if a.body != nil {
		body = encode(a.body)
	}
	if fault.Body != "" {
		body = []byte(fault.Body)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "max-age=0, private, must-revalidate")
	h.Set("X-Request-Id", uuid())
	for _, more := range []http.Header{a.header, fault.Header} {
		for name, values := range more {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent {
		w.Write(body) // the client may be gone: then there is nobody to tell
	}
}

// answerAPI finds what the path names and runs the endpoint.
func (s *Server) answerAPI(r *http.Request, rt route, p params, username string) apiAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.useReplica(s.replica != nil && s.isReading(r, rt, p))()
	c := &apiCall{r: r, params: p, by: actor{user: s.userNamed(username), legacy: true, chain: r.Header.Get("X-Gitlab-Event-UUID")}}
	if strings.Contains(rt.path, "{project}") {
		if c.project = s.projectNamed(r.PathValue("project")); c.project == nil || !c.project.visible(c.by.user) {
			return notFound("Project ")
		}
	}
	if c.project != nil && c.project.archived && r.Method != http.MethodGet {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	if strings.Contains(rt.path, "{group}") {
		if c.group = s.groupNamed(r.PathValue("group")); c.group == nil {
			return notFound("Group ")
		}
	}
	if strings.Contains(rt.path, "{iid}") {
		c.issue = c.project.issue(parseID(r.PathValue("iid")))
		if c.issue == nil || !c.issue.visible(c.by.user) {
			return message(http.StatusNotFound, "404 Not found")
		}
	}
	if c.project != nil && c.project.noRequests && strings.HasSuffix(rt.path, "/{project}/merge_requests") {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	if strings.Contains(rt.path, "{mr}") {
		if c.request = c.project.mergeRequest(parseID(r.PathValue("mr"))); c.request == nil || c.project.noRequests {
			return message(http.StatusNotFound, "404 Not found")
		}
		c.issue = c.request.issue
	}
	if strings.Contains(rt.path, "{note}") {
		c.note = c.issue.note(parseID(r.PathValue("note")))
		if c.note == nil || !c.note.visible(c.by.user) {
			return notFound("Note ")
		}
	}
	return rt.do(s, c)
}

// tokenOf is the token that a request carries.
func tokenOf(r *http.Request) string {
	token := r.Header.Get("PRIVATE-TOKEN")
	if bearer, has := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); token == "" && has {
		token = bearer
	}
	return token
}

// allows reports whether the scopes of the request's token allow it.
func (s *Server) allows(r *http.Request, rt route) bool {
	scopes, limited := s.scopes[tokenOf(r)]
	switch {
	case !limited, slices.Contains(scopes, "api"), rt.noun == "token":
		return true
	case r.Method != http.MethodGet:
		return false
	}
	return slices.Contains(scopes, "read_api") || rt.noun == "user" && slices.Contains(scopes, "read_user")
}

// authenticate finds whose token the request carries.
func (s *Server) authenticate(r *http.Request) (username string, known bool) {
	token := tokenOf(r)
	if u := s.tokens[token]; u != nil && token != "" {
		return u.username, true
	}
	return "", false
}

// throttle is a limit of its own that some requests have: each user may make five of a kind in a project and minute.
type throttle struct {
	what          string
	project, user int64
}

const throttleLimit = 5

// throttled counts a request and gives the answer if there were too many.
func (s *Server) throttled(what string, c *apiCall) *apiAnswer {
	key := throttle{what, c.project.id, c.by.id}
	if s.spent[key]++; s.spent[key] <= throttleLimit {
		return nil
	}
	return &apiAnswer{
		status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"60"}},
		body: object{"message": object{"error": "This endpoint has been requested too many times. Try again later."}},
	}
}

// setRateLimitHeaders sets GitLab's rate limit headers, which are on every answer.
func (s *Server) setRateLimitHeaders(h http.Header) {
	minute := s.now().Truncate(time.Minute)
	if !minute.Equal(s.window) {
		s.window, s.observed, s.spent = minute, 0, map[throttle]int{}
	}
	s.observed++
	h.Set("RateLimit-Name", "throttle_authenticated_api")
	h.Set("RateLimit-Limit", strconv.Itoa(s.opt.RateLimit))
	h.Set("RateLimit-Observed", strconv.Itoa(s.observed))
	h.Set("RateLimit-Remaining", strconv.Itoa(max(s.opt.RateLimit-s.observed, 0)))
	h.Set("RateLimit-Reset", strconv.FormatInt(minute.Add(time.Minute).Unix(), 10))
}

// journalLine names a request for the journal: "PUT issue 1#1 add_labels=UX", "GET notes 1#1 sort=asc", "PUT note 1#1/1007 body=…".
func (s *Server) journalLine(r *http.Request, rt route, p params) string {
	if rt.noun == "" {
		return r.Method + " " + r.URL.Path
	}
	if rt.method == queryMethod {
		return s.graphQLLine(p)
	}
	words := []string{rt.method, rt.noun}
	if name := r.PathValue("group"); name != "" {
		words = append(words, name)
	}
	if ref := r.PathValue("project"); ref != "" {
		if known := s.projectNamed(ref); known != nil {
			ref = strconv.FormatInt(known.id, 10)
		}
		if iid := r.PathValue("iid"); iid != "" {
			ref += "#" + iid
		}
		if iid := r.PathValue("mr"); iid != "" {
			ref += "!" + iid
		}
		for _, name := range []string{"note", "discussion", "award", "hook", "event", "trigger", "user", "milestone"} {
			if v := r.PathValue(name); v != "" {
				ref += "/" + v
			}
		}
		words = append(words, ref)
	}
	if more := p.inShort(); more != "" {
		words = append(words, more)
	}
	return strings.Join(words, " ")
}

// issueOfPath is the issue or the merge request of a request's path, zero if there is none.
func (s *Server) issueOfPath(r *http.Request) triage.Ref {
	p := s.projectNamed(r.PathValue("project"))
	if p == nil {
		return triage.Ref{}
	}
	if i := p.issue(parseID(r.PathValue("iid"))); i != nil {
		return i.ref()
	}
	if m := p.mergeRequest(parseID(r.PathValue("mr"))); m != nil {
		return m.ref()
	}
	return triage.Ref{}
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.now()
	s.calls = appendBounded(s.calls, c, maxCalls)
	s.notify()
}

// parseID reads an id of a path; one that is none finds nothing.
func parseID(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
