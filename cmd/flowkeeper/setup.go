package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/setup"
	"flowkeeper/bot/webhook"
	"flowkeeper/config"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

type setupCmd struct {
	Targets      []string `arg:"" name:"project|group" help:"Full paths or ids."`
	URL          string   `placeholder:"URL" help:"Where GitLab finds the bot: https://bot.example.com; default server.url."`
	DryRun       bool     `help:"Print the plan and do nothing."`
	Yes          bool     `short:"y" help:"Do not ask."`
	LabelsOnly   bool     `help:"Only labels: no webhook, no milestone."`
	HookOnly     bool     `help:"Only webhooks."`
	Here         bool     `help:"Create labels in the project, not in a group above."`
	AllProjects  bool     `help:"Give each project of a group its webhook, as on GitLab Free."`
	RotateSecret bool     `help:"Give webhooks a new secret."`
	Prune        bool     `help:"Take events off webhooks for which the bot has no use."`
	JSON         bool     `help:"Print JSON, and ask nothing."`
	Config       string   `short:"c" placeholder:"FILE" help:"Configuration file, as for serve."`
}

func (setupCmd) Help() string {
	return "Creates what the bot needs and is not there: labels, webhooks and the secret that both sides share, the milestone of the backlog. It prints a plan, asks, does it, and " +
		"says what is left for a person. Run again it has nothing to do. Labels that exist are never changed. The token in FLOWKEEPER_GITLAB_TOKEN needs the role Maintainer (in " +
		"groups Owner) for this; for serving, Planner or Reporter is enough. The secret goes into the file that FLOWKEEPER_SIGNING_TOKEN_FILE names (before GitLab 19, or for a " +
		"plain secret: FLOWKEEPER_WEBHOOK_SECRET_FILE), or is shown once." + `

Examples:
  flowkeeper setup group/project --url https://bot.example.com
  flowkeeper setup group --all-projects --dry-run`
}

// Validate checks what the flags say.
func (c *setupCmd) Validate() error {
	switch {
	case c.LabelsOnly && c.HookOnly:
		return errors.New("--labels-only and --hook-only exclude each other: without both, all is set up")
	case c.LabelsOnly && (c.RotateSecret || c.Prune || c.AllProjects):
		return errors.New("--labels-only leaves webhooks alone: --rotate-secret, --prune and --all-projects are about webhooks")
	case c.DryRun && c.Yes:
		return errors.New("--dry-run does nothing, so there is nothing to say --yes to")
	}
	return nil
}

// Run looks, plans, asks and does.
func (c *setupCmd) Run(ctx context.Context, p *program) error {
	loaded, o, err := c.options(p)
	if err != nil {
		return err
	}
	client, err := setupClient(loaded)
	if err != nil {
		return err
	}
	found, err := look(ctx, p, client, o)
	if err != nil {
		return err
	}
	r := setupReport{gitlab: loaded.GitLab.URL, url: o.URL, user: found.User.Username, version: found.Version, advised: c.URL != "", plan: setup.NewPlan(o, found, time.Now())}
	if !c.JSON {
		r.printPlan(p.out)
	}
	if r.plan.Nothing() || c.DryRun {
		return c.finish(p, r, nil)
	}
	if err := c.agreed(ctx, p, r); err != nil {
		return c.finish(p, r, err)
	}
	bar := p.progress("changes")
	r.result = setup.Apply(ctx, client, r.plan, bar.set)
	bar.done()
	r.applied = true
	return c.finish(p, r, nil)
}

// options loads the configuration and turns it, with the flags, into what is to be set up.
func (c *setupCmd) options(p *program) (config.Config, setup.Options, error) {
	environ, files := withoutEmptyFiles(p.environ)
	if c.URL != "" {
		environ = append(environ, "FLOWKEEPER_URL="+strings.TrimSuffix(strings.TrimRight(c.URL, "/"), webhook.Path))
	}
	loaded, err := load(c.Config, "", environ)
	if err != nil {
		return config.Config{}, setup.Options{}, err
	}
	switch {
	case !loaded.GitLab.Token.IsSet():
		err = errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: an access token with scope api is needed, for setup one with the role Maintainer")
	case loaded.Server.URL == "" && !c.LabelsOnly:
		err = usageError{errors.New("where does GitLab find the bot? Say it with --url https://bot.example.com, or with server.url in the configuration; --labels-only leaves webhooks out")}
	}
	if err != nil {
		return config.Config{}, setup.Options{}, err
	}
	o, err := setupOptions(loaded, files)
	o.Targets, o.LabelsOnly, o.HookOnly, o.Here = c.Targets, c.LabelsOnly, c.HookOnly, c.Here
	o.AllProjects, o.Rotate, o.Prune = c.AllProjects, c.RotateSecret, c.Prune
	return loaded, o, err
}

