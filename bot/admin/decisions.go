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

// Store is where decisions are read and dead letters are looked after.
type Store interface {
	DeadLetters(ctx context.Context, limit int) ([]inbox.DeadLetter, error)
	Redrive(ctx context.Context, issue triage.Ref) error
	DropDeadLetter(ctx context.Context, issue triage.Ref) error
	Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error)
	RecentRecords(ctx context.Context, limit int) ([]inbox.Record, error)
	Memories(ctx context.Context, issues []triage.Ref) ([][]byte, error)
	Stats(ctx context.Context) (inbox.Stats, error)
}

// decision is a kept decision as it is shown.
type decision struct {
	Project  int64              `json:"project"`
	Kind     triage.SubjectKind `json:"kind"` // "issue" or "merge_request"
	IID      int64              `json:"iid"`
	At       time.Time          `json:"at"`
	Decision json.RawMessage    `json:"decision"`
}

// maxDecisions bounds one answer.
const maxDecisions = 1000

// registerDecisions adds GET /decisions (of all) and GET /decisions/<project id>/<issue number> or
// /decisions/<project id>/merge_requests/<number>, newest first: as JSON with ?limit=n, for browsers see feedPage and issuePage. A project's path
// in the place of its id leads to the id.
func (s *site) registerDecisions(e *echo.Echo) {
	kept := s.o.Store
	e.GET("/decisions", forBrowser(s.feedPage, func(c echo.Context) error {
		limit, err := parsePositive(c.QueryParam("limit"), 50)
		if err != nil {
			return err
		}
		records, err := kept.RecentRecords(c.Request().Context(), int(min(limit, maxDecisions)))
		return writeRecords(c, records, err)
	}))
	handleSubject(e.Group("/decisions", s.redirectPath), http.MethodGet, "", func(c echo.Context, subject triage.Ref) error {
		if fromBrowser(c) {
			return s.issuePage(c, subject)
		}
		records, err := kept.Records(c.Request().Context(), subject, inbox.RecordsPerIssue)
		return writeRecords(c, records, err)
	})
}

// subjectPath is the end of an address that names a subject: "/7/12" is an issue, "/7/merge_requests/12" a merge request.
func subjectPath(project string, kind triage.SubjectKind, iid string) string {
	if kind == triage.SubjectMergeRequest {
		iid = "merge_requests/" + iid
	}
	return "/" + project + "/" + iid
}

// handleSubject answers requests that name a subject, see subjectPath, with more behind it.
func handleSubject(g *echo.Group, method, more string, answer func(echo.Context, triage.Ref) error) {
	for _, kind := range []triage.SubjectKind{triage.SubjectIssue, triage.SubjectMergeRequest} {
		g.Add(method, subjectPath(":project", kind, ":iid")+more, func(c echo.Context) error {
			project, err := parsePositive(c.Param("project"), 0)
			if err != nil {
				return err
			}
			iid, err := parsePositive(c.Param("iid"), 0)
			if err != nil {
				return err
			}
			return answer(c, triage.Ref{Project: project, Kind: kind, IID: iid})
		})
	}
}

// parsePositive reads a positive number; an empty text is the default.
func parsePositive(text string, otherwise int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, echo.NewHTTPError(http.StatusBadRequest, "a number above 0 is wanted, as in /decisions/7/12 for issue 12 of the project with the id 7, and /decisions/7/merge_requests/12 for a merge request")
	}
	return n, nil
}

func writeRecords(c echo.Context, records []inbox.Record, err error) error {
	if err != nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
	}
	list := make([]decision, len(records))
	for i, r := range records {
		list[i] = decision{r.Issue.Project, r.Issue.Kind, r.Issue.IID, r.At, json.RawMessage(r.Body)}
		if !json.Valid(r.Body) {
			list[i].Decision = json.RawMessage("null")
		}
	}
	return c.JSON(http.StatusOK, list)
}
