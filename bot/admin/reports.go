package admin

import (
	"bytes"
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/report"
	"flowkeeper/rules/planning"
)

// Reports tells of the reports, see package report.
type Reports interface {
	Overview(ctx context.Context) (report.Overview, error)
	KeptReport(ctx context.Context, k planning.Kind) (report.Kept, bool, error)
}

// registerReports adds GET /reports, a report.Overview as JSON, or with ?format=text for people; and GET /reports/<report>, the document that was
// composed in shadow when the report was last due, as Markdown. reports is nil as long as the bot has none.
func registerReports(e *echo.Echo, reports func() Reports) {
	ask := func(get func(c echo.Context, r Reports) error) echo.HandlerFunc {
		return func(c echo.Context) error {
			if reports == nil || reports() == nil {
				return echo.NewHTTPError(http.StatusServiceUnavailable, "the bot is not ready yet: it waits for GitLab to tell who it is")
			}
			return get(c, reports())
		}
	}
	e.GET("/reports", ask(func(c echo.Context, r Reports) error {
		o, err := r.Overview(c.Request().Context())
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		if c.QueryParam("format") != "text" {
			return c.JSON(http.StatusOK, o)
		}
		var text bytes.Buffer
		if err := o.WriteText(&text); err != nil {
			return err
		}
		return c.String(http.StatusOK, text.String())
	}))
	e.GET("/reports/:report", ask(func(c echo.Context, r Reports) error {
		kept, ok, err := r.KeptReport(c.Request().Context(), planning.Kind(c.Param("report")))
		switch {
		case err != nil:
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		case !ok || kept.Document == "":
			return echo.NewHTTPError(http.StatusNotFound, "no document is kept of that report: one is composed when it is due in mode shadow")
		}
		return c.String(http.StatusOK, kept.Document)
	}))
}
