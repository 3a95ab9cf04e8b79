package main

import (
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot"
	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/gather"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/config"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
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
			Hosts:  adminHosts(c.Server),
			Token:  c.Server.AdminToken.Reveal(),
			Config: c.String(),
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
		Reports:  reportOptions(c),
		Policy:   c.Policy(),
		Watching: c.OnlyShadowReason(),
		Log:      log,
	}
}

// reportOptions turns the configuration into what the reports need.
func reportOptions(c config.Config) bot.Reports {
	modes := map[planning.Kind]triage.Mode{}
	for _, k := range planning.Kinds() {
		modes[k] = c.Reports.Mode(k)
	}
	return bot.Reports{
		Gather: gather.Options{
			Team:     c.Policy().Team,
			Group:    c.Reports.Group,
			Projects: c.GitLab.Projects,
			Home:     c.Reports.Project,
			Calendar: planning.Options{Release: c.Calendar.Release, Holidays: c.Calendar.Holidays},
			Location: c.Calendar.Timezone,
			Document: documentOptions(c),
		},
		Schedule: report.Schedule{
			Modes:      modes,
			TriageDay:  c.Reports.Triage.Day,
			TriageAt:   c.Reports.Triage.At,
			CloseAfter: c.Reports.Triage.CloseAfter,
			Location:   c.Calendar.Timezone,
		},
		MailKickoff: c.Reports.Kickoff.Email,
		Mail: mail.Options{
			Host:     c.SMTP.Host,
			Port:     c.SMTP.Port,
			From:     c.SMTP.From,
			Username: c.SMTP.Username,
			Password: c.SMTP.Password.Reveal(),
			Emails:   c.Team.Emails,
			Team:     c.Team.Name,
		},
	}
}

// documentOptions turns the configuration into what documents depend on.
func documentOptions(c config.Config) planning.ReportOptions {
	return planning.ReportOptions{
		Cap:         c.Reports.Triage.Cap,
		PerEngineer: c.Reports.NeedsWeight.PerEngineer,
		Template:    c.Reports.Planning.Template.Text,
		Capacity: planning.CapacityOptions{
			Budget:   c.Capacity.Budget,
			Rounding: c.Capacity.Rounding,
			Away:     c.Capacity.Away,
			Share:    c.Capacity.Share,
		},
		SLO: planning.SLOOptions{Bug: c.SLO.Bug, Infradev: c.SLO.Infradev, Near: c.SLO.Near},
	}
}

// adminHosts are the names by which the admin address may be asked: those that are configured, and that of the address people know it by.
func adminHosts(s config.Server) []string {
	if u, err := url.Parse(s.AdminURL); err == nil && u.Hostname() != "" {
		return append(slices.Clone(s.AdminHosts), u.Hostname())
	}
	return s.AdminHosts
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
