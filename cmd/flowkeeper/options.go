package main

import (
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
)

// backoff is the time between the first and the second try of an issue.
const backoff = 2 * time.Second

// options turns the configuration into what the app needs. It is the one place where the two meet.
func options(c config.Config, unsigned bool, log *zap.Logger) bot.Options {
	return bot.Options{
		Version: version,
		Drain:   c.Server.Drain,
		Server: bot.Server{
			Listen:      c.Server.Listen,
			TLSCert:     c.Server.TLSCert,
			TLSKey:      c.Server.TLSKey,
			Connections: c.Server.Connections,
		},
		Admin: bot.Admin{
			Listen: c.Server.Admin,
			Hosts:  c.Server.AdminHosts,
		},
		Webhook: webhook.Options{
			Secrets:       revealAll(c.Server.WebhookSecrets),
			SigningTokens: revealAll(c.Server.SigningTokens),
			AllowUnsigned: unsigned,
			MaxBody:       c.Server.MaxBody,
		},
		Inbox: bot.Inbox{
			RedisURL: c.Inbox.RedisURL.Reveal(),
			DataDir:  c.Inbox.DataDir,
			Max:      c.Inbox.Max,
			Spool:    c.Inbox.Spool,
			Lease:    c.Inbox.Lease,
		},
		GitLab: gitlab.Options{
			URL:   c.GitLab.URL,
			Token: c.GitLab.Token.Reveal(),
		},
		Budget: budget.Options{
			PerMinute:      c.GitLab.Rate,
			NotesPerMinute: c.GitLab.NotesRate,
		},
		Worker: worker.Options{
			Workers:   c.Inbox.Workers,
			Attempts:  c.Inbox.Attempts,
			Backoff:   backoff,
			Freshness: c.Inbox.Freshness,
		},
		Schedule: schedule.Options{
			Projects: c.GitLab.Projects,
			URLs:     ownHooks(c.Server.URL),
			Every:    c.Schedule.Sweep,
			Hooks:    c.Schedule.Hooks,
			Lookback: c.Schedule.Lookback,
		},
		Policy:   c.Policy(),
		Watching: c.OnlyShadowReason(),
		Log:      log,
	}
}

// ownHooks are where the bot's webhooks lead. Of a bot whose address is not known no webhook is looked after.
func ownHooks(url string) []string {
	if url == "" {
		return nil
	}
	return []string{url + webhook.Path}
}

func revealAll(secrets []config.Secret) []string {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = s.Reveal()
	}
	return plain
}
