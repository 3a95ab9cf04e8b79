package demo_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"flowkeeper/bot/demo"
	"flowkeeper/bot/testkit"
)

// TestPage does with a real browser what a visitor of the demo does: opens an issue, labels it, weighs it, writes commands, and sees the bot
// answer without loading the page again. With -artifacts it leaves screenshots.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	url := play(t)
	ctx := browser(t)

	const note = `document.querySelector('.note[data-author="flowkeeper-bot"]')?.innerText ?? ""`
	steps := []struct {
		name string
		do   step
	}{
		{"open the list", chromedp.Navigate(url)},
		{"open an issue", chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#title"), "Buttons should be blue"),
			chromedp.Click(chromedp.CSS("#open button.primary")),
			shows("#add-label"),
			holds("window.visited = true"),
		)},
		{"see the bot put it at the start", chromedp.Steps(
			shows(`#labels [data-label="workflow::start"]`),
		)},
		{"add a label", chromedp.Steps(
			chromedp.SendKeys(chromedp.CSS("#add-label"), "workflow::design"),
			chromedp.Click(chromedp.CSS("#label-form button")),
			shows(`#labels [data-label="workflow::design"]`),
		)},
		{"see the bot add ~UX", shows(`#labels [data-label="UX"]`)},
		{"see who did it", holds(`[...document.querySelectorAll("#timeline .event[data-bot]")].some(e => /added\s+UX/.test(e.innerText))`)},
		{"see the bot's comment rendered", chromedp.Steps(
			shows(`.note[data-author="flowkeeper-bot"] .md input[type="checkbox"]`),
			holds(`(`+note+`).includes("A type label")`),
			holds(`!/- \[|<!--|<details/.test(`+note+`)`),
		)},
		{"set weight 5", chromedp.Steps(
			chromedp.SetValue(chromedp.CSS("#weight"), "5"),
			chromedp.Click(chromedp.CSS("#weight-form button")),
		)},
		{"see the bot ask for research", shows(`#labels [data-label="needs research"]`)},
		{"see its comment change", holds(`(` + note + `).includes("A smaller issue")`)},
		{"see that it is still one comment", holds(`document.querySelectorAll('.note[data-author="flowkeeper-bot"]').length === 1`)},
		{"move the issue on by a command", writes("/flow next")},
		{"see the reaction", chromedp.Steps(
			reacts("/flow next", "white_check_mark"),
			shows(`#labels [data-label="workflow::solution validation"]`),
		)},
		{"see the comment box empty again", holds(`document.querySelector("#comment").value === ""`)},
		{"write a command with a mistake", writes("/flow to in deev")},
		{"see it refused with what was meant", chromedp.Steps(
			reacts("/flow to in deev", "x"),
			holds(`[...document.querySelectorAll(".note[data-reply][data-bot]")].some(n => n.innerText.includes("did you mean /flow to in dev?"))`),
		)},
		{"ask internally", chromedp.Steps(
			chromedp.Click(chromedp.CSS("#internal")),
			writes("/flow unclear which blue does ACME want?"),
		)},
		{"see the answer in the same thread and as internal", chromedp.Steps(
			reacts("/flow unclear", "white_check_mark"),
			holds(`[...document.querySelectorAll('.note[data-reply][data-internal][data-bot]')].some(n => n.innerText.includes("ACME"))`),
			holds(`(`+note+`).includes("in an internal comment") && !(`+note+`).includes("ACME")`),
		)},
		{"ask for help", writes("/flow help all")},
		{"see the commands", holds(`[...document.querySelectorAll(".note[data-reply][data-bot]")].some(n => n.innerText.includes("/flow weight <n> [why]"))`)},
		{"see every webhook answered", holds(`[...document.querySelectorAll("#deliveries li[data-status]")].every(l => l.dataset.status === "202")`)},
		{"be on the page that was loaded first", holds("window.visited === true")},
		{"take pictures", pictures(t, "issue")},
		{"go to the report", chromedp.Steps(
			chromedp.Navigate(url+"demo/planning/-/issues"),
			holds(`document.querySelectorAll(".row").length === 1`),
			chromedp.Navigate(url+"demo/planning/-/issues/1"),
			holds(`document.querySelector("h1").innerText.includes("Triage report")`),
		)},
		{"see what people wrote in it", holds(`document.querySelector("#description").innerText.includes("Pat is away on Tuesday.")`)},
		{"tick a box", chromedp.Steps(
			chromedp.Evaluate[chromedp.Void](box("Blame view")+".click()"),
			holds(box("Blame view")+`.ariaChecked === "true"`),
		)},
		{"give an issue of the report what it lacks", chromedp.Steps(
			holds(`[...document.querySelectorAll("#description li")].find(l => l.innerText.includes("Sort branches")).querySelector("a").pathname === "/demo/source-code/-/issues/7"`),
			chromedp.Navigate(url+"demo/source-code/-/issues/7"),
			shows("#milestone"),
			chromedp.SetValue(chromedp.CSS("#milestone"), "Backlog"),
			chromedp.Click(chromedp.CSS("#milestone-form button")),
			holds(`document.querySelector("#milestone").dataset.value === "Backlog"`),
		)},
		{"see its box tick itself, and the other one stay ticked", chromedp.Steps(
			chromedp.Navigate(url+"demo/planning/-/issues/1"),
			holds(box("Sort branches")+`.ariaChecked === "true" && `+box("Blame view")+`.ariaChecked === "true"`),
		)},
		{"take pictures of the report", pictures(t, "report")},
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
func writes(text string) step {
	return chromedp.Steps(chromedp.SendKeys(chromedp.CSS("#comment"), text), chromedp.Click(chromedp.CSS("#send")))
}

