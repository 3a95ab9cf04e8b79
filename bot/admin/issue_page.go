package admin

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/history"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// issuePage tells why all that was done on an issue was done, and with ?now=1 what would be done now. Of a confidential issue it shows the
// number, the outcomes and which rules had something to say.
func (s *site) issuePage(c echo.Context, issue triage.Ref) error {
	records, err := s.o.Store.Records(c.Request().Context(), issue, inbox.RecordsPerIssue)
	if err != nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
	}
	v := &page.Issue{Ask: pageOf("/decisions", issue) + "?now=1"}
	path := ""
	var all []record.Decision
	for _, kept := range records {
		d, err := record.DecodeDecision(kept.Body)
		if err != nil {
			d = record.Decision{Error: err.Error(), InScope: true}
		}
		if path == "" {
			path = d.Path
		}
		v.Confidential = v.Confidential || d.Confidential
		all = append(all, d)
	}
	if c.QueryParam("now") != "" {
		var shown triage.Issue
		v.Now, shown = s.explainNow(c, issue)
		v.Confidential = v.Confidential || shown.Confidential
		if shown.Path != "" {
			path = shown.Path
		}
		if !v.Confidential {
			v.Subject = shown.Title
		}
	}
	if v.Confidential && v.Now != nil && v.Now.Error == "" {
		v.Now = &page.Now{Hidden: true}
	}
	for n, d := range all {
		v.Decisions = append(v.Decisions, decisionView(records[n], d, v.Confidential))
	}
	if !v.Confidential {
		v.Suspended = s.suspended(c, issue)
	}
	v.Name, v.GitLab = subjectName(issue, path), s.gitlabURL(issue, path)
	v.Frame = s.frame(c, "Why: "+v.Name, "/decisions")
	return s.write(c, v)
}

// suspended are the rules that leave the issue alone because of people, as far as its memory says.
func (s *site) suspended(c echo.Context, issue triage.Ref) []page.Suspended {
	memories, err := s.o.Store.Memories(c.Request().Context(), []triage.Ref{issue})
	var m triage.Memory
	if err != nil || len(memories) != 1 || json.Unmarshal(memories[0], &m) != nil {
		return nil // the decisions say that there are some, only not by whom
	}
	var all []page.Suspended
	for _, rule := range slices.Sorted(maps.Keys(m.Suspensions)) {
		u := m.Suspensions[rule]
		by := "somebody"
		if u.By != "" {
			by = "@" + u.By
		}
		all = append(all, page.Suspended{Rule: rule, By: by, What: u.What})
	}
	return all
}

// explainNow asks the rules.
func (s *site) explainNow(c echo.Context, ref triage.Ref) (*page.Now, triage.Issue) {
	if s.o.Bot.Explain == nil {
		return &page.Now{Error: "The bot cannot be asked here."}, triage.Issue{}
	}
	issue, d, err := s.o.Bot.Explain(c.Request().Context(), ref)
	if err != nil {
		return &page.Now{Error: sentence(err.Error())}, triage.Issue{}
	}
	now := &page.Now{}
	if !d.InScope {
		now.Reason = d.Reason
		return now, issue
	}
	for _, p := range d.Plan {
		now.Plan = append(now.Plan, page.Planned{What: p.Action.String(), Rule: p.Rule})
	}
	now.Findings = findingViews(d.Findings)
	return now, issue
}

// decisionView is a kept decision in full; hidden leaves out all that was said.
func decisionView(kept inbox.Record, d record.Decision, hidden bool) page.Decision {
	v := page.Decision{
		At: kept.At, Outcome: string(history.OutcomeOf(d)), Events: d.Events, Attempt: d.Attempt, Deliveries: d.Deliveries, Hidden: hidden || d.Confidential,
	}
	if v.Hidden {
		return v
	}
	v.Reason, v.Error, v.Done, v.Findings = d.Reason, d.Error, d.Done, findingViews(d.Findings)
	for _, r := range d.Commands {
		what := "carried out"
		if r.Refused {
			what = "refused"
		}
		name := r.Command
		if name == "" {
			name = "something that is no command"
		}
		v.Commands = append(v.Commands, name+" by @"+r.By+", "+what+": "+r.Reason)
	}
	return v
}

// findingViews puts the rules first that wanted something.
func findingViews(findings []engine.Finding) page.Findings {
	var v page.Findings
	for _, f := range findings {
		view := page.Finding{Rule: f.Rule, Mode: f.Mode.String(), Reason: f.Reason, Wants: f.Wants, Would: f.Would, Undone: f.Overridden}
		if len(f.Wants)+len(f.Would) > 0 || f.Notable || f.Overridden {
			v.Spoke = append(v.Spoke, view)
		} else {
			v.Silent = append(v.Silent, view)
		}
	}
	return v
}
