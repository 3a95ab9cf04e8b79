package admin

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/history"
	"flowkeeper/rules/triage"
)

// pageSize is how many decisions a page of the feed shows.
const pageSize = 50

// feedPage shows the decisions that the parameters ask for: project, rule, outcome, undone, and page from 1.
func (s *site) feedPage(c echo.Context) error {
	entries, err := s.history.Entries(c.Request().Context())
	if err != nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
	}
	number, err := parsePositive(c.QueryParam("page"), 1)
	if err != nil {
		return err
	}
	f := history.Filter{
		Project: strings.TrimSpace(c.QueryParam("project")), Rule: c.QueryParam("rule"), Outcome: history.Outcome(c.QueryParam("outcome")),
		Undone: c.QueryParam("undone") != "",
	}
	at := int(min(number, 1_000_000)) - 1
	found, total := f.Select(entries, at, pageSize)
	v := &page.Decisions{
		Frame: s.frame(c, "Decisions", "/decisions"), Project: f.Project, Rule: f.Rule, Outcome: string(f.Outcome), Undone: f.Undone,
		Narrowed: f != history.Filter{}, Projects: history.Projects(entries), First: at*pageSize + 1, Last: at*pageSize + len(found), Total: total,
	}
	for _, setting := range s.o.Bot.Policy().Settings {
		v.Rules = append(v.Rules, setting.ID)
	}
	for _, o := range history.Outcomes() {
		v.Outcomes = append(v.Outcomes, string(o))
	}
	confidential := map[triage.Ref]bool{}
	for _, e := range entries {
		if e.Confidential {
			confidential[e.Issue] = true
		}
	}
	for _, e := range found {
		e.Confidential = confidential[e.Issue] // also what was decided before it became so
		v.Rows = append(v.Rows, row(e))
	}
	if at > 0 {
		v.Newer = feedPath(c.QueryParams(), at)
	}
	if (at+1)*pageSize < total {
		v.Older = feedPath(c.QueryParams(), at+2)
	}
	return s.write(c, v)
}

// feedPath is the address of another page of the same feed.
func feedPath(query url.Values, number int) string {
	q := url.Values{}
	for name, values := range query {
		if len(values) > 0 && values[0] != "" {
			q.Set(name, values[0])
		}
	}
	q.Set("page", strconv.Itoa(number))
	return "/decisions?" + q.Encode()
}

func row(e history.Entry) page.Row {
	r := page.Row{
		At: e.At, Name: subjectName(e.Issue, e.Path), Href: pageOf("/decisions", e.Issue), Outcome: string(e.Outcome), Confidential: e.Confidential,
		Undone: e.Undone(),
	}
	for _, f := range e.Findings {
		r.Rules = append(r.Rules, f.Rule)
	}
	switch {
	case e.Confidential: // by its number alone
	case e.Error != "":
		r.What = e.Error
	case len(e.Done) > 0:
		r.What = strings.Join(e.Done, ", ")
	default:
		r.What = e.Reason
	}
	return r
}

// pathAddress is the address of a subject with its project's path in the place of the id, in GitLab's way or in ours.
var pathAddress = regexp.MustCompile(`^/decisions/([^/]+(?:/[^/]+)+?)/(?:-/)?(issues/|work_items/|merge_requests/)?([1-9][0-9]{0,17})$`)

// redirectPath leads the address of a subject with its project's path to that with the id.
func (s *site) redirectPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		m := pathAddress.FindStringSubmatch(c.Request().URL.Path)
		if m == nil || m[1] == c.Param("project")+"/merge_requests" {
			return next(c)
		}
		entries, err := s.history.Entries(c.Request().Context())
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		id, ok := history.ProjectID(entries, m[1])
		if !ok {
			return echo.NewHTTPError(http.StatusNotFound, "no decision is kept of a project with this path")
		}
		subject := triage.Ref{Project: id}
		if m[2] == "merge_requests/" {
			subject.Kind = triage.SubjectMergeRequest
		}
		subject.IID, _ = strconv.ParseInt(m[3], 10, 64) // eighteen digits fit
		return c.Redirect(http.StatusFound, pageOf("/decisions", subject))
	}
}
