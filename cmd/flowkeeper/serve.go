package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/tracing"
	"flowkeeper/config"
)

type serveCmd struct {
	Config                 string   `short:"c" placeholder:"FILE" help:"Configuration file; default flowkeeper.yaml if there is one."`
	Mode                   modeFlag `placeholder:"shadow|act" help:"How far rules may go: act, as far as the configuration says; shadow, decide and record only. Default (also FLOWKEEPER_MODE): act with a configuration file, shadow without."`
	InsecureAcceptUnsigned bool     `help:"Take webhooks from anybody. Only for trying things out."`
}

func (serveCmd) Help() string {
	return "The environment has to name an access token (FLOWKEEPER_GITLAB_TOKEN) and the webhook's secret (FLOWKEEPER_WEBHOOK_SECRET) or " +
		"signing token (FLOWKEEPER_SIGNING_TOKEN). All other settings have defaults: see flowkeeper check --config.\n\n" +
		"Without a configuration file the rules decide and write nothing (shadow), and flowkeeper shadow tells what they would have done. An empty " +
		"file lets them act as the handbook says. Commands are carried out in any case: a person asked.\n\n" +
		"SIGHUP reads the file, and those that …_FILE variables and server.tls_cert name, again: secrets, the token, the certificate, the team, labels, " +
		"rules and times are taken over at once; the log says what else needs a restart. With any problem everything stays as it was." + `

Examples:
  flowkeeper serve -c flowkeeper.yaml
  flowkeeper serve --mode shadow`
}

// Run serves until a signal comes or the app cannot go on.
func (c *serveCmd) Run(ctx context.Context, p *program) error {
	collectLess(p.environ)
	hangup := make(chan os.Signal, 1) // one that is waiting stands for all that come meanwhile
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	loaded, err := load(c.Config, c.Mode, p.environ)
	if err != nil {
		return err
	}
	if err := c.checkComplete(loaded); err != nil {
		return err
	}
	log, err := newLog(loaded.Log, p.err)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	o := options(loaded, c.InsecureAcceptUnsigned, log)
	o.Traces = tracing.FromEnvironment(p.environ)
	app, err := bot.New(ctx, o)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; end what uses it, or choose other addresses with FLOWKEEPER_LISTEN and FLOWKEEPER_ADMIN_LISTEN", err)
	}
	if err != nil {
		return err
	}
	if err := app.Start(); err != nil {
		return errors.Join(err, app.Stop())
	}
	return errors.Join(c.serveUntilDone(ctx, p, app, loaded, log, hangup), app.Stop())
}

// serveUntilDone prints the one line of readiness and returns when the program is to end.
func (c *serveCmd) serveUntilDone(ctx context.Context, p *program, app *bot.App, loaded config.Config, log *zap.Logger, hangup <-chan os.Signal) error {
	again := reloader{command: c, environ: p.environ, app: app, log: log, started: loaded, current: loaded}
	watching := ""
	if reason := loaded.OnlyShadowReason(); reason != "" {
		watching = "; no rule writes (shadow): " + reason
	}
	logFights(log, loaded)
	log.Info("taking deliveries", zap.String("webhooks", app.URL()), zap.String("admin", app.AdminURL()))
	ready := app.Ready()
	for {
		select {
		case <-ready:
			fmt.Fprintf(p.out, "flowkeeper %s is ready: webhooks on %s, admin on %s, GitLab %s, inbox %s%s\n",
				version, app.URL(), app.AdminURL(), loaded.GitLab.URL, inboxName(loaded), watching)
			if missing := app.MissingAccess(); missing != "" {
				fmt.Fprintf(p.out, "flowkeeper: the token may not do what the bot does: %s\n", missing)
			}
			if missing := app.MissingStatuses(); missing != "" {
				fmt.Fprintf(p.out, "flowkeeper: the workflow cannot be kept in statuses: %s\n", missing)
			}
			ready = nil
		case <-hangup:
			again.reload(ctx)
		case err := <-app.Failed():
			return err
		case <-ctx.Done():
			p.release()
			log.Info("stopping: finishing the issues in hand; a second signal ends at once")
			return nil
		}
	}
}

// checkComplete checks what only serving needs.
func (c *serveCmd) checkComplete(loaded config.Config) error {
	return errors.Join(missingSettings(loaded, c.InsecureAcceptUnsigned)...)
}

// missingSettings is what keeps serve from starting.
func missingSettings(loaded config.Config, unsigned bool) []error {
	var missing []error
	if !loaded.GitLab.Token.IsSet() {
		missing = append(missing, errors.New("FLOWKEEPER_GITLAB_TOKEN is not set: an access token with scope api and role Reporter or Planner is needed"))
	}
	if len(loaded.Server.WebhookSecrets)+len(loaded.Server.SigningTokens) == 0 && !unsigned {
		missing = append(missing, errors.New("neither FLOWKEEPER_WEBHOOK_SECRET nor FLOWKEEPER_SIGNING_TOKEN is set: without one anybody could send webhooks "+
			"(--insecure-accept-unsigned if that is what you want)"))
	}
	if loaded.Reports.Kickoff.Email && loaded.SMTP.Username != "" && !loaded.SMTP.Password.IsSet() {
		missing = append(missing, errors.New("FLOWKEEPER_SMTP_PASSWORD is not set: smtp.username needs its password"))
	}
	return missing
}

func inboxName(loaded config.Config) string {
	if loaded.Inbox.RedisURL.IsSet() {
		return "redis"
	}
	return "embedded in " + loaded.Inbox.DataDir
}
