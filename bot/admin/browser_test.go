package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"flowkeeper/bot/testkit/browser"
)

// TestInBrowser visits the pages as an operator does: with the keyboard alone through signing in and retrying a dead letter, then every page at
// two widths. With -artifacts it leaves screenshots.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	s := newShelf(t)
	web := httptest.NewServer(serialized(pages(t, s, adminToken)))
	t.Cleanup(web.Close)
	ctx := browser.Open(t)
	run := func(name string, steps ...browser.Step) {
		t.Helper()
		for _, step := range steps {
			if err := chromedp.Do(ctx, step); err != nil {
				seen, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
				t.Fatalf("%s: %v\nThe page:\n%s", name, err, seen)
			}
		}
	}
	press := func(keys string) browser.Step { return chromedp.KeyEvent(keys) }
	focused := func(words string) browser.Step {
		return browser.Holds(`(document.activeElement.innerText || document.activeElement.ariaLabel || "").trim() === "` + words + `"`)
	}

	run("be asked for the token", chromedp.Navigate(web.URL+"/dead"), browser.Holds(`document.activeElement.id === "token"`))
	run("take pictures of the sign-in", browser.Pictures(t, "signin"))
	run("sign in with the keyboard", press(adminToken), press(kb.Enter), browser.Arrives(`document.querySelector("h1")?.innerText === "Dead letters"`))
	run("skip the menu", press(kb.Tab), focused("Skip to the content"), visibleFocus(), press(kb.Enter), press(kb.Tab), focused("7#12"))
	run("go to the button", visibleFocus(), press(kb.Tab), focused("Retry"), visibleFocus())
	run("retry", press(kb.Enter), browser.Arrives(`document.querySelector("[role=status]")?.innerText === "7#12 is due again."`))

	for name, path := range map[string]string{
		"overview": "/", "decisions": "/decisions", "filtered": "/decisions?outcome=changed", "issue": "/decisions/7/12", "now": "/decisions/7/12?now=1", "undone": "/decisions/7/16", "hostile": "/decisions/7/17",
		"confidential": "/decisions/7/18?now=1", "rules": "/rules", "dead": "/dead", "letter": "/dead/7/11", "reports": "/reports", "document": "/reports/triage", "config": "/config", "commands": "/commands",
		"missing": "/elsewhere",
	} {
		run("look at "+path, chromedp.Navigate(web.URL+path), browser.Holds(`getComputedStyle(document.body).margin === "0px"`), browser.Pictures(t, name))
	}
	run("open the link of the feed", chromedp.Navigate(web.URL+"/decisions?outcome=failed"), chromedp.Click(chromedp.CSS("tbody th a")), browser.Arrives(`document.querySelector("h1")?.innerText.includes("team/project#15")`))
	run("sign out", chromedp.Click(chromedp.CSS(".leave button")), browser.Arrives(`document.querySelector("h1")?.innerText === "Sign in"`))
}

// visibleFocus checks that one sees where the keyboard is.
func visibleFocus() browser.Step {
	return browser.Holds(`getComputedStyle(document.activeElement).outlineStyle !== "none" && parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2`)
}

// serialized lets one request at a time through, because the shelf is no store for many.
func serialized(h http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/favicon") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		h.ServeHTTP(w, r)
	})
}
