package page_test

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"flowkeeper/bot/sandbox"
)

const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'><b onmouseover=alert(1)>`

func TestHostileTextIsInert(t *testing.T) {
	l := newLab(t)
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
		"markdown":         {"**bold** and `code`", "<strong>bold</strong> and <code>code</code>"},
		"task lists":       {"- [x] done", `<input checked="" type="checkbox" disabled=""/> done`},
		"struck through":   {"~~old~~", "<del>old</del>"},
		"tables":           {"|a|\n|-|\n|b|", "<td>b</td>"},
		"a fold":           {"<details><summary>Why</summary>\n\n*because*\n</details>", "<em>because</em>"},
		"a person":         {"ask @omar.", `<span class="mention">@omar</span>.`},
		"nobody":           {"ask @zoe", "<p>ask @zoe</p>"},
		"a person in code": {"`@omar`", "<code>@omar</code>"},
		"a label":          {"is ~UX", `<span class="value">UX</span>`},
		"a scoped label":   {`is ~"w::in dev"`, `<span class="scope">w</span><span class="value">in dev</span>`},
		"no label":         {"is ~unheard", "<p>is ~unheard</p>"},
		"an emoji by name": {"fine :+1:", `<use href="#e-thumbsup">`},
		"an emoji":         {"✅ All set.", `<use href="#e-white_check_mark">`},
		"an unknown emoji": {":crab:", "<p>:crab:</p>"},
		"a hidden marker": {"x\n<!-- flowkeeper:v1 {} -->", `<div class="md"><p>x</p>
</div>`},
		"a link is no text": {"[@omar](https://x.test)", `>@omar</a>`},
	}
	l := newLab(t)
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
			var text *html.Node
			for n := range article.Descendants() {
				if class, _ := attr(n, "class"); class == "md" {
					text = n
				}
			}
			if text == nil {
				t.Fatal("the note has no text")
			}
			var b strings.Builder
			if err := html.Render(&b, text); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(b.String()); !strings.Contains(got, tt.want) {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}
