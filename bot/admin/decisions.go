package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Kept is where decisions are read and dead letters are looked after.
type Kept interface {
	Dead(ctx context.Context, limit int) ([]inbox.Letter, error)
	Revive(ctx context.Context, issue triage.Ref) error
	Drop(ctx context.Context, issue triage.Ref) error
	Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error)
	Recent(ctx context.Context, limit int) ([]inbox.Record, error)
}

// decision is a kept decision as it is shown.
type decision struct {
	Project  int64           `json:"project"`
	IID      int64           `json:"iid"`
	At       time.Time       `json:"at"`
	Decision json.RawMessage `json:"decision"`
}

// maxDecisions bounds one answer.
const maxDecisions = 1000

// registerDecisions adds GET /decisions (of all issues) and GET /decisions/<project id>/<issue number>, newest first, ?limit=n.
func registerDecisions(e *echo.Echo, kept Kept) {
	e.GET("/decisions", func(c echo.Context) error {
		limit, err := number(c.QueryParam("limit"), 50)
		if err != nil {
			return err
		}
		records, err := kept.Recent(c.Request().Context(), int(min(limit, maxDecisions)))
		return show(c, records, err)
	})
	e.GET("/decisions/:project/:iid", func(c echo.Context) error {
		issue, err := issueOf(c)
		if err != nil {
			return err
		}
		records, err := kept.Records(c.Request().Context(), issue, inbox.RecordsPerIssue)
		return show(c, records, err)
	})
}

// issueOf is the issue that the path names.
func issueOf(c echo.Context) (triage.Ref, error) {
	project, err := number(c.Param("project"), 0)
	if err != nil {
		return triage.Ref{}, err
	}
	iid, err := number(c.Param("iid"), 0)
	return triage.Ref{Project: project, IID: iid}, err
}

// number reads a positive number; an empty text is the default.
func number(text string, otherwise int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, echo.NewHTTPError(http.StatusBadRequest, "a number above 0 is wanted, as in /decisions/7/12 for issue 12 of the project with the id 7")
	}
	return n, nil
}

func show(c echo.Context, records []inbox.Record, err error) error {
	if err != nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
	}
	list := make([]decision, len(records))
	for i, r := range records {
		list[i] = decision{r.Issue.Project, r.Issue.IID, r.At, json.RawMessage(r.Body)}
		if !json.Valid(r.Body) {
			list[i].Decision = json.RawMessage("null")
		}
	}
	return c.JSON(http.StatusOK, list)
}
