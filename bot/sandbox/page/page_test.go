package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/sandbox/page"
)

func TestWhoIsLooking(t *testing.T) {
	l := newLab(t)
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
	l := newLab(t)
	ref := l.open(sandbox.IssueOptions{Labels: []string{"w::a"}})
	l.must("PUT", "/projects/1/issues/1", `{"add_labels":"w::b","weight":3}`)
	l.must("PUT", "/projects/1/issues/1", `{"weight":null,"state_event":"close"}`)
	l.must("POST", "/projects/1/issues/1/notes", `{"body":"All set."}`)
	l.comment("omar", ref, "thanks")
	l.sent()
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

func TestAddresses(t *testing.T) {
	l := newLab(t)
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

func TestAPageWithNobody(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	t.Cleanup(s.Close)
	web := page.New(s, zap.NewNop())
	w := httptest.NewRecorder()
	web.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "There is no project.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	web.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/issues", nil))
	if diff := cmp.Diff(http.StatusUnprocessableEntity, w.Code); diff != "" {
		t.Error(diff)
	}
}
