package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/adopt"
)

// Backlog takes up old issues; an adopt.Refusal is an error of whoever asked.
type Backlog func(context.Context, adopt.Request) (adopt.Page, error)

// registerAdopt adds POST /adopt?project=&from=&until=&dry_run=: one page of a project's backlog, an adopt.Page as JSON.
func registerAdopt(e *echo.Echo, backlog Backlog) {
	e.POST("/adopt", func(c echo.Context) error {
		r := adopt.Request{Project: c.QueryParam("project"), DryRun: c.QueryParam("dry_run") == "true"}
		var wrong error
		for name, into := range map[string]*time.Time{"from": &r.From, "until": &r.Until} {
			if text := c.QueryParam(name); text != "" {
				var err error
				*into, err = time.Parse(time.RFC3339, text)
				wrong = errors.Join(wrong, err)
			}
		}
		if wrong != nil || r.Project == "" {
			return echo.NewHTTPError(http.StatusBadRequest, "a project is wanted, its path or id, and from and until, if any, as times such as 2026-03-02T09:00:00Z")
		}
		page, err := backlog(c.Request().Context(), r)
		if refusal, ok := errors.AsType[adopt.Refusal](err); ok {
			return echo.NewHTTPError(http.StatusUnprocessableEntity, refusal.Text)
		}
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		return c.JSON(http.StatusOK, page)
	})
}

// Adopt asks for one page of a project's backlog.
func (c *Client) Adopt(ctx context.Context, r adopt.Request) (adopt.Page, error) {
	q := url.Values{"project": {r.Project}, "dry_run": {strconv.FormatBool(r.DryRun)}}
	for name, at := range map[string]time.Time{"from": r.From, "until": r.Until} {
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	var p adopt.Page
	err := c.do(ctx, http.MethodPost, "/adopt?"+q.Encode(), &p)
	if err == nil && !p.Done && !p.Next.After(r.From) && len(p.Issues) == 0 && p.Waiting == 0 {
		err = fmt.Errorf("%s does not get on: is it a Flowkeeper of this version?", c.base)
	}
	return p, err
}
