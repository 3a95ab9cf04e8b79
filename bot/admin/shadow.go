package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/shadow"
)

// registerShadow adds GET /shadow?since=<RFC 3339>: what rules in shadow would have done since then, a shadow.Report as JSON.
func registerShadow(e *echo.Echo, kept Store) {
	e.GET("/shadow", func(c echo.Context) error {
		since, err := time.Parse(time.RFC3339, c.QueryParam("since"))
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest, "since has to be a time such as 2026-03-02T09:00:00Z")
		}
		report, err := shadow.ReportSince(c.Request().Context(), kept, since)
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		return c.JSON(http.StatusOK, report)
	})
}

// Shadow is what rules in shadow would have done since a time.
func (c *Client) Shadow(ctx context.Context, since time.Time) (shadow.Report, error) {
	var r shadow.Report
	return r, c.do(ctx, http.MethodGet, "/shadow?since="+url.QueryEscape(since.UTC().Format(time.RFC3339)), &r)
}
