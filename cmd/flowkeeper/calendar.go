package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/legible"
	"flowkeeper/config"
	"flowkeeper/rules/planning"
)

// askTime bounds how long GitLab is asked.
const askTime = 20 * time.Second

type calendarCmd struct {
	Months int     `default:"6" help:"How many months to show: 1 to 36."`
	From   dayFlag `placeholder:"DATE" help:"The first day, such as 2026-11-30; default today."`
	JSON   bool    `help:"Print JSON."`
	Config string  `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
}

func (calendarCmd) Help() string {
	return "The dates that milestones have in GitLab win; they are read in reports.group, or else in the projects of gitlab.projects, and in the groups above. What they do not tell is reckoned by " +
		"calendar.release: a milestone ends the Friday before its release and begins when the previous one has ended. What people have to do moves from " +
		"calendar.holidays and weekends to the next working day." + `

Examples:
  flowkeeper calendar
  flowkeeper calendar --from 2027-01-01 --months 12 --json`
}

// Validate checks what the flags say.
func (c *calendarCmd) Validate() error {
	const most = 36
	if c.Months < 1 || c.Months > most {
		return fmt.Errorf("--months is %d: write a number from 1 to %d", c.Months, most)
	}
	return nil
}

// Run prints the calendar.
func (c *calendarCmd) Run(ctx context.Context, p *program) error {
	loaded, err := loadToLook(c.Config, "", p.environ)
	if err != nil {
		return err
	}
	own, err := milestoneDates(ctx, p, loaded)
	if err != nil {
		return err
	}
	from := planning.Date(c.From)
	if from.IsZero() {
		from = today(loaded, time.Now())
	}
	return c.print(p, loaded, calendar(loaded, own), from)
}

// calendar turns the configuration and what GitLab knows into the team's calendar.
func calendar(c config.Config, own []planning.MilestoneDates) planning.Calendar {
	o := reportOptions(c).Gather.Calendar
	o.Milestones = own
	return planning.New(o)
}

// today is the day that it is for the team.
func today(c config.Config, now time.Time) planning.Date {
	return planning.DateOf(now.In(c.Calendar.Timezone))
}

// milestoneDates reads the milestones of the group that reports are about, else of the configured projects. Without a token or any of them there are
// none, which it says.
func milestoneDates(ctx context.Context, p *program, c config.Config) ([]planning.MilestoneDates, error) {
	if !c.GitLab.Token.IsSet() || len(c.GitLab.Projects) == 0 && c.Reports.Group == "" {
		fmt.Fprintln(p.err, "Note: these are the dates by rule alone. To reckon with those of milestones, set FLOWKEEPER_GITLAB_TOKEN and, in the configuration file, "+
			"reports.group or gitlab.projects.")
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	client, err := gitlab.New(gitlab.Options{URL: c.GitLab.URL, Token: c.GitLab.Token.Reveal(), Version: version})
	if err != nil {
		return nil, err
	}
	if group := c.Reports.Group; group != "" {
		all, err := client.GroupMilestoneDates(ctx, group)
		return all, invisible(err, "group", group, "reports.group")
	}
	var all []planning.MilestoneDates
	for _, project := range c.GitLab.Projects {
		some, err := client.MilestoneDates(ctx, project)
		if err != nil {
			return nil, invisible(err, "project", project, "gitlab.projects")
		}
		all = append(all, some...)
	}
	return all, nil
}

// invisible says what helps if a group or project cannot be seen; any other error stays as it is.
func invisible(err error, what, name, key string) error {
	if gitlab.ClassOf(err) != gitlab.NotFound {
		return err
	}
	return fmt.Errorf("there is no %s %s, or the bot's token cannot see it: correct %s, or make the bot's user a member of it", what, name, key)
}

// calendarReport is the calendar as JSON.
type calendarReport struct {
	From       planning.Date        `json:"from"`
	To         planning.Date        `json:"to"`
	Release    string               `json:"release"`
	Holidays   []planning.Date      `json:"holidays"`
	Timezone   string               `json:"timezone"`
	Milestones []planning.Milestone `json:"milestones"`
	Dates      []planning.KeyDate   `json:"dates"`
	Problems   []string             `json:"problems"`
}

// print prints what is between the first day and the end of the months.
func (c *calendarCmd) print(p *program, loaded config.Config, dates planning.Calendar, from planning.Date) error {
	to := from.AddMonths(c.Months).AddDays(-1)
	r := calendarReport{
		From: from, To: to, Release: loaded.Calendar.Release.String(), Timezone: loaded.Calendar.Timezone.String(),
		Milestones: dates.Between(from, to), Dates: dates.KeyDatesBetween(from, to), Holidays: []planning.Date{}, Problems: append([]string{}, dates.Problems(from, to)...),
	}
	for _, d := range loaded.Calendar.Holidays {
		if !d.Before(from) && !d.After(to) {
			r.Holidays = append(r.Holidays, d)
		}
	}
	if c.JSON {
		return p.printJSON(r)
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(p.err, "Note: %s.\n", legible.Printable(problem))
	}
	return r.text(p, dates)
}

// text prints the calendar for people.
func (r calendarReport) text(p *program, dates planning.Calendar) error {
	fmt.Fprintf(p.out, "From %s to %s, %s. Released on the %s of a month; %s.\n\n", r.From, r.To, r.Timezone, r.Release, counted(len(r.Holidays), "holiday"))
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DATE\tDAY\tMILESTONE\tWHAT\tFROM")
	for _, k := range r.Dates {
		what := k.Occasion.String()
		if k.Occasion == planning.Start {
			what += ", with " + counted(dates.Milestone(k.Milestone).WorkingDays, "working day")
		}
		fmt.Fprintf(w, "%s\t%.3s\t%s\t%s\t%s\n", k.Date, k.Date.Weekday(), k.Milestone, what, origin(k))
	}
	return w.Flush()
}

// origin says where a key date comes from.
func origin(k planning.KeyDate) string {
	from := "rule"
	if k.From != "" {
		from = "milestone " + k.From
	}
	if !k.Planned.IsZero() {
		from += fmt.Sprintf(", moved from %.3s %s", k.Planned.Weekday(), k.Planned)
	}
	return from
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// dayFlag is a day from which a calendar can be made.
type dayFlag planning.Date

func (d *dayFlag) UnmarshalText(text []byte) error {
	parsed, err := planning.ParseDate(string(text))
	if err != nil {
		return err
	}
	const first, last = 2008, 2099
	if parsed.Year < first || parsed.Year > last {
		return errors.New("that is too far away: write a day from 2008 to 2099")
	}
	*d = dayFlag(parsed)
	return nil
}
