package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowkeeper/bot/check"
	"flowkeeper/bot/mail"
	"flowkeeper/config"
	"flowkeeper/rules/triage"
)

type checkCmd struct {
	File     string   `arg:"" optional:"" name:"config" help:"Configuration file; default flowkeeper.yaml if there is one."`
	Offline  bool     `help:"Look at the configuration alone, as in a pipeline of the repository that holds it."`
	Mode     modeFlag `placeholder:"shadow|act" help:"How far rules may go, as for serve."`
	NoSearch bool     `help:"Do not search for rules that contradict each other, which takes some seconds."`
	Quiet    bool     `short:"q" help:"Print only what is not well."`
	JSON     bool     `help:"Print JSON."`
	Config   bool     `help:"Print the configuration in force, secrets as <secret>, and look at nothing."`
}

func (checkCmd) Help() string {
	return "Looks at everything that serve needs: the configuration and whether rules contradict each other; GitLab, its version and clock; the token; in each of gitlab.projects the " +
		"role, the labels and the webhook; Redis or the data directory; the bot's own address; reports and mail if they are on. Each is ok, warn or fail; the exit code is 1 if " +
		"something fails. Nothing is changed. Without a token it looks at the configuration alone, as with --offline." + `

Examples:
  flowkeeper check
  flowkeeper check --offline flowkeeper.yaml
  flowkeeper check --json | jq '.[] | select(.status != "ok")'`
}

// Validate checks what the flags say.
func (c *checkCmd) Validate() error {
	if c.Config && (c.JSON || c.Quiet || c.Offline || c.NoSearch) {
		return errors.New("--config prints the configuration and looks at nothing: leave out --json, --quiet, --offline and --no-search")
	}
	return nil
}

// Run loads the configuration exactly as serve does, and looks at what it needs.
func (c *checkCmd) Run(ctx context.Context, p *program) error {
	loaded, err := load(c.File, c.Mode, p.environ)
	switch {
	case err != nil && c.JSON:
		return errors.Join(p.printJSON(problemFindings(err)), err)
	case err != nil:
		return err
	case c.Config:
		printConfig(p, loaded)
		return nil
	}
	parts, err := c.parts(p, loaded)
	if err != nil {
		return err
	}
	findings := check.Run(ctx, parts...)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := c.print(p, findings); err != nil {
		return err
	}
	if n := check.Count(findings, check.Fail); n > 0 {
		return fmt.Errorf("%s to be mended; see above", counted(n, "thing"))
	}
	return nil
}

// printConfig prints the configuration in force in a form that can be read again.
func printConfig(p *program, loaded config.Config) {
	fmt.Fprint(p.out, loaded)
	if reason := loaded.OnlyShadowReason(); reason != "" {
		fmt.Fprintf(p.out, "# No rule writes (shadow): %s\n", reason)
	}
}

// problemFindings are the problems of a configuration as findings.
func problemFindings(err error) []check.Finding {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return []check.Finding{{What: "configuration", Status: check.Fail, Detail: err.Error()}}
	}
	var all []check.Finding
	for _, problem := range problems {
		hint := problem.Hint
		problem.Hint = ""
		all = append(all, check.Finding{What: "configuration", Status: check.Fail, Detail: problem.String(), Do: hint})
	}
	return all
}

// print prints findings as the flags want them.
func (c *checkCmd) print(p *program, all []check.Finding) error {
	shown := []check.Finding{}
	for _, f := range all {
		if !c.Quiet || f.Status != check.OK {
			shown = append(shown, f)
		}
	}
	if c.JSON {
		return p.printJSON(shown)
	}
	check.Print(p.out, shown)
	return nil
}

// parts are what is looked at, in the order in which it is printed.
func (c *checkCmd) parts(p *program, loaded config.Config) ([]check.Part, error) {
	parts := []check.Part{check.Of(check.Good("configuration", configSource(loaded)))}
	policy := loaded.Policy()
	parts = append(parts, check.Of(workflowFindings(policy.Team, policy.Settings)...))
	switch reason := loaded.OnlyShadowReason(); {
	case reason != "":
		parts = append(parts, check.Of(check.Good("rules", "none writes (shadow): "+reason)))
	case c.NoSearch:
		parts = append(parts, check.Of(check.Good("rules", "not searched for contradictions: --no-search")))
	default:
		parts = append(parts, rulesPart(policy))
	}
	if len(loaded.Policies.Names) > 0 {
		parts = append(parts, check.Of(policyFindings(loaded.Policies)...))
	}
	const rest = "GitLab, the inbox and the bot's own address"
	switch {
	case c.Offline:
		return append(parts, check.Of(check.Good("not looked at", rest+": --offline"))), nil
	case !loaded.GitLab.Token.IsSet():
		return append(parts, check.Of(check.Finding{What: "not looked at", Status: check.Warn, Detail: rest + ": FLOWKEEPER_GITLAB_TOKEN is not set",
			Do: "set it to an access token with scope api and role Reporter or Planner, without which serve does not start; --offline if the configuration is all that counts"})), nil
	}
	for _, err := range missingSettings(loaded, false) {
		parts = append(parts, check.Of(check.Finding{What: "serve", Status: check.Fail, Detail: "would not start here: " + err.Error()}))
	}
	inGitLab, err := c.inGitLab(p, loaded)
	if err != nil {
		return nil, err
	}
	return append(append(parts, inGitLab), besideGitLab(loaded)...), nil
}

// inGitLab is what is looked at in GitLab.
func (c *checkCmd) inGitLab(p *program, loaded config.Config) (check.Part, error) {
	client, err := setupClient(loaded)
	if err != nil {
		return nil, err
	}
	_, files := withoutEmptyFiles(p.environ)
	wanted, err := setupOptions(loaded, files)
	if err != nil {
		return nil, err
	}
	wanted.Targets = loaded.GitLab.Projects
	o := check.GitLabOptions{URL: loaded.GitLab.URL, GitLab: client, Setup: wanted, Signed: len(loaded.Server.SigningTokens) > 0, Now: time.Now}
	if reportsOn(loaded) {
		o.Group, o.Home = loaded.Reports.Group, loaded.Reports.Project
	}
	return func(ctx context.Context) []check.Finding {
		bar := p.progress("projects")
		defer bar.done()
		o.Step = bar.set
		return check.InGitLab(o)(ctx)
	}, nil
}

// reportsOn reports whether any report is made.
func reportsOn(loaded config.Config) bool {
	for _, mode := range reportOptions(loaded).Schedule.Modes {
		if mode != triage.Off {
			return true
		}
	}
	return false
}

// besideGitLab is what else serve needs.
func besideGitLab(loaded config.Config) []check.Part {
	var parts []check.Part
	if loaded.Inbox.RedisURL.IsSet() {
		parts = append(parts, check.RedisAt(loaded.Inbox.RedisURL.Reveal()))
	}
	parts = append(parts, check.Data(loaded.Inbox.DataDir, "inbox.sqlite", "spool.sqlite"))
	for _, address := range ownHooks(loaded.Server.URL) {
		parts = append(parts, check.Address(address, nil, time.Now))
	}
	if loaded.SMTP.Host != "" {
		o := reportOptions(loaded).Mail
		parts = append(parts, check.Mail(func(ctx context.Context) (string, error) { return mail.Reach(ctx, o) }))
	}
	return parts
}
