package demo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"flowkeeper/bot/demo"
	"flowkeeper/bot/testkit"
	"flowkeeper/bot/testkit/browser"
)

// TestPage does with a real browser what a visitor of the demo does: opens an issue, labels it, weighs it, writes commands, and sees the bot
// answer without loading the page again. With -artifacts it leaves screenshots.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	url := play(t)
	ctx := browser.Open(t)

	const note = `document.querySelector('.note[data-author="flowkeeper-bot"]')?.innerText ?? ""`
	steps := []struct {
		name string
		do   browser.Step
	}{
		{"open the list", chromedp.Navigate(url)},
		{"open an issue", chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#title"), "Buttons should be blue"),
			chromedp.Click(chromedp.CSS("#open button.primary")),
			browser.Shows("#add-label"),
			browser.Holds("window.visited = true"),
		)},
		{"see the bot put it at the start", chromedp.Steps(
			browser.Shows(`#labels [data-label="workflow::start"]`),
		)},
		{"add a label", chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#add-label"), "workflow::design"),
			chromedp.Click(chromedp.CSS("#label-form button")),
			browser.Shows(`#labels [data-label="workflow::design"]`),
		)},
		{"see the bot add ~UX", browser.Shows(`#labels [data-label="UX"]`)},
		{"see who did it", browser.Holds(`[...document.querySelectorAll("#timeline .event[data-bot]")].some(e => /added\s+UX/.test(e.innerText))`)},
		{"see the bot's comment rendered", chromedp.Steps(
			browser.Shows(`.note[data-author="flowkeeper-bot"] .md input[type="checkbox"]`),
			browser.Holds(`(`+note+`).includes("A type label")`),
			browser.Holds(`!/- \[|<!--|<details/.test(`+note+`)`),
		)},
		{"set weight 5", chromedp.Steps(
			chromedp.SetValue(chromedp.CSS("#weight"), "5"),
			chromedp.Click(chromedp.CSS("#weight-form button")),
		)},
		{"see the bot ask for research", browser.Shows(`#labels [data-label="needs research"]`)},
		{"see its comment change", browser.Holds(`(` + note + `).includes("A smaller issue")`)},
		{"see that it is still one comment", browser.Holds(`document.querySelectorAll('.note[data-author="flowkeeper-bot"]').length === 1`)},
		{"move the issue on by a command", writes("/flow next")},
		{"see the reaction", chromedp.Steps(
			reacts("/flow next", "white_check_mark"),
			browser.Shows(`#labels [data-label="workflow::solution validation"]`),
		)},
		{"see the comment box empty again", browser.Holds(`document.querySelector("#comment").value === ""`)},
		{"write a command with a mistake", writes("/flow to in deev")},
		{"see it refused with what was meant", chromedp.Steps(
			reacts("/flow to in deev", "x"),
			browser.Holds(`[...document.querySelectorAll(".note[data-reply][data-bot]")].some(n => n.innerText.includes("did you mean /flow to in dev?"))`),
		)},
		{"ask internally", chromedp.Steps(
			chromedp.Click(chromedp.CSS("#internal")),
			writes("/flow unclear which blue does ACME want?"),
		)},
		{"see the answer in the same thread and as internal", chromedp.Steps(
			reacts("/flow unclear", "white_check_mark"),
			browser.Holds(`[...document.querySelectorAll('.note[data-reply][data-internal][data-bot]')].some(n => n.innerText.includes("ACME"))`),
			browser.Holds(`(`+note+`).includes("in an internal comment") && !(`+note+`).includes("ACME")`),
		)},
		{"ask for help", writes("/flow help all")},
		{"see the commands", browser.Holds(`[...document.querySelectorAll(".note[data-reply][data-bot]")].some(n => n.innerText.includes("/flow weight <n> [why]"))`)},
		{"see every webhook answered", browser.Holds(`[...document.querySelectorAll("#deliveries li[data-status]")].every(l => l.dataset.status === "202")`)},
		{"be on the page that was loaded first", browser.Holds("window.visited === true")},
		{"take pictures", browser.Pictures(t, "issue")},
		{"go to the report", chromedp.Steps(
			chromedp.Navigate(url+"demo/planning/-/issues"),
			browser.Holds(`document.querySelectorAll(".row").length === 1`),
			chromedp.Navigate(url+"demo/planning/-/issues/1"),
			browser.Holds(`document.querySelector("h1").innerText.includes("Triage report")`),
		)},
		{"see what people wrote in it", browser.Holds(`document.querySelector("#description").innerText.includes("Pat is away on Tuesday.")`)},
		{"tick a box", chromedp.Steps(
			chromedp.Evaluate[chromedp.Void](box("Blame view")+".click()"),
			browser.Holds(box("Blame view")+`.ariaChecked === "true"`),
		)},
		{"give an issue of the report what it lacks", chromedp.Steps(
			browser.Holds(`[...document.querySelectorAll("#description li")].find(l => l.innerText.includes("Sort branches")).querySelector("a").pathname === "/demo/source-code/-/issues/8"`),
			chromedp.Navigate(url+"demo/source-code/-/issues/8"),
			browser.Shows("#milestone"),
			chromedp.SetValue(chromedp.CSS("#milestone"), "Backlog"),
			chromedp.Click(chromedp.CSS("#milestone-form button")),
			browser.Holds(`document.querySelector("#milestone").dataset.value === "Backlog"`),
		)},
		{"see its box tick itself, and the other one stay ticked", chromedp.Steps(
			chromedp.Navigate(url+"demo/planning/-/issues/1"),
			browser.Holds(box("Sort branches")+`.ariaChecked === "true" && `+box("Blame view")+`.ariaChecked === "true"`),
		)},
		{"take pictures of the report", browser.Pictures(t, "report")},
	}
	for _, s := range steps {
		if err := chromedp.Do(ctx, s.do); err != nil {
			seen, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body"))) // without it the message still says where it ended
			t.Fatalf("%s: %v\nThe page:\n%s", s.name, err, seen)
		}
	}
}

// box is the box of an issue in the report.
func box(title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#description li")].find(l => l.innerText.includes(%q)).querySelector(".box")`, title)
}

// writes sends a comment with the page's box.
func writes(text string) browser.Step {
	return chromedp.Steps(chromedp.SendKeys(chromedp.CSS("#comment"), text), chromedp.Click(chromedp.CSS("#send")))
}

// reacts waits until the bot has reacted to the comment that begins with the text.
func reacts(text, emoji string) browser.Step {
	return browser.Holds(fmt.Sprintf(`[...document.querySelectorAll('.note:not([data-bot])')]
		.some(n => n.querySelector(".md").innerText.startsWith(%q) && n.querySelector('.react[data-emoji="%s"][data-count="1"]'))`, text, emoji))
}

var pageAddress = regexp.MustCompile(`^Open (http://[^/]+/)`)

// play runs the demo until the test ends and returns the address of its GitLab, once the story is over.
func play(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	out, in := io.Pipe()
	o := handbook(in)
	o.Once = false
	go func() {
		defer close(ended)
		err := demo.Run(ctx, o)
		if err != nil {
			t.Errorf("the demo: %v", err)
		}
		in.CloseWithError(errors.Join(err, io.EOF))
	}()
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if address := pageAddress.FindStringSubmatch(lines.Text()); address != nil {
				found <- address[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // ends with the demo
	}()
	address := testkit.Receive(t, "the demo to show its page", found)
	if address == "" {
		t.Fatal("the demo ended before it showed its page")
	}
	return address
}