// reacts waits until the bot has reacted to the comment that begins with the text.
func reacts(text, emoji string) step {
	return holds(fmt.Sprintf(`[...document.querySelectorAll('.note:not([data-bot])')]
		.some(n => n.querySelector(".md").innerText.startsWith(%q) && n.querySelector('.react[data-emoji="%s"][data-count="1"]'))`, text, emoji))
}

// step is something to do in the browser.
type step = chromedp.Action[chromedp.Void]

// answerTime is how long a step may take, far more than any does.
const answerTime = time.Minute

// shows waits until an element is visible.
func shows(selector string) step {
	return bounded(selector+" does not appear", chromedp.WaitVisible(chromedp.CSS(selector)))
}

// holds waits until an expression is true in the page.
func holds(expression string) step {
	return bounded(expression+" does not become true",
		chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0)))
}

func bounded[T any](complaint string, do chromedp.Action[T]) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		ctx, cancel := context.WithTimeoutCause(ctx, answerTime, errors.New(complaint))
		defer cancel()
		_, err := do(ctx, target)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	})
}

// pictures leaves screenshots of the page: wide and narrow, light and dark. The page may be as wide as the window at most.
func pictures(t *testing.T, of string) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, width := range []int64{1400, 400} {
			if _, err := chromedp.EmulateViewport(width, 900)(ctx, target); err != nil {
				return err
			}
			fits, err := chromedp.Evaluate[bool]("document.documentElement.scrollWidth <= window.innerWidth")(ctx, target)
			if err != nil {
				return err
			}
			if !fits {
				t.Errorf("the page is wider than a window of %d pixels", width)
			}
			for _, scheme := range []string{"light", "dark"} {
				media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
				if _, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, media); err != nil {
					return err
				}
				picture, err := chromedp.FullScreenshot(100)(ctx, target)
				if err != nil {
					return err
				}
				name := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d-%s.png", of, width, scheme))
				if err := os.WriteFile(name, picture, 0o644); err != nil {
					return err
				}
			}
		}
		return nil
	})
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

// browser starts a browser with a profile of its own. What goes wrong in the page's own code fails the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(installed(t)), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1400, 900), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(func(event any) {
		if thrown, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("in the page: %v", thrown.ExceptionDetails)
		}
	}))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // in good order, so that nobody writes to the profile any more; if that fails, end kills it
		closeTab()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return ctx
}

func installed(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser is installed: apt-get install chromium (make test does it), or run the tests with -short")
	return ""
}
