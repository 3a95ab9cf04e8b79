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

// registerReports adds GET /reports, a report.Overview as JSON, with ?format=text for people, and as a page for browsers; and GET
// /reports/<report>, the document that was composed in shadow when the report was last due, as Markdown.
func (s *site) registerReports(e *echo.Echo) {
	e.GET("/reports", func(c echo.Context) error {
		r, err := s.reports()
		if err != nil {
			return err
		}
		o, err := r.Overview(c.Request().Context())
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		if c.QueryParam("format") == "text" {
			var text bytes.Buffer
			if err := o.WriteText(&text); err != nil {
				return err
			}
			return c.String(http.StatusOK, text.String())
		}
		if fromBrowser(c) {
			return s.reportsPage(c, o)
		}
		return c.JSON(http.StatusOK, o)
	})
	e.GET("/reports/:report", func(c echo.Context) error {
		r, err := s.reports()
		if err != nil {
			return err
		}
		kept, ok, err := r.KeptReport(c.Request().Context(), planning.Kind(c.Param("report")))
		switch {
		case err != nil:
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		case !ok || kept.Document == "":
			return echo.NewHTTPError(http.StatusNotFound, "no document is kept of that report: one is composed when it is due in mode shadow")
		}
		if fromBrowser(c) {
			return s.documentPage(c, kept)
		}
		return c.String(http.StatusOK, kept.Document)
	})
}

// reports is what tells of the reports, an error as long as the bot has none.
func (s *site) reports() (Reports, error) {
	if s.o.Reports != nil {
		if r := s.o.Reports(); r != nil {
			return r, nil
		}
	}
	return nil, echo.NewHTTPError(http.StatusServiceUnavailable, "the bot is not ready yet: it waits for GitLab to tell who it is")
}
