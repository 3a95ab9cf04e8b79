package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/history"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// ruleWindow is how far back rules are looked at.
const ruleWindow = 30 * 24 * time.Hour

// rule is a rule as it fared, as JSON.
type rule struct {
	Rule   string      `json:"rule"`
	Mode   triage.Mode `json:"mode"`
	Fired  int         `json:"fired"`  // issues on which it wanted something
	Undone int         `json:"undone"` // issues on which a person undid what it did
	Last   []string    `json:"last,omitempty"`
}

// registerRules adds GET /rules: how each fared in the last 30 days.
func (s *site) registerRules(e *echo.Echo) {
	e.GET("/rules", func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept")
		entries, err := s.history.Entries(c.Request().Context())
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		policy := s.o.Bot.Policy()
		fared := history.ByRule(entries, s.now().Add(-ruleWindow))
		if fromBrowser(c) {
			return s.rulesPage(c, policy, fared, entries)
		}
		list := make([]rule, 0, len(policy.Settings))
		for _, setting := range policy.Settings {
			of := fared[setting.ID]
			r := rule{Rule: setting.ID, Mode: setting.Mode, Fired: of.Fired, Undone: of.Undone}
			for _, e := range of.Last {
				r.Last = append(r.Last, e.Issue.String())
			}
			list = append(list, r)
		}
		return c.JSON(http.StatusOK, list)
	})
}

// rulesPage shows the rules, those that people undid most first, then those that fired most.
func (s *site) rulesPage(c echo.Context, policy engine.Policy, fared map[string]history.Of, entries []history.Entry) error {
	v := &page.Rules{Frame: s.frame(c, "Rules", "/rules"), Prefix: "flow"}
	if policy.Team != nil {
		v.Prefix = policy.Team.CommandPrefix()
	}
	if len(entries) >= inbox.RecordsOverall {
		if oldest := entries[len(entries)-1].At; oldest.After(s.now().Add(-ruleWindow)) {
			v.Since = oldest
		}
	}
	for _, setting := range policy.Settings {
		of := fared[setting.ID]
		r := page.Rule{ID: setting.ID, Summary: summaryOf(setting, policy.Team), Mode: setting.Mode.String(), Fired: of.Fired, Undone: of.Undone, Quiet: quietLine(setting)}
		for _, e := range of.Last {
			r.Last = append(r.Last, page.Link{Text: subjectName(e.Issue, e.Path), Href: pageOf("/decisions", e.Issue)})
		}
		v.Rules = append(v.Rules, r)
	}
	slices.SortStableFunc(v.Rules, func(a, b page.Rule) int {
		if a.Undone != b.Undone {
			return b.Undone - a.Undone
		}
		return b.Fired - a.Fired
	})
	return s.write(c, v)
}

// summaryOf is a rule's summary in the words of the team, as far as there is one.
func summaryOf(s engine.Setting, team *triage.Team) string {
	if team == nil {
		return s.Summary
	}
	return s.SummaryFor(team)
}

// quietLine is what quiets a rule in the configuration, "" if it is off: a rule that acts reminds, one that reminds is silent. Options that were
// set stay.
func quietLine(s engine.Setting) string {
	if s.Mode == triage.Off {
		return ""
	}
	quieter := map[triage.Mode]triage.Mode{triage.Act: triage.Remind, triage.Remind: triage.Shadow, triage.Shadow: triage.Off}[s.Mode].String()
	var set strings.Builder
	for _, o := range s.Rule.Options {
		if value := s.Options[o.Name]; value != o.Default {
			if text, ok := value.(string); ok {
				value = strconv.Quote(text)
			}
			fmt.Fprintf(&set, ", %s: %v", o.Name, value)
		}
	}
	if set.Len() == 0 {
		return s.ID + ": " + quieter
	}
	return s.ID + ": {mode: " + quieter + set.String() + "}"
}
