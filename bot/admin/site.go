package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"flowkeeper/bot/activity"
	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/admin/signin"
	"flowkeeper/bot/history"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// Bot is what the pages tell of the running bot.
type Bot struct {
	Version   string
	GitLabURL string // without a slash at its end
	Policy    func() engine.Policy
	Config    func() string // in force, with secrets hidden
	// Explain is what would be decided on an issue now. It calls GitLab and writes nothing.
	Explain func(ctx context.Context, issue triage.Ref) (triage.Issue, engine.Decision, error)
}

// Activity is what the bot did in the last day.
type Activity interface {
	Day(ctx context.Context) (activity.Day, error)
}

// site is the pages and what they need.
type site struct {
	o       Options
	history *history.Index
	guard   *signin.Guard // nil without a token
	now     func() time.Time
}

func newSite(o Options) *site {
	s := &site{o: o, history: o.History, now: time.Now}
	if s.history == nil {
		s.history = history.NewIndex(o.Store)
	}
	if s.o.Log == nil {
		s.o.Log = zap.NewNop()
	}
	if o.Token != "" {
		s.guard = signin.New(o.Token, s.now)
	}
	if s.o.Bot.Policy == nil {
		s.o.Bot.Policy = func() engine.Policy { return engine.Policy{} }
	}
	return s
}

// fromBrowser reports whether a page is wanted. All others get JSON, also those who take anything, as scripts and curl do.
func fromBrowser(c echo.Context) bool {
	return strings.Contains(c.Request().Header.Get("Accept"), "text/html")
}

// forBrowser answers browsers with a page and all others as before.
func forBrowser(browser, others echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept")
		if fromBrowser(c) {
			return browser(c)
		}
		return others(c)
	}
}

// frame is what a page shows around what it is about.
func (s *site) frame(c echo.Context, title, here string) page.Frame {
	f := page.Frame{Title: title, Here: here}
	if s.guard != nil {
		f.CSRF = s.guard.CSRF(c.Request())
		f.SignedIn = f.CSRF != ""
		f.Write = f.SignedIn
	}
	return f
}

func (s *site) write(c echo.Context, v page.View) error {
	return page.Write(c.Response(), http.StatusOK, v)
}

// answerError answers with an error: a page for browsers, JSON for all others.
func (s *site) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, text := http.StatusInternalServerError, "something went wrong in the bot; its log says what"
	if known, ok := errors.AsType[*echo.HTTPError](err); ok {
		status = known.Code
		text, _ = known.Message.(string)
	} else {
		s.o.Log.Error("answering on the admin address", zap.String("path", c.Path()), zap.Error(err))
	}
	if !fromBrowser(c) {
		_ = c.JSON(status, map[string]string{"message": text}) // who asked may be gone
		return
	}
	heading := http.StatusText(status)
	if status == http.StatusNotFound && text == heading {
		text = "There is no such page."
	}
	m := &page.Message{Frame: s.frame(c, heading, ""), Heading: heading, Text: sentence(text)}
	m.Plain = status == http.StatusForbidden || s.guard != nil && !m.SignedIn
	if err := page.Write(c.Response(), status, m); err != nil {
		s.o.Log.Error("answering on the admin address", zap.Error(err))
	}
}

// sentence begins a text with a capital and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// subjectName names a subject for people: "team/project#12", or by the project's id if its path is not known.
func subjectName(issue triage.Ref, path string) string {
	if path == "" {
		return issue.String()
	}
	return path + issue.Kind.Sign() + strconv.FormatInt(issue.IID, 10)
}

// pageOf is the path of a subject's page below another: "/decisions/7/12".
func pageOf(below string, issue triage.Ref) string {
	return below + subjectPath(strconv.FormatInt(issue.Project, 10), issue.Kind, strconv.FormatInt(issue.IID, 10))
}

// gitlabURL is where a subject is in GitLab, "" if that is not known.
func (s *site) gitlabURL(issue triage.Ref, path string) string {
	if s.o.Bot.GitLabURL == "" || path == "" {
		return ""
	}
	kind := "/-/issues/"
	if issue.Kind == triage.SubjectMergeRequest {
		kind = "/-/merge_requests/"
	}
	return s.o.Bot.GitLabURL + "/" + path + kind + strconv.FormatInt(issue.IID, 10)
}
