package admin

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	dto "github.com/prometheus/client_model/go"

	"flowkeeper/bot/activity"
	"flowkeeper/bot/admin/page"
	"flowkeeper/bot/inbox"
)

// overview is how the bot is, as JSON.
type overview struct {
	readiness

	Version string           `json:"version"`
	Inbox   map[string]int64 `json:"inbox"`
}

// registerOverview adds GET /.
func (s *site) registerOverview(e *echo.Echo) {
	e.GET("/", forBrowser(s.overviewPage, func(c echo.Context) error {
		stats, err := s.o.Store.Stats(c.Request().Context())
		if err != nil {
			return echo.NewHTTPError(http.StatusServiceUnavailable, err.Error())
		}
		_, body := ready(c.Request().Context(), s.o.Checks)
		return c.JSON(http.StatusOK, overview{body, s.o.Bot.Version, map[string]int64{
			"issues": int64(stats.Issues), "deliveries": int64(stats.Deliveries), "leased": int64(stats.Leased),
			"dead_letters": int64(stats.DeadLetters), "oldest_seconds": int64(stats.Oldest / time.Second),
		}})
	}))
}

func (s *site) overviewPage(c echo.Context) error {
	ctx := c.Request().Context()
	v := &page.Overview{Frame: s.frame(c, "Overview", "/"), Version: s.o.Bot.Version}
	_, state := ready(ctx, s.o.Checks)
	v.Ready = state.Status
	for _, name := range slices.Sorted(maps.Keys(state.Checks)) {
		v.Checks = append(v.Checks, page.Check{Name: name, Text: state.Checks[name]})
	}
	stats, err := s.o.Store.Stats(ctx)
	if err != nil {
		v.Problem = "The store does not answer: " + err.Error()
	}
	v.Numbers = append(s.inboxNumbers(stats), s.ownNumbers()...)
	v.Charts, v.NoCharts = s.charts(ctx)
	return s.write(c, v)
}

func (s *site) inboxNumbers(stats inbox.Stats) []page.Number {
	const late = 10 * time.Minute
	return []page.Number{
		{Label: "Issues waiting", Value: page.Thousands(int64(stats.Issues)), Note: plural(stats.Deliveries, "delivery", "deliveries") + ", " + strconv.Itoa(stats.Leased) + " in hand"},
		{Label: "Queue age", Value: page.Span(stats.Oldest), Note: "of the most overdue", Bad: stats.Oldest > late},
		{Label: "Dead letters", Value: page.Thousands(int64(stats.DeadLetters)), Href: "/dead", Bad: stats.DeadLetters > 0},
	}
}

// ownNumbers are what this process measures.
func (s *site) ownNumbers() []page.Number {
	if s.o.Metrics == nil {
		return nil
	}
	families, err := s.o.Metrics.Gather()
	if err != nil {
		return nil
	}
	measured := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			measured[f.GetName()+labelsOf(m)] += m.GetGauge().GetValue()
		}
	}
	var numbers []page.Number
	add := func(metric, label, note string, bad func(float64) bool) {
		if v, ok := measured[metric]; ok {
			numbers = append(numbers, page.Number{Label: label, Value: page.Thousands(int64(v)), Note: note, Bad: bad(v)})
		}
	}
	some, few, fine := func(v float64) bool { return v > 0 }, func(v float64) bool { return v < 1 }, func(float64) bool { return false }
	add("flowkeeper_gitlab_budget_remaining calls", "Budget left", "calls of GitLab at once", few)
	add("flowkeeper_gitlab_budget_remaining notes", "Comments left", "of that budget", fine)
	add("flowkeeper_spool_deliveries", "Spool", "deliveries kept while Redis is away", some)
	add("flowkeeper_hooks_disabled", "Hooks disabled", "by GitLab", some)
	add("flowkeeper_hooks_unseen", "Hooks unseen", "the token may not see them", fine)
	if swept, ok := measured["flowkeeper_sweep_last_success_timestamp_seconds"]; ok {
		n := page.Number{Label: "Last sweep", Value: "none yet", Note: "of this process"}
		if swept > 0 {
			n.Value = page.Span(s.now().Sub(time.Unix(int64(swept), 0)).Round(time.Minute))
			n.Note = "ago, by this process"
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// labelsOf is the values of a metric's labels, each after a blank.
func labelsOf(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.GetLabel() {
		b.WriteString(" " + l.GetValue())
	}
	return b.String()
}

// charts draws the last day; if there is nothing to draw, the text says why.
func (s *site) charts(ctx context.Context) ([]page.Chart, string) {
	if s.o.Activity == nil {
		return nil, "Nothing is counted."
	}
	day, err := s.o.Activity.Day(ctx)
	if err != nil {
		return nil, "What was counted cannot be read: " + err.Error()
	}
	var charts []page.Chart
	add := func(title, unit string, sum bool, value func(activity.Bucket) int64) {
		values := make([]float64, len(day.Buckets))
		for n, b := range day.Buckets {
			values[n] = math.NaN()
			if b.Known {
				values[n] = float64(value(b))
			}
		}
		charts = append(charts, page.NewChart(title, unit, values, sum, day.From, day.From.Add(activity.Buckets*activity.Step)))
	}
	add("Deliveries", "", true, func(b activity.Bucket) int64 { return b.Deliveries })
	add("Decisions", "", true, func(b activity.Bucket) int64 { return b.Decisions })
	add("Changes by rules", "", true, func(b activity.Bucket) int64 { return b.Changes })
	add("Calls of GitLab", "", true, func(b activity.Bucket) int64 { return b.Calls })
	add("Queue age", " s", false, func(b activity.Bucket) int64 { return b.Oldest })
	return charts, ""
}

// plural counts things in words.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return page.Thousands(int64(n)) + " " + many
}
