package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"flowkeeper/bot/admin/page"
)

// TestPages looks at what holds for every page: it is a page, says what may be loaded, shows no secret and nothing that people wrote as HTML, and
// is built so that a screen reader finds its way.
func TestPages(t *testing.T) {
	h := pages(t, newShelf(t), adminToken)
	visitor := signedIn(t, h)
	for _, path := range append(allPages(), "/signin?to="+url.QueryEscape("/x?"+hostile)) {
		w := do(h, http.MethodGet, path, visitor)
		body := w.Body.String()
		if want := map[string]int{"/elsewhere": http.StatusNotFound}[path]; w.Code != max(want, http.StatusOK) {
			t.Errorf("%s: %d", path, w.Code)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for _, secret := range secrets {
			if strings.Contains(body, secret) || strings.Contains(fmt.Sprint(w.Header()), secret) {
				t.Errorf("%s shows the secret %s", path, secret)
			}
		}
		checkMarkup(t, path, body)
	}
}

// checkMarkup checks what HTML itself can tell.
func checkMarkup(t *testing.T, path, body string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	ids, labelled, current := map[string]bool{}, map[string]bool{}, 0
	var fields []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		a := map[string]string{}
		for _, attr := range n.Attr {
			a[attr.Key] = attr.Val
			if strings.HasPrefix(attr.Key, "on") || attr.Key == "style" {
				t.Errorf("%s: <%s %s=%q>", path, n.Data, attr.Key, attr.Val)
			}
		}
		if id := a["id"]; id != "" && ids[id] {
			t.Errorf("%s: two elements are %q", path, id)
		}
		ids[a["id"]] = true
		if a["aria-current"] == "page" {
			current++
		}
		switch n.Data {
		case "script", "style", "iframe", "object", "img":
			t.Errorf("%s has a <%s>", path, n.Data)
		case "label":
			labelled[a["for"]] = true
		case "input", "select":
			if a["type"] != "hidden" && a["type"] != "checkbox" {
				fields = append(fields, a["id"])
			}
		case "form":
			if a["method"] == "post" && a["action"] != "/signin" && !strings.Contains(body, `name="csrf" value="`) {
				t.Errorf("%s: the form of %s has no CSRF field", path, a["action"])
			}
		case "svg":
			if a["aria-hidden"] != "true" && (a["role"] != "img" || a["aria-label"] == "") {
				t.Errorf("%s: an image says nothing to those who do not see it", path)
			}
		case "table":
			if n.FirstChild == nil || n.FirstChild.Data != "caption" {
				t.Errorf("%s: a table has no caption", path)
			}
		case "th":
			if a["scope"] == "" {
				t.Errorf("%s: a head of a table does not say whether it is of a row or a column", path)
			}
		}
	}
	for _, f := range fields {
		if f == "" || !labelled[f] {
			t.Errorf("%s: the field %q has no label", path, f)
		}
	}
	for _, one := range []string{"h1", "main", "title"} {
		if count[one] != 1 {
			t.Errorf("%s has %d <%s>", path, count[one], one)
		}
	}
	if !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, `<a class="skip" href="#main">`) {
		t.Errorf("%s: the language or the way to skip the menu is missing", path)
	}
	if menu := count["nav"] > 0; menu && current != 1 && path != "/elsewhere" {
		t.Errorf("%s: %d entries of the menu are the current one", path, current)
	}
}

