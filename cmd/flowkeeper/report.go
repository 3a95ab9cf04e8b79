package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/report/gather"
	"flowkeeper/config"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

type reportCmd struct {
	Report    string  `arg:"" optional:"" help:"Which one; without it, all are listed with when they are due."`
	Date      dayFlag `placeholder:"DATE" help:"As of this day, such as 2026-11-30; default today. Issues are read as they are now."`
	Milestone string  `placeholder:"TITLE" help:"The milestone that it is about, such as 19.6; default the one whose turn it is."`
	Format    string  `enum:"table,markdown,json" default:"table" help:"table; markdown, as it stands in GitLab; json."`
	Post      bool    `help:"Open the report in GitLab, or bring the one that is there up to date, and print its address. Without it nothing is written."`
	Config    string  `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
}

func (reportCmd) Help() string {
	return "The reports are " + joinKinds() + ". They are about the issues of reports.group, or else of gitlab.projects, and stand in reports.project; capacity and " +
		"kickoff are written on the planning issue of their milestone, slo is only printed. --post works whatever the report's mode is, and as often as it is " +
		"called there is one report." + `

Examples:
  flowkeeper report
  flowkeeper report triage
  flowkeeper report planning --milestone 19.6 --format markdown
  flowkeeper report triage --post`
}

func joinKinds() string {
	var names []string
	for _, k := range planning.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// Validate checks what the flags say.
func (c *reportCmd) Validate() error {
	if c.Report == "" {
		switch {
		case c.Post:
			return errors.New("--post needs a report: " + joinKinds())
		case c.Milestone != "":
			return errors.New("--milestone needs a report: " + joinKinds())
		case c.Format == "markdown":
			return errors.New("--format markdown needs a report: " + joinKinds())
		}
		return nil
	}
	k := planning.Kind(c.Report)
	if err := checkKind(c.Report); err != nil {
		return err
	}
	switch {
	case c.Post && k.Place() == planning.OnlyPrinted:
		return fmt.Errorf("the %s report is only printed: leave out --post", k)
	case c.Post && c.Format != "table":
		return errors.New("--post prints the address of the report: leave out --format")
	case c.Milestone == "":
		return nil
	case !k.IsOfMilestone():
		return fmt.Errorf("the %s report is about no milestone: leave out --milestone", k)
	}
	if _, ok := planning.ParseVersion(c.Milestone); !ok {
		return fmt.Errorf("--milestone %.40q is not a release: write one such as 19.6; after 19.11 comes 20.0", c.Milestone)
	}
	return nil
}

// checkKind checks the name of a report.
func checkKind(name string) error {
	var names []string
	for _, k := range planning.Kinds() {
		if string(k) == name {
			return nil
		}
		names = append(names, string(k))
	}
	if near := triage.Nearest(name, names); near != "" {
		return fmt.Errorf("there is no report %.40q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no report %.40q; there are %s", name, joinKinds())
}

// Run lists the reports, prints one, or posts it.
func (c *reportCmd) Run(ctx context.Context, p *program) error {
	loaded, err := loadToLook(c.Config, "", p.environ)
	if err != nil {
		return err
	}
	o := options(loaded, false, zap.NewNop())
	now := c.at(o.Reports.Schedule, time.Now())
	if c.Report == "" {
		return c.list(ctx, p, loaded, o.Reports, now)
	}
	if !loaded.GitLab.Token.IsSet() {
		return errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: the issues cannot be read")
	}
	bar := &gatherProgress{p: p}
	defer bar.done()
	reporter, err := bot.NewReporter(ctx, o, bar.set)
	if err != nil {
		return err
	}
	defer reporter.Close()
	k := planning.Kind(c.Report)
	milestone, err := c.milestone(ctx, reporter, o.Reports.Schedule, now)
	if err != nil {
		return err
	}
	if c.Post {
		outcome, err := reporter.Post(ctx, k, milestone, now)
		bar.done()
		if err != nil {
			return err
		}
		return printOutcome(p, k, outcome)
	}
	d, text, err := reporter.Preview(ctx, k, milestone, now)
	bar.done()
	if err != nil {
		return err
	}
	return c.print(p, d, text)
}

// gatherProgress shows how far gathering has come, a bar for each step.
type gatherProgress struct {
	p    *program
	step gather.Step
	bar  *progress
}

func (g *gatherProgress) set(now gather.Progress) {
	if g.bar == nil || g.step != now.Step {
		g.done()
		g.step, g.bar = now.Step, g.p.progress(string(now.Step))
	}
	g.bar.set(now.Done, now.All)
}

// done takes the bar away.
func (g *gatherProgress) done() {
	if g.bar != nil {
		g.bar.done()
		g.bar = nil
	}
}

// at is the moment as of which a report is made: now, or the time at which reports are due on the day that is named.
func (c *reportCmd) at(s report.Schedule, now time.Time) time.Time {
	if d := planning.Date(c.Date); !d.IsZero() {
		return s.At(d)
	}
	return now.In(s.Location)
}

// justDue is for how many days a report that was due is the one that is meant.
const justDue = 14

// milestone is the one that is named, else that of the report that was due in the last days, else of the one that is due next.
func (c *reportCmd) milestone(ctx context.Context, r *bot.Reporter, s report.Schedule, now time.Time) (planning.Version, error) {
	k := planning.Kind(c.Report)
	if !k.IsOfMilestone() {
		return planning.Version{}, nil
	}
	if v, ok := planning.ParseVersion(c.Milestone); ok {
		return v, nil
	}
	calendar, err := r.Calendar(ctx)
	if err != nil {
		return planning.Version{}, err
	}
	if k == planning.KindCapacity {
		k = planning.KindPlanning // comes with it
	}
	if last, ok := s.Last(k, calendar, now); ok && now.Sub(last.At) < justDue*24*time.Hour {
		return last.Milestone, nil
	}
	if next, ok := s.Next(k, calendar, now); ok {
		return next.Milestone, nil
	}
	return planning.Version{}, fmt.Errorf("which milestone is the %s report about? say it with --milestone", k)
}

// print prints a document; text is how it looks in GitLab.
func (c *reportCmd) print(p *program, d planning.Document, text string) error {
	if d.Empty {
		fmt.Fprintln(p.err, "Note: there is nothing to say, so that this report would not be opened.")
	}
	switch c.Format {
	case "json":
		return document.WriteJSON(p.out, d)
	case "markdown":
		_, err := fmt.Fprintln(p.out, strings.TrimSuffix(text, "\n"))
		return err
	default:
		return document.WriteTable(p.out, d)
	}
}

// printOutcome says where a report stands and what became of it.
func printOutcome(p *program, k planning.Kind, o report.Outcome) error {
	said := map[string]string{
		report.Opened: "was opened", report.Edited: "was brought up to date", report.Unchanged: "says already what it should",
		report.Nothing: "has nothing to say and was not opened",
	}
	fmt.Fprintf(p.err, "The %s report %s.\n", k, said[o.What])
	if o.URL == "" {
		return nil
	}
	_, err := fmt.Fprintln(p.out, o.URL)
	return err
}

// reportLine is a report as the list shows it.
type reportLine struct {
	Report    planning.Kind `json:"report"`
	Due       *time.Time    `json:"due,omitempty"`       // nil is never by itself
	Milestone string        `json:"milestone,omitempty"` // whom the next one is about
	Mode      string        `json:"mode,omitempty"`      // "" for one that never comes by itself
	Where     string        `json:"where"`
}

// list lists all reports.
func (c *reportCmd) list(ctx context.Context, p *program, loaded config.Config, o bot.Reports, now time.Time) error {
	own, err := milestoneDates(ctx, p, loaded)
	if err != nil {
		return err
	}
	dates := calendar(loaded, own)
	var lines []reportLine
	for _, k := range planning.Kinds() {
		l := reportLine{Report: k, Mode: loaded.Reports.Mode(k).String(), Where: whereReport(k, loaded)}
		occasion := k
		if k == planning.KindCapacity {
			occasion = planning.KindPlanning // comes with it
		}
		if next, ok := o.Schedule.Next(occasion, dates, now); ok {
			l.Due = &next.At
			if k.IsOfMilestone() {
				l.Milestone = next.Milestone.String()
			}
		}
		if k.Place() == planning.OnlyPrinted {
			l.Mode = ""
		}
		lines = append(lines, l)
	}
	if c.Format == "json" {
		return p.printJSON(lines)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REPORT\tNEXT DUE\tMILESTONE\tMODE\tWHERE")
	for _, l := range lines {
		due := "when asked for"
		if l.Due != nil {
			due = l.Due.Format("Mon 2006-01-02 15:04 MST")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Report, due, l.Milestone, l.Mode, l.Where)
	}
	return w.Flush()
}

// whereReport says where a report stands.
func whereReport(k planning.Kind, c config.Config) string {
	project := c.Reports.Project
	if project == "" {
		project = "reports.project, which is not set"
	}
	switch k.Place() {
	case planning.OwnIssue:
		return "an issue in " + project
	case planning.PlanningBlock:
		return "on the planning issue"
	case planning.PlanningComment:
		return "a comment on the planning issue"
	default:
		return "printed"
	}
}
