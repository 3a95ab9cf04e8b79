// Package browser looks at the bot's pages with a real browser, for tests.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Open starts a browser with a profile of its own. What goes wrong in the page's own code fails the test.
func Open(t *testing.T) context.Context {
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

// Step is something to do in the browser.
type Step = chromedp.Action[chromedp.Void]

// answerTime is how long a step may take, far more than any does.
const answerTime = time.Minute

// Shows waits until an element is visible.
func Shows(selector string) Step {
	return bounded(selector+" does not appear", chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Holds waits until an expression is true in the page.
func Holds(expression string) Step {
	return bounded(expression+" does not become true",
		chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0)))
}

// Arrives is Holds across a change of pages, which ends what runs in the old one.
func Arrives(expression string) Step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		end, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		for {
			_, err := Holds(expression)(end, target)
			if err == nil || end.Err() != nil || !isPageGone(err) {
				return err
			}
		}
	})
}

// isPageGone reports whether what ran in a page ended because the browser went on to another.
func isPageGone(err error) bool {
	return strings.Contains(err.Error(), "navigated") || strings.Contains(err.Error(), "Cannot find context")
}

func bounded[T any](complaint string, do chromedp.Action[T]) Step {
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

// Pictures leaves screenshots of the page, with -artifacts: wide and narrow, light and dark. The page may be as wide as the window at most.
func Pictures(t *testing.T, name string) Step {
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
				t.Errorf("the page %s is wider than a window of %d pixels", name, width)
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
				file := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
				if err := os.WriteFile(file, picture, 0o644); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
