package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/recording"
	"flowkeeper/config"
	"flowkeeper/rules"
	"flowkeeper/rules/triage"
)

type recordCmd struct {
	Issue  string   `arg:"" name:"project/iid" help:"The project's full path or id and the issue's number: group/project/12, or the address of its page."`
	Out    string   `short:"o" placeholder:"FILE" help:"Write to this file, which must not exist yet; default: print it."`
	Config string   `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
	Former []string `name:"former-bot" placeholder:"USERNAME" help:"A user that the bot had before: what it did is left out, too. Several with commas."`
}

func (recordCmd) Help() string {
	return "Reads what people did on an issue and writes it as a scenario, with the decisions that the bot makes of it now: flowkeeper test passes on it at once, and fails when a change of the " +
		"configuration decides otherwise. Usernames, the title, the project, labels that the configuration does not know, and what people wrote are replaced or left out. " +
		"What the bot did is left out. Nothing is written to GitLab." + `

Examples:
  flowkeeper record group/project/12 --out triage/login.txtar
  flowkeeper record https://gitlab.example.com/group/project/-/issues/12`
}

// Run records the issue. What is to be known of the file goes to the standard error, so that the file can be printed.
func (c *recordCmd) Run(ctx context.Context, p *program) error {
	loaded, err := loadToLook(c.Config, "", p.environ)
	if err != nil {
		return err
	}
	if !loaded.GitLab.Token.IsSet() {
		return errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: the issue cannot be read")
	}
	played, err := configOfFile(loaded.File)
	if err != nil {
		return err
	}
	client, err := gitlab.New(gitlab.Options{URL: loaded.GitLab.URL, Token: loaded.GitLab.Token.Reveal(), Version: version})
	if err != nil {
		return err
	}
	issue, err := c.read(ctx, client)
	if err != nil {
		return err
	}
	self, err := client.CurrentUser(ctx)
	if err != nil {
		return err
	}
	recorded, err := recording.Record(ctx, recording.Options{
		GitLab: client, Bot: self, Former: c.Former, Policy: played.Policy(), Rules: played.Policies.Rules, Issue: issue, Now: time.Now(),
	})
	if err != nil {
		return err
	}
	if err := writeScenario(p, c.Out, recorded.File); err != nil {
		return err
	}
	for _, note := range recorded.Notes {
		fmt.Fprintf(p.err, "Note: %s.\n", note)
	}
	return nil
}

// configOfFile is the configuration under which flowkeeper test plays: that of the file, whatever the environment says; "" is the handbook's.
func configOfFile(file string) (config.Config, error) {
	if file == "" {
		return config.Default(rules.Catalogue()), nil
	}
	return config.Load(file, nil, rules.Catalogue())
}

var issueOfProject = regexp.MustCompile(`^(.+?)(?:/-/(?:issues|work_items)/|[/#])([0-9]{1,10})$`)

// read reads the issue that is named.
func (c *recordCmd) read(ctx context.Context, client *gitlab.Client) (triage.Issue, error) {
	reference := c.Issue
	if m := issueOfProject.FindStringSubmatch(c.Issue); m != nil && !strings.Contains(c.Issue, "://") {
		reference = m[1] + "#" + m[2]
		if project, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			iid, _ := strconv.ParseInt(m[2], 10, 64) // ten digits at most
			issue, err := client.Issue(ctx, triage.Ref{Project: project, IID: iid})
			return issue, c.notFound(err)
		}
	} else if m == nil {
		return triage.Issue{}, usageError{fmt.Errorf("%.200q names no issue: write group/project/12, or the address of its page", c.Issue)}
	}
	issue, err := client.IssueByReference(ctx, 0, reference)
	return issue, c.notFound(err)
}

// notFound says what to do about an issue that GitLab does not show.
func (c *recordCmd) notFound(err error) error {
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return fmt.Errorf("there is no issue %.200q, or the bot's token cannot see it: check project and number, or make the bot's user a member of the project", c.Issue)
	}
	return err
}