// setupOptions turns a configuration into what is to be there in GitLab. Files are those that are named for secrets, by variable.
func setupOptions(loaded config.Config, files map[string]string) (o setup.Options, err error) {
	policy := loaded.Policy()
	o = setup.Options{
		Labels: setup.Labels(policy), Team: policy.Team, Milestone: setup.Milestone(policy), Events: setup.Events(policy),
		Edits: policy.EditsMergeRequests(),
	}
	if loaded.Server.URL != "" {
		o.URL = loaded.Server.URL + webhook.Path
	}
	if opensReports(loaded.Reports) {
		o.Labels = slices.Concat(o.Labels, setup.ReportLabels(policy))
	}
	if o.Signing, err = setup.NewCredential(signingVariable, files[signingVariable], revealAll(loaded.Server.SigningTokens)); err == nil {
		o.Secret, err = setup.NewCredential(secretVariable, files[secretVariable], revealAll(loaded.Server.WebhookSecrets))
	}
	return o, err
}

// opensReports reports whether any report opens an issue.
func opensReports(r config.Reports) bool {
	return r.Project != "" && slices.ContainsFunc(planning.Kinds(), func(k planning.Kind) bool { return r.Mode(k) != triage.Off })
}

// The variables that give the bot the secrets of webhooks.
const (
	signingVariable = "FLOWKEEPER_SIGNING_TOKEN"
	secretVariable  = "FLOWKEEPER_WEBHOOK_SECRET"
)

// withoutEmptyFiles leaves out of the environment what names a file for a secret that is not there yet, or empty: setup writes it. Files are those
// that are named, by the variable whose value they hold.
func withoutEmptyFiles(environ []string) (rest []string, files map[string]string) {
	files = map[string]string{}
	for _, assignment := range environ {
		name, value, _ := strings.Cut(assignment, "=")
		variable := strings.TrimSuffix(name, "_FILE")
		path := strings.TrimSpace(value)
		if variable != name && path != "" && slices.Contains([]string{signingVariable, secretVariable}, variable) {
			files[variable] = path
			if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
				continue
			}
		}
		rest = append(rest, assignment)
	}
	return rest, files
}

// setupClient is a client that keeps to the configured rate.
func setupClient(c config.Config) (*gitlab.Client, error) {
	limit, err := budget.New(budget.Options{PerMinute: c.GitLab.Rate, NotesPerMinute: c.GitLab.NotesRate})
	if err != nil {
		return nil, err
	}
	return gitlab.New(gitlab.Options{URL: c.GitLab.URL, Token: c.GitLab.Token.Reveal(), Version: version, Limit: limit})
}

func look(ctx context.Context, p *program, client *gitlab.Client, o setup.Options) (setup.Found, error) {
	bar := p.progress("projects")
	defer bar.done()
	return setup.Look(ctx, client, o, bar.set)
}

// agreed asks whether the plan is to be carried out. The error says why not.
func (c *setupCmd) agreed(ctx context.Context, p *program, r setupReport) error {
	if r.plan.ShowsSecret() && (c.JSON || !isTerminal(p.out)) {
		return fmt.Errorf("nothing was done: the new secret would be shown here, where it might be kept; name a file for it in %s_FILE", r.plan.SecretVariable())
	}
	if c.Yes {
		return nil
	}
	if c.JSON || !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("nothing was done: there is no terminal to ask on; --yes does it without asking")
	}
	yes, err := confirm(ctx, p, "Do this?")
	if err == nil && !yes {
		err = errors.New("nothing was done")
	}
	return err
}

// confirm asks a question to which anything but a yes is a no.
func confirm(ctx context.Context, p *program, question string) (bool, error) {
	answer, err := newAnswers(ctx).read(ctx, p, question+" [y/N] ")
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), err
}

// isTerminal reports whether a person sees what is written.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// finish prints what became of it, and gives the error with which the program ends.
func (c *setupCmd) finish(p *program, r setupReport, stopped error) error {
	if c.JSON {
		if err := p.printJSON(r.json()); err != nil {
			return err
		}
	} else {
		r.printResult(p.out, c.DryRun)
	}
	switch left := len(failedAdvice(r.result.Failed)) + len(r.plan.Problems); {
	case stopped != nil:
		return stopped
	case left > 0:
		return fmt.Errorf("%s left to be done; see above", counted(left, "thing"))
	}
	return nil
}