func TestPageContents(t *testing.T) {
	h := pages(t, newShelf(t), adminToken)
	visitor := signedIn(t, h)
	for path, want := range map[string][]string{
		"/":                            {"Queue age", "1 min 35 s", "Dead letters", "Budget left", "1,432", "7 min", "ready", `aria-label="Deliveries: `, `href="/dead"`, "it expires in 12 days"},
		"/decisions":                   {"1 to 50 of 67", "team/project#12", "add ~backend, edit the note", `rel="next"`},
		"/decisions?page=2":            {"51 to 67 of 67", `rel="prev"`},
		"/decisions?outcome=failed":    {"1 to 1 of 1", "403 Forbidden", "Show all"},
		"/decisions?undone=1":          {"team/project#16", "design-needs-ux"},
		"/decisions/7/12":              {"https://gitlab.example/team/project/-/issues/12", "every issue of the team carries its labels", "0193e2a8-11ce-7cc3", "Ask now", "2 rules had nothing to want"},
		"/decisions/7/16":              {"@ann", "undid <b>add ~UX</b>", "undone by a person"},
		"/decisions/7/14":              {"Would, if it were not in shadow: <b>set weight 2</b>"},
		"/decisions/7/12?now=1":        {"Would be done now:"},
		"/decisions/7/13?now=1":        {"The issue is not there any more."},
		"/rules":                       {"design-needs-ux: remind", "bug-needs-severity: shadow", "weight-research: {mode: remind, above: 4}", "team/project#16", "/flow ignore"},
		"/dead":                        {"Retry", "after 1 attempt"},
		"/dead/7/12":                   {"Drop it", "/dead/7/12/retry", "not readable by this release"},
		"/reports":                     {"triage", "2026-02-26: composed", "/reports/triage", "7#44"},
		"/reports/triage":              {"# Triage"},
		"/config":                      {"rules:", "FLOWKEEPER_ADMIN_TOKEN: &lt;secret&gt;"},
		"/commands":                    {"/flow weight &lt;n&gt; [why]", "Sets the team&#39;s estimate"},
		"/elsewhere":                   {"There is no such page."},
		"/dead?done=dropped&of=7%2312": {"The letter of 7#12 is dropped."},
	} {
		body := do(h, http.MethodGet, path, visitor).Body.String()
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s lacks %q", path, words)
			}
		}
	}
	if w := do(h, http.MethodGet, "/decisions/team/project/12", visitor); w.Code != http.StatusFound || w.Header().Get("Location") != "/decisions/7/12" {
		t.Errorf("a project's path: %d %v", w.Code, w.Header())
	}
	if w := do(h, http.MethodGet, "/decisions/team/project/-/merge_requests/3", visitor); w.Header().Get("Location") != "/decisions/7/merge_requests/3" {
		t.Errorf("a merge request by its project's path: %d %v", w.Code, w.Header())
	}
}

// TestConfidential: of a confidential issue pages show its number and no word.
func TestConfidential(t *testing.T) {
	h := pages(t, newShelf(t), "")
	for _, path := range allPages() {
		body := do(h, http.MethodGet, path, fromBrowser).Body.String()
		if !strings.Contains(path, "?now") && strings.Contains(body, "top-secret") || strings.Contains(body, "reason-of-the-confidential") {
			t.Errorf("%s tells of the confidential issue", path)
		}
	}
	body := do(h, http.MethodGet, fmt.Sprintf("/decisions/7/%d?now=1", confidentialIID), fromBrowser).Body.String()
	if !strings.Contains(body, "The issue is confidential") || strings.Contains(body, "top-secret") {
		t.Errorf("asked now: %s", body)
	}
	if body := do(h, http.MethodGet, "/decisions", fromBrowser).Body.String(); !strings.Contains(body, fmt.Sprintf("team/project#%d", confidentialIID)) {
		t.Error("its number is not in the feed")
	}
}

// TestJSONForOthers: who does not ask for HTML gets JSON at the same addresses.
func TestJSONForOthers(t *testing.T) {
	h := pages(t, newShelf(t), "")
	for _, path := range []string{"/", "/decisions", "/decisions/7/12", "/rules", "/dead", "/dead/7/12", "/reports", "/config", "/commands", "/elsewhere"} {
		for _, accept := range []string{"", "*/*", "application/json"} {
			w := do(h, http.MethodGet, path, http.Header{"Accept": {accept}})
			if body := w.Body.String(); !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") || !strings.ContainsAny(body[:1], "{[") {
				t.Errorf("%s with Accept %q: %v %s", path, accept, w.Header(), body)
			}
		}
	}
	for _, secret := range secrets {
		if body := do(h, http.MethodGet, "/config", nil).Body.String(); strings.Contains(body, secret) {
			t.Errorf("JSON shows %s", secret)
		}
	}
}

func TestStyle(t *testing.T) {
	h := pages(t, newShelf(t), adminToken)
	w := do(h, http.MethodGet, page.StylePath, fromBrowser)
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.Contains(w.Body.String(), ".numbers") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if body := do(h, http.MethodGet, "/signin", fromBrowser).Body.String(); !strings.Contains(body, `href="`+page.StylePath+`"`) {
		t.Error("the pages do not name the style sheet")
	}
}
