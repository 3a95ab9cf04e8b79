package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/letter"
	"flowkeeper/rules/triage"
)

// MaxLetters is how many dead letters a list holds at most, the newest.
const MaxLetters = 1000

// maxSearched bounds how many letters are looked through for one.
const maxSearched = 1_000_000

// registerDead adds what is told and done about dead letters, as JSON, and as pages for browsers:
//
//	GET    /dead                  the newest, without their mail
//	GET    /dead/<id>/<n>         the letter of issue n of the project with the id, with its mail
//	POST   /dead/<id>/<n>/retry   puts it back into the mailbox
//	DELETE /dead/<id>/<n>         forgets it; for forms, which cannot say DELETE, POST /dead/<id>/<n>/drop
//
// That of a merge request is /dead/<id>/merge_requests/<n>.
func (s *site) registerDead(e *echo.Echo) {
	kept := s.o.Store
	dead := e.Group("/dead")
	dead.GET("", forBrowser(s.deadPage, func(c echo.Context) error {
		letters, err := kept.DeadLetters(c.Request().Context(), MaxLetters)
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		list := make([]letter.Letter, len(letters))
		for i, l := range letters {
			list[i] = letter.Summary(l)
		}
		return c.JSON(http.StatusOK, list)
	}))
	handleSubject(dead, http.MethodGet, "", func(c echo.Context, subject triage.Ref) error {
		l, err := findDeadLetter(c.Request().Context(), kept, subject)
		if err != nil {
			return storeError(err)
		}
		if fromBrowser(c) {
			return s.letterPage(c, l)
		}
		return c.JSON(http.StatusOK, letter.Full(l))
	})
	retry, drop := answerWrite(kept.Redrive, http.StatusAccepted, "due again"), answerWrite(kept.DropDeadLetter, http.StatusOK, "dropped")
	handleSubject(dead, http.MethodPost, "/retry", retry)
	handleSubject(dead, http.MethodPost, "/drop", drop)
	handleSubject(dead, http.MethodDelete, "", drop)
}

// answerWrite answers a request that does something to the letter of a subject.
func answerWrite(do func(context.Context, triage.Ref) error, code int, status string) func(echo.Context, triage.Ref) error {
	return func(c echo.Context, subject triage.Ref) error {
		if err := do(c.Request().Context(), subject); err != nil {
			return storeError(err)
		}
		if fromBrowser(c) {
			return c.Redirect(http.StatusSeeOther, "/dead?"+url.Values{doneParam: {status}, ofParam: {subject.String()}}.Encode())
		}
		return c.JSON(code, map[string]string{"status": status})
	}
}

func storeError(err error) error {
	if errors.Is(err, inbox.ErrNotFound) {
		return echo.NewHTTPError(http.StatusNotFound, "there is no such dead letter; GET /dead lists them")
	}
	return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
}

// findDeadLetter looks for the letter of a subject: among the newest first, because those are asked for most.
func findDeadLetter(ctx context.Context, kept Store, subject triage.Ref) (inbox.DeadLetter, error) {
	for limit := MaxLetters; limit <= maxSearched; limit *= 10 {
		letters, err := kept.DeadLetters(ctx, limit)
		if err != nil {
			return inbox.DeadLetter{}, err
		}
		for _, l := range letters {
			if l.Issue == subject {
				return l, nil
			}
		}
		if len(letters) < limit {
			break
		}
	}
	return inbox.DeadLetter{}, inbox.ErrNotFound
}
