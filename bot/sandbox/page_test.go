package sandbox_test

import (
	"bufio"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// visit is somebody with a browser without JavaScript.
type visit struct {
	t      *testing.T
	client *http.Client
	base   string
}

func browse(t *testing.T, l *lab) *visit {
	t.Helper()
	web := httptest.NewServer(l)
	t.Cleanup(web.Close)
	t.Cleanup(l.Close) // ends the streams, for which web.Close waits
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visit{t, &http.Client{Jar: jar}, web.URL}
}

// tree is a page that was answered.
type tree struct {
	status int
	path   string // after redirects
	header http.Header
	root   *html.Node
	text   string
}

func (v *visit) do(method, path string, form url.Values) tree {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	root, err := html.Parse(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return tree{resp.StatusCode, resp.Request.URL.Path, resp.Header, root, words(root)}
}

func (v *visit) get(path string) tree { v.t.Helper(); return v.do("GET", path, nil) }

// post sends a form; pairs are names and values.
func (v *visit) post(path string, pairs ...string) tree {
	v.t.Helper()
	form := url.Values{}
	for n := 0; n < len(pairs); n += 2 {
		form.Set(pairs[n], pairs[n+1])
	}
	return v.do("POST", path, form)
}

func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// with finds the first element that has the attribute with the value.
func (p tree) with(name, value string) *html.Node {
	for n := range p.root.Descendants() {
		if got, has := attr(n, name); has && got == value {
			return n
		}
	}
	return nil
}

// wordsOf is the text of an element, found by its id.
func (p tree) wordsOf(id string) string {
	if n := p.with("id", id); n != nil {
		return words(n)
	}
	return "-"
}

const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'><b onmouseover=alert(1)>`

func TestHostileTextIsInert(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	if _, err := l.AddMilestone(l.project, hostile); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddUser("eve", hostile, sandbox.Developer); err != nil {
		t.Fatal(err)
	}
	ref := l.open(sandbox.IssueOptions{
		Title: hostile, Labels: []string{hostile, "a::" + hostile}, Milestone: hostile, Type: hostile,
		Description: hostile + "\n\n[x](javascript:alert(1)) <a href=\"javascript:alert(1)\">y</a> ~\"" + hostile + "\"",
	})
	l.comment("eve", ref, hostile+"\n\n<svg onload=alert(1)><iframe src=x></iframe><form action=x><button formaction=javascript:alert(1)>z</form><style>*{}</style>")
	l.comment("eve", ref, "<details open ontoggle=alert(1)><summary>s</summary>x</details>\n\n- [ ] todo\n\n<input type=text autofocus onfocus=alert(1)>")
	if err := l.React("eve", ref, 0, "script"); err != nil {
		t.Fatal(err)
	}
	v := browse(t, l)
	for _, path := range []string{"/", "/issues/1/1"} {
		p := v.get(path)
		if p.status != 200 {
			t.Fatalf("%s: %d", path, p.status)
		}
		if !strings.Contains(p.header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: the policy is %q", path, p.header.Get("Content-Security-Policy"))
		}
		if !strings.Contains(p.text, "<script>alert(1)</script>") {
			t.Errorf("%s does not show the title", path)
		}
		for n := range p.root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			src, _ := attr(n, "src")
			switch {
			case n.Data == "script" && src != "/assets/page.js", n.Data == "iframe", n.Data == "style", n.Data == "b" && len(n.Attr) > 0:
				t.Errorf("%s: element %s %v", path, n.Data, n.Attr)
			}
			for _, a := range n.Attr {
				link := a.Key == "href" || a.Key == "action" || a.Key == "formaction" || a.Key == "src"
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || link && strings.Contains(a.Val, "javascript:") {
					t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

func TestCommentsAreRendered(t *testing.T) {
	tests := map[string]struct{ text, want string }{ // want is part of the HTML
		"markdown":          {"**bold** and `code`", "<strong>bold</strong> and <code>code</code>"},
		"task lists":        {"- [x] done", `<input checked="" type="checkbox" disabled=""/> done`},
		"struck through":    {"~~old~~", "<del>old</del>"},
		"tables":            {"|a|\n|-|\n|b|", "<td>b</td>"},
		"a fold":            {"<details><summary>Why</summary>\n\n*because*\n</details>", "<em>because</em>"},
		"a person":          {"ask @omar.", `<span class="mention">@omar</span>.`},
		"nobody":            {"ask @zoe", "ask @zoe"},
		"a person in code":  {"`@omar`", "<code>@omar</code>"},
		"a label":           {"is ~UX", `<span class="value">UX</span>`},
		"a scoped label":    {`is ~"w::in dev"`, `<span class="scope">w</span><span class="value">in dev</span>`},
		"no label":          {"is ~unheard", "is ~unheard"},
		"an emoji by name":  {"fine :+1:", `<use href="#e-thumbsup">`},
		"an emoji":          {"✅ All set.", `<use href="#e-white_check_mark">`},
		"an unknown emoji":  {":crab:", ":crab:"},
		"a hidden marker":   {"x\n<!-- flowkeeper:v1 {} -->", "<p>x</p>"},
		"a link is no text": {"[@omar](https://x.test)", `>@omar</a>`},
	}
	l := newLab(t, sandbox.Options{})
	for _, name := range []string{"UX", "w::in dev"} {
		if err := l.AddLabel(l.project, name, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	v := browse(t, l)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ref := l.open(sandbox.IssueOptions{})
			id := l.comment("omar", ref, tt.text)
			p := v.get("/issues/1/" + strconv.FormatInt(ref.IID, 10))
			article := p.with("data-note", strconv.FormatInt(id, 10))
			if article == nil {
				t.Fatal("the note is not on the page")
			}
			var b strings.Builder
			if err := html.Render(&b, article); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), tt.want) {
				t.Errorf("got %s\nwant %s", b.String(), tt.want)
			}
			if strings.Contains(b.String(), "flowkeeper:v1") && !strings.Contains(b.String(), "textarea") {
				t.Error("the marker shows")
			}
		})
	}
}

func TestFormsWithoutJavaScript(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	if _, err := l.AddMilestone(l.project, "19.2"); err != nil {
		t.Fatal(err)
	}
	v := browse(t, l)
	p := v.post("/issues", "project", "1", "title", "From the page", "labels", "UX, ~backend", "weight", "2", "description", "Why", "type", "Task")
	if p.status != 200 || p.path != "/issues/1/1" || p.wordsOf("issue-title") != "From the page" {
		t.Fatalf("opening: %d %s %q", p.status, p.path, p.wordsOf("issue-title"))
	}
	ref := triage.Ref{Project: 1, IID: 1}
	noteID := l.comment("maria", ref, "hers")
	on := "/issues/1/1/notes/" + strconv.FormatInt(noteID, 10)
	steps := []struct {
		name  string
		path  string
		pairs []string
		want  func(sandbox.Issue) bool
	}{
		{"add a label", "/labels", []string{"add", "w::a"}, func(i sandbox.Issue) bool { return i.Has("w::a") }},
		{"remove a label", "/labels", []string{"remove", "UX"}, func(i sandbox.Issue) bool { return !i.Has("UX") }},
		{"set the weight", "/weight", []string{"weight", "5"}, func(i sandbox.Issue) bool { return *i.Weight == 5 }},
		{"clear the weight", "/weight", []string{"weight", ""}, func(i sandbox.Issue) bool { return i.Weight == nil }},
		{"close", "/state", []string{"do", "close"}, func(i sandbox.Issue) bool { return i.State == "closed" }},
		{"reopen", "/state", []string{"do", "reopen"}, func(i sandbox.Issue) bool { return i.State == "opened" }},
		{"assign", "/assignee", []string{"assignee", "omar"}, func(i sandbox.Issue) bool { return i.Assignees[0] == "omar" }},
		{"unassign", "/assignee", []string{"assignee", ""}, func(i sandbox.Issue) bool { return len(i.Assignees) == 0 }},
		{"milestone", "/milestone", []string{"milestone", "19.2"}, func(i sandbox.Issue) bool { return i.Milestone == "19.2" }},
		{"text", "/text", []string{"title", "T", "description", "D"}, func(i sandbox.Issue) bool { return i.Title == "T" && i.Description == "D" }},
		{"comment", "/notes", []string{"text", "hello"}, func(i sandbox.Issue) bool { return last(i).Text == "hello" && !last(i).Internal }},
		{"internal", "/notes", []string{"text", "psst", "internal", "1"}, func(i sandbox.Issue) bool { return last(i).Text == "psst" && last(i).Internal }},
		{"react", "/react", []string{"name", "thumbsup"}, func(i sandbox.Issue) bool { return len(i.Awards) == 1 }},
		{"react again", "/react", []string{"name", "thumbsup"}, func(i sandbox.Issue) bool { return len(i.Awards) == 0 }},
		{"react to a note", "/react", []string{"name", "eyes", "note", strconv.FormatInt(noteID, 10)}, func(i sandbox.Issue) bool { return len(i.Notes[0].Awards) == 1 }},
		{"edit a note", strings.TrimPrefix(on, "/issues/1/1"), []string{"text", "changed"}, func(i sandbox.Issue) bool { return i.Notes[0].Text == "changed" }},
		{"delete a note", strings.TrimPrefix(on, "/issues/1/1") + "/delete", nil, func(i sandbox.Issue) bool { return i.Notes[0].Text != "changed" }},
	}
	for _, s := range steps {
		p := v.post("/issues/1/1"+s.path, s.pairs...)
		if p.status != 200 || p.path != "/issues/1/1" || !s.want(l.Issue(ref)) {
			t.Errorf("%s: %d at %s: %+v", s.name, p.status, p.path, l.Issue(ref))
		}
	}
}

func last(i sandbox.Issue) sandbox.Note { return i.Notes[len(i.Notes)-1] }

func TestRefusedFormsSayWhy(t *testing.T) {
	tests := map[string]struct {
		user, path string
		pairs      []string
		want       string
	}{
		"a weight of words":      {"maria", "/issues/1/1/weight", []string{"weight", "much"}, "A weight is a whole number from 0, or nothing."},
		"no label":               {"maria", "/issues/1/1/labels", []string{"add", " , "}, "Name a label to add."},
		"an empty comment":       {"maria", "/issues/1/1/notes", nil, "Note can't be blank."},
		"a guest labels":         {"gil", "/issues/1/1/labels", []string{"add", "UX"}, "Not allowed to change this issue."},
		"a guest writes inside":  {"gil", "/issues/1/1/notes", []string{"text", "x", "internal", "1"}, "Not allowed to write internal notes."},
		"an unknown state":       {"maria", "/issues/1/1/state", []string{"do", "explode"}, "The state can be changed by close and reopen."},
		"no title":               {"maria", "/issues", []string{"project", "1"}, "Title can't be blank."},
		"no project":             {"maria", "/issues", []string{"title", "x", "project", "7"}, "There is no project 7."},
		"nobody":                 {"maria", "/who", []string{"user", "zoe"}, "There is no such person."},
		"the bot is no visitor":  {"maria", "/who", []string{"user", "flowkeeper-bot"}, "There is no such person."},
		"a note that is not one": {"maria", "/issues/1/1/notes/x", []string{"text", "y"}, "There is no note -1."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			l.open(sandbox.IssueOptions{})
			v := browse(t, l)
			v.post("/who", "user", tt.user)
			p := v.post(tt.path, tt.pairs...)
			alert := p.with("role", "alert")
			if p.status != http.StatusUnprocessableEntity || alert == nil || words(alert) != tt.want {
				t.Errorf("%d %q", p.status, p.text)
			}
		})
	}
}

func TestWhoIsLooking(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	if _, err := l.CommentInternally("omar", ref, "inside"); err != nil {
		t.Fatal(err)
	}
	l.open(sandbox.IssueOptions{Confidential: true, Title: "Hidden"})
	v := browse(t, l)
	if p := v.get("/issues/1/1"); !strings.Contains(p.text, "inside") {
		t.Error("a maintainer does not see the internal note")
	}
	if p := v.post("/who", "user", "gil", "back", "/issues/1/1"); p.path != "/issues/1/1" || strings.Contains(p.text, "inside") {
		t.Errorf("a guest at %s sees %s", p.path, p.text)
	}
	if p := v.get("/"); strings.Contains(p.text, "Hidden") {
		t.Error("a guest sees a confidential issue in the list")
	}
	if p := v.get("/issues/1/2"); p.status != 404 {
		t.Errorf("a guest opens a confidential issue: %d", p.status)
	}
	if p := v.post("/who", "user", "omar", "back", "https://elsewhere.test/"); p.path != "/" {
		t.Errorf("switching leads to %s", p.path)
	}
}

func TestIssuePageShows(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"w::a"}})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"w::b","weight":3}`)
	l.must("PUT", "/projects/1/issues/1", `{"weight":null,"state_event":"close"}`)
	l.must("POST", "/projects/1/issues/1/notes", `{"body":"All set."}`)
	l.comment("omar", ref, "thanks")
	l.sent(0)
	p := browse(t, l).get("/issues/1/1")
	for _, want := range []string{
		"@maria added wa", "@flowkeeper-bot added wb and removed wa", "@flowkeeper-bot set the weight to 3",
		"@flowkeeper-bot removed the weight", "@flowkeeper-bot closed this issue", "Flowkeeper @flowkeeper-bot bot",
	} {
		if !strings.Contains(p.text, want) {
			t.Errorf("the page does not say %q: %s", want, p.text)
		}
	}
	if p.with("data-label", "w::b") == nil || p.with("data-label", "w::a") != nil {
		t.Error("the labels are not those of the issue")
	}
	bot, person := p.with("data-author", "flowkeeper-bot"), p.with("data-author", "omar")
	if _, is := attr(bot, "data-bot"); !is {
		t.Error("the bot's note is not marked")
	}
	if _, is := attr(person, "data-bot"); is {
		t.Error("a person's note is marked as the bot's")
	}
	if got := p.wordsOf("deliveries"); !strings.Contains(got, "Note Hook create") || !strings.Contains(got, "202 Accepted") {
		t.Errorf("deliveries: %s", got)
	}
	if got := p.wordsOf("calls"); !strings.Contains(got, "PUT issue 1#1 add_labels=w::b weight=3") {
		t.Errorf("calls: %s", got)
	}
}

func TestEveryFieldHasALabel(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{Labels: []string{"a"}})
	l.comment("maria", ref, "hi")
	v := browse(t, l)
	for _, path := range []string{"/", "/issues/1/1"} {
		p := v.get(path)
		ids := map[string]int{}
		for n := range p.root.Descendants() {
			if id, has := attr(n, "id"); has {
				ids[id]++
			}
			kind, _ := attr(n, "type")
			if n.Data != "input" && n.Data != "textarea" && n.Data != "select" || kind == "hidden" {
				continue
			}
			id, _ := attr(n, "id")
			if p.with("for", id) == nil && n.Parent.Data != "label" {
				t.Errorf("%s: <%s %v> has no label", path, n.Data, n.Attr)
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: the id %q is used %d times", path, id, n)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	v := browse(t, l)
	gitlab, err := url.Parse(l.Issue(ref).URL)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		status int
		path   string
	}{
		gitlab.Path:                          {200, "/issues/1/1"},
		"/create/source-code/-/work_items/1": {200, "/issues/1/1"},
		"/create/source-code/-/issues/99":    {404, "/issues/1/99"},
		"/other/project/-/issues/1":          {404, "/other/project/-/issues/1"},
		"/issues/1/x":                        {404, "/issues/1/x"},
		"/issues/1/2":                        {404, "/issues/1/2"},
		"/nothing":                           {404, "/nothing"},
		"/assets/style.css":                  {200, "/assets/style.css"},
		"/assets/page.js":                    {200, "/assets/page.js"},
		"/assets/issue.html":                 {404, "/assets/issue.html"},
		"/assets/..%2fpage.go":               {404, "/assets/../page.go"},
	} {
		if p := v.get(path); p.status != want.status || p.path != want.path {
			t.Errorf("%s: %d at %s", path, p.status, p.path)
		}
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ref := l.open(sandbox.IssueOptions{})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/issues/1/1/notes", strings.NewReader("text=spam"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || len(l.Issue(ref).Notes) != 0 {
		t.Errorf("got %d, notes %v", w.Code, l.Issue(ref).Notes)
	}
}

func TestLivePage(t *testing.T) {
	for _, path := range []string{"/events", "/issues/1/1/events"} {
		t.Run(path, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			ref := l.open(sandbox.IssueOptions{})
			l.sent(0)
			v := browse(t, l)
			r, err := http.NewRequestWithContext(t.Context(), "GET", v.base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := v.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewScanner(resp.Body)
			event := func() string {
				for lines.Scan() {
					if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
						return data
					}
				}
				return ""
			}
			first := event()
			l.comment("omar", ref, "news")
			if second := event(); first == "" || second == "" || first == second {
				t.Errorf("the looks are %q and %q", first, second)
			}
			l.Close()
			for lines.Scan() { // ends, because the server says so
			}
		})
	}
}

func TestAPageWithNobody(t *testing.T) {
	s := sandbox.New(sandbox.Options{Now: func() time.Time { return noon }})
	t.Cleanup(s.Close)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "There is no project.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/issues", nil))
	if diff := cmp.Diff(http.StatusUnprocessableEntity, w.Code); diff != "" {
		t.Error(diff)
	}
}
