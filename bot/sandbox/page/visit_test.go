package page_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// visit is somebody with a browser without JavaScript.
type visit struct {
	t      *testing.T
	client *http.Client
	base   string
}

func browse(t *testing.T, l *lab) *visit {
	t.Helper()
	web := httptest.NewServer(l.page)
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
