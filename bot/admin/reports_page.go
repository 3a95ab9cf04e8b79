package admin

import (
	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/report"
	"flowkeeper/rules/triage"
)

// reportsPage shows when reports are due, what became of them, and those that stand on issues.
func (s *site) reportsPage(c echo.Context, o report.Overview) error {
	v := &page.Reports{Frame: s.frame(c, "Reports", "/reports")}
	for _, status := range o.Reports {
		r := page.Report{Name: string(status.Report), Mode: status.Mode.String(), Next: status.NextAt, Key: status.NextKey, Last: "not yet"}
		if last := status.Last; last != nil {
			r.Last = last.Key + ": " + last.Outcome.What
			if last.Error != "" {
				r.Last = last.Key + ": failed: " + last.Error
			}
			if last.Outcome.What == report.Composed {
				r.Document = "/reports/" + string(status.Report)
			}
		}
		v.Reports = append(v.Reports, r)
	}
	for _, open := range o.Open {
		shown := page.OpenReport{Name: string(open.Report) + " " + open.Key, Issue: open.Issue, Opened: open.OpenedAt, Broken: open.Broken}
		if ref, err := triage.ParseRef(open.Issue); err == nil {
			shown.Href = pageOf("/decisions", ref)
		}
		v.Open = append(v.Open, shown)
	}
	return s.write(c, v)
}

// documentPage shows what was composed of a report, as Markdown.
func (s *site) documentPage(c echo.Context, kept report.Kept) error {
	name := "Report " + string(kept.Kind) + " " + kept.Key
	return s.write(c, &page.Text{
		Frame: s.frame(c, name, "/reports"), Back: page.Link{Text: "All reports", Href: "/reports"}, Heading: name,
		About: "Composed " + kept.At.UTC().Format("2 January 15:04 MST") + " and opened nowhere, because the report is in shadow.", Text: kept.Document,
	})
}
