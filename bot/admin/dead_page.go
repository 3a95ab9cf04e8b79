package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// Parameters that say what a form did.
const (
	doneParam = "done"
	ofParam   = "of"
)

// deadPage lists the dead letters.
func (s *site) deadPage(c echo.Context) error {
	letters, err := s.o.Store.DeadLetters(c.Request().Context(), MaxLetters)
	if err != nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
	}
	v := &page.Dead{Frame: s.frame(c, "Dead letters", "/dead"), Letters: make([]page.Letter, len(letters))}
	for n, l := range letters {
		v.Letters[n] = letterView(l)
	}
	if of, err := triage.ParseRef(c.QueryParam(ofParam)); err == nil {
		v.Notice = map[string]string{"due again": of.String() + " is due again.", "dropped": "The letter of " + of.String() + " is dropped."}[c.QueryParam(doneParam)]
	}
	return s.write(c, v)
}

func letterView(l inbox.DeadLetter) page.Letter {
	path := ""
	if d, err := record.DecodeDecision(l.Record); err == nil {
		path = d.Path
	}
	if path == "" {
		for _, m := range l.Deliveries {
			if e, err := record.DecodeEvent(m.Body, l.Issue); err == nil && e.Issue.Path != "" {
				path = e.Issue.Path
				break
			}
		}
	}
	return page.Letter{
		Name: subjectName(l.Issue, path), Href: pageOf("/dead", l.Issue), Since: l.DeadSince, Cause: l.Cause, Attempts: l.Attempts, Deliveries: len(l.Deliveries),
	}
}

// letterPage shows one. What people wrote stays in it.
func (s *site) letterPage(c echo.Context, l inbox.DeadLetter) error {
	v := &page.DeadLetter{Letter: letterView(l), Why: pageOf("/decisions", l.Issue)}
	v.Frame = s.frame(c, "Dead letter "+v.Letter.Name, "/dead")
	hidden := false
	for _, m := range l.Deliveries {
		mail := page.Mail{At: m.EnqueuedAt, What: "not readable by this release", ID: m.ID}
		if e, err := record.DecodeEvent(m.Body, l.Issue); err == nil {
			mail.What = e.Event.Kind.String()
			hidden = hidden || e.Issue.Confidential
			if v.GitLab == "" {
				v.GitLab = s.gitlabURL(l.Issue, e.Issue.Path)
			}
		}
		v.Mail = append(v.Mail, mail)
	}
	if d, err := record.DecodeDecision(l.Record); err == nil {
		view := decisionView(inbox.Record{Issue: l.Issue, At: l.DeadSince}, d, hidden)
		v.Decision = &view
	}
	return s.write(c, v)
}
