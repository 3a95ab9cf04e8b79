package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/inbox"
)

// letter is a dead letter as it is shown.
type letter struct {
	Project    int64           `json:"project"`
	IID        int64           `json:"iid"`
	Buried     time.Time       `json:"buried"`
	Cause      string          `json:"cause"`
	Attempts   int             `json:"attempts"`
	Deliveries int             `json:"deliveries"`
	Decision   json.RawMessage `json:"decision,omitempty"`
}

// registerDead adds GET /dead, newest first, and POST /dead/<project id>/<issue number>/retry.
func registerDead(e *echo.Echo, kept Kept) {
	e.GET("/dead", func(c echo.Context) error {
		letters, err := kept.Dead(c.Request().Context(), maxDecisions)
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		list := make([]letter, len(letters))
		for i, l := range letters {
			list[i] = letter{Project: l.Issue.Project, IID: l.Issue.IID, Buried: l.Buried, Cause: l.Cause, Attempts: l.Attempts, Deliveries: len(l.Deliveries)}
			if json.Valid(l.Record) {
				list[i].Decision = l.Record
			}
		}
		return c.JSON(http.StatusOK, list)
	})
	e.POST("/dead/:project/:iid/retry", func(c echo.Context) error {
		issue, err := issueOf(c)
		if err != nil {
			return err
		}
		err = kept.Revive(c.Request().Context(), issue)
		switch {
		case errors.Is(err, inbox.ErrNotFound):
			return echo.NewHTTPError(http.StatusNotFound, "there is no such dead letter; GET /dead lists them")
		case err != nil:
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		return c.JSON(http.StatusAccepted, map[string]string{"status": "due again"})
	})
}
