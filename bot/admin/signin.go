package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/admin/signin"
)

// signInPath is where people sign in.
const signInPath = "/signin"

// maxForm bounds what a form sends, in bytes.
const maxForm = 8 << 10

// openPaths are those that nobody has to sign in for.
var openPaths = []string{alivePath, readyPath, metricsPath, signInPath, page.StylePath}

// onlySignedIn answers those who show the token: scripts with every request, people by their session, whose forms have to be ours.
func (s *site) onlySignedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if slices.Contains(openPaths, r.URL.Path) {
			return next(c)
		}
		switch s.guard.CheckBearer(r) {
		case signin.Absent:
		case signin.Accepted:
			return next(c)
		case signin.Wrong:
			s.o.Log.Warn("a wrong admin token", zap.String("from", r.RemoteAddr))
			return unauthorized(c, "this is not the token in FLOWKEEPER_ADMIN_TOKEN")
		case signin.Throttled:
			return throttled(c)
		}
		if !s.guard.InSession(r) {
			if fromBrowser(c) && reads(r) {
				return c.Redirect(http.StatusSeeOther, signInPath+"?"+url.Values{"to": {r.URL.RequestURI()}}.Encode())
			}
			return unauthorized(c, "a token is wanted: send the one in FLOWKEEPER_ADMIN_TOKEN as Authorization: Bearer, or sign in with a browser")
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if !reads(r) && !s.guard.FormIsOurs(r) {
			return echo.NewHTTPError(http.StatusForbidden, "this form is not of your session: nothing was done. Load its page again")
		}
		return next(c)
	}
}

func unauthorized(c echo.Context, text string) error {
	c.Response().Header().Set("WWW-Authenticate", `Bearer realm="flowkeeper"`)
	return echo.NewHTTPError(http.StatusUnauthorized, text)
}

func throttled(c echo.Context) error {
	c.Response().Header().Set("Retry-After", signin.RetryAfter)
	return echo.NewHTTPError(http.StatusTooManyRequests, "too many wrong tokens came from your address: wait a few seconds")
}

// registerSignIn adds the form and what it does.
func (s *site) registerSignIn(e *echo.Echo) {
	e.GET(signInPath, func(c echo.Context) error { return s.signInPage(c, http.StatusOK, "", c.QueryParam("to")) })
	e.POST(signInPath, func(c echo.Context) error {
		r := c.Request()
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		to := r.PostFormValue("to")
		switch s.guard.Check(r, r.PostFormValue("token")) {
		case signin.Accepted:
			s.guard.Begin(c.Response(), r)
			return c.Redirect(http.StatusSeeOther, ownPath(to))
		case signin.Throttled:
			c.Response().Header().Set("Retry-After", signin.RetryAfter)
			return s.signInPage(c, http.StatusTooManyRequests, "Too many wrong tokens came from your address. Wait a few seconds.", to)
		default:
			s.o.Log.Warn("a wrong admin token", zap.String("from", r.RemoteAddr))
			return s.signInPage(c, http.StatusUnauthorized, "This is not the token.", to)
		}
	})
	e.POST("/signout", func(c echo.Context) error {
		signin.End(c.Response(), c.Request())
		return c.Redirect(http.StatusSeeOther, signInPath)
	})
}

func (s *site) signInPage(c echo.Context, status int, problem, to string) error {
	return page.Write(c.Response(), status, &page.SignIn{Frame: page.Frame{Title: "Sign in", Plain: true, Problem: problem}, To: ownPath(to)})
}

// ownPath is a path of this site to go on to, the overview if it is none.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
