package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/letter"
	"flowkeeper/rules/triage"
)

// MaxLetters is how many dead letters a list holds at most, the newest.
const MaxLetters = 1000

// farthest bounds how many letters are looked through for one.
const farthest = 1_000_000

// registerDead adds what is told and done about dead letters, all as JSON:
//
//	GET    /dead                  the newest, without their mail
//	GET    /dead/<id>/<n>         the letter of issue n of the project with the id, with its mail
//	POST   /dead/<id>/<n>/retry   puts it back into the mailbox
//	DELETE /dead/<id>/<n>         forgets it
func registerDead(e *echo.Echo, kept Kept) {
	dead := e.Group("/dead")
	dead.GET("", func(c echo.Context) error {
		letters, err := kept.Dead(c.Request().Context(), MaxLetters)
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		list := make([]letter.Letter, len(letters))
		for i, l := range letters {
			list[i] = letter.Summary(l)
		}
		return c.JSON(http.StatusOK, list)
	})
	dead.GET("/:project/:iid", func(c echo.Context) error {
		issue, err := issueOf(c)
		if err != nil {
			return err
		}
		l, err := find(c.Request().Context(), kept, issue)
		if err != nil {
			return refused(err)
		}
		return c.JSON(http.StatusOK, letter.Whole(l))
	})
	dead.POST("/:project/:iid/retry", write(kept.Revive, http.StatusAccepted, "due again"))
	dead.DELETE("/:project/:iid", write(kept.Drop, http.StatusOK, "dropped"))
}

// write answers a request that does something to the letter of an issue.
func write(do func(context.Context, triage.Ref) error, code int, status string) echo.HandlerFunc {
	return func(c echo.Context) error {
		issue, err := issueOf(c)
		if err != nil {
			return err
		}
		if err := do(c.Request().Context(), issue); err != nil {
			return refused(err)
		}
		return c.JSON(code, map[string]string{"status": status})
	}
}

func refused(err error) error {
	if errors.Is(err, inbox.ErrNotFound) {
		return echo.NewHTTPError(http.StatusNotFound, "there is no such dead letter; GET /dead lists them")
	}
	return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
}

// find looks for the letter of an issue: among the newest first, because those are asked for most.
func find(ctx context.Context, kept Kept, issue triage.Ref) (inbox.Letter, error) {
	for limit := MaxLetters; limit <= farthest; limit *= 10 {
		letters, err := kept.Dead(ctx, limit)
		if err != nil {
			return inbox.Letter{}, err
		}
		for _, l := range letters {
			if l.Issue == issue {
				return l, nil
			}
		}
		if len(letters) < limit {
			break
		}
	}
	return inbox.Letter{}, inbox.ErrNotFound
}
