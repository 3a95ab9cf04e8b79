package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sleep"
	"flowkeeper/config"
	"flowkeeper/rules/engine"
)

type backtestCmd struct {
	Project      string   `required:"" placeholder:"GROUP/PROJECT" help:"The project's full path or id."`
	Since        ago      `placeholder:"DURATION" help:"How far to look back: 90d, 12h; 30d if neither this nor issues are named."`
	Issues       []int64  `placeholder:"12,15" help:"Only these issues, by number, since they were opened."`
	Config       string   `placeholder:"FILE" help:"Another configuration file, to be compared with the one in force."`
	Markdown     bool     `help:"Print Markdown for a merge request, the verdict in its first line."`
	JSON         bool     `help:"Print JSON."`
	Confidential bool     `help:"Name confidential issues; else they are only counted."`
	Calls        int      `default:"10000" help:"Calls of GitLab's API at most; then the rest is left for --resume. gitlab.rate binds, too."`
	Former       []string `name:"former-bot" placeholder:"USERNAME" help:"A user that the bot had before: what it did is left out, too. Several with commas."`
	Resume       bool     `help:"Go on where the last run used up its calls, or was stopped."`
}

func (backtestCmd) Help() string {
	return "What would this configuration have done? What people did to the issues of the project is played to the rules, and what the rules want is compared with what people " +
		"did themselves: agreed, if they did the same within a day (what a reminder asks, within seven); disagreed, if they did the opposite within seven days, had done so " +
		"before, or left the reminder. Rules in shadow are played as far as they would go. What the bot did is left out. GitLab keeps no record of titles, " +
		"assignees and the dates of milestones: they are taken as they are now. A policy that asks for what cannot be known of the past, such as votes, is named and not played. Who wrote an issue or agreed to it counts as a member. Commands are not played. Nothing is written." + `

Examples:
  flowkeeper backtest --project group/project
  flowkeeper backtest --project group/project --since 90d --config new.yaml --markdown`
}

// Validate checks what the flags say.
func (c *backtestCmd) Validate() error {
	if c.Markdown && c.JSON {
		return errors.New("--markdown and --json exclude each other: choose one")
	}
	if c.Calls < 1 {
		return fmt.Errorf("--calls is %d: write how many calls may be made, 1 or more", c.Calls)
	}
	return nil
}

// workers are how many issues are read at the same time. What was read of an issue when the calls are used up is lost: few calls are for few issues.
func (c *backtestCmd) workers() int {
	const most, callsOfEach = 8, 20
	return max(min(most, c.Calls/callsOfEach), 1)
}

// Run plays the past and prints what would have been done.
func (c *backtestCmd) Run(ctx context.Context, p *program) error {
	inForce, policies, digests, err := c.policies(p)
	if err != nil {
		return err
	}
	calls := backtest.NewCalls(inForce.GitLab.Rate, c.Calls)
	client, err := gitlab.New(gitlab.Options{URL: inForce.GitLab.URL, Token: inForce.GitLab.Token.Reveal(), Version: version, Limit: calls})
	if err != nil {
		return err
	}
	self, err := client.CurrentUser(ctx)
	if err != nil {
		return err
	}
	project, err := projectID(ctx, client, c.Project)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	o := backtest.Options{
		GitLab: client, Bot: self, Former: c.Former, Project: project, Path: c.Project, Policies: policies, Since: c.since(now), Now: now,
		Digest: digests, Issues: c.Issues, Workers: c.workers(), Confidential: c.Confidential, Sleep: sleep.For,
	}
	file := backtest.SavedFile(inForce.Inbox.DataDir, o)
	if err := c.resume(file, &o); err != nil {
		return err
	}
	bar := p.progress("issues")
	o.Progress = bar.set
	result, err := backtest.Run(ctx, o)
	bar.done()
	for n := range result.Reports {
		result.Reports[n].Calls += calls.Made()
	}
	if err != nil && len(result.Done) == 0 {
		return err
	}
	if saving := c.save(file, o, result, err); saving != nil {
		return saving
	}
	if err != nil {
		return fmt.Errorf("%w\n%d issues were played; to go on: --resume", err, len(result.Done))
	}
	return c.print(p, result.Reports)
}

// since is from when on acts count; zero is since the issues were opened.
func (c *backtestCmd) since(now time.Time) time.Time {
	const usual = 30 * 24 * time.Hour
	switch {
	case c.Since > 0:
		return now.Add(-time.Duration(c.Since))
	case len(c.Issues) > 0:
		return time.Time{}
	}
	return now.Add(-usual)
}

// policies are the one in force and, to be compared with it, that of --config, and what their policy files hold.
func (c *backtestCmd) policies(p *program) (inForce config.Config, policies []engine.Policy, digests []string, err error) {
	inForce, err = loadToLook("", "", p.environ)
	if err != nil {
		return inForce, nil, nil, err
	}
	if !inForce.GitLab.Token.IsSet() {
		return inForce, nil, nil, errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: the issues cannot be read")
	}
	policies, digests = append(policies, inForce.Policy()), append(digests, inForce.Policies.Digest)
	if c.Config != "" {
		other, err := loadToLook(c.Config, "", p.environ)
		if err != nil {
			return inForce, nil, nil, err
		}
		policies, digests = append(policies, other.Policy()), append(digests, other.Policies.Digest)
	}
	return inForce, policies, digests, nil
}

// resume takes up what the last run kept, if that is asked for.
func (c *backtestCmd) resume(file string, o *backtest.Options) error {
	if !c.Resume {
		return nil
	}
	saved, err := backtest.LoadSaved(file)
	if err != nil {
		return err
	}
	o.Since, o.Now, o.Done, o.Reports = saved.Since, saved.Until, saved.Done, saved.Reports
	return nil
}

// save keeps what was played if something is left, and forgets what was kept before if not.
func (c *backtestCmd) save(file string, o backtest.Options, result backtest.Result, stopped error) error {
	if stopped == nil && result.Reports[0].Left == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return backtest.Saved{Since: o.Since, Until: o.Now, Done: result.Done, Reports: result.Reports}.Save(file)
}

// print writes the report, or the comparison of two.
func (c *backtestCmd) print(p *program, reports []backtest.Report) error {
	var written interface {
		WriteText(w io.Writer) error
		WriteMarkdown(w io.Writer) error
	} = reports[0]
	if len(reports) > 1 {
		written = backtest.Comparison{Now: reports[0], Other: reports[1]}
	}
	switch {
	case c.JSON:
		return p.printJSON(written)
	case c.Markdown:
		return written.WriteMarkdown(p.out)
	}
	return written.WriteText(p.out)
}

// projectID is the number of a project that people name by its path or its number.
func projectID(ctx context.Context, client *gitlab.Client, name string) (int64, error) {
	const help = "check the path, or make the bot's user a member of it"
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		sees, err := client.CanSeeProject(ctx, id)
		if err == nil && !sees {
			err = fmt.Errorf("there is no project %s, or the bot's token cannot see it: %s", name, help)
		}
		return id, err
	}
	id, err := client.ProjectID(ctx, name)
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return 0, fmt.Errorf("there is no project %.200q, or the bot's token cannot see it: %s", name, help)
	}
	return id, err
}
