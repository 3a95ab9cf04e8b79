package bot

import (
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/gather"
	"flowkeeper/bot/schedule"
	"flowkeeper/bot/tracing"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
)

// Options are what an App needs, nested as the packages are. The App itself fills in what a part has to know of the others, of the policy and of
// the process: stores and clients, clocks, logs and metrics, and what several parts have to agree on.
type Options struct {
	Version string
	Drain   time.Duration // how long Stop may take

	Server   Server
	Admin    Admin
	Webhook  webhook.Options // the accepted secrets and the largest body
	Inbox    Inbox
	GitLab   gitlab.Options // its URL and the token
	Budget   budget.Options
	Worker   worker.Options
	Schedule schedule.Options
	Reports  Reports

	Policy   engine.Policy
	Watching string // why no rule of the policy writes, for people; empty if some do
	Traces   tracing.Options
	Log      *zap.Logger
}

// Reports is what the team gets by date.
type Reports struct {
	Gather   gather.Options
	Schedule report.Schedule

	MailKickoff bool // the kickoff goes by mail, too
	Mail        mail.Options
}

// mail is how the kickoff goes by mail, without a Host if it does not.
func (r Reports) mail() mail.Options {
	if !r.MailKickoff {
		return mail.Options{}
	}
	return r.Mail
}

// Server is how webhooks are listened for.
type Server struct {
	Listen      string // host:port, port 0 is any free one
	TLSCert     string // file of the certificate chain in PEM; "" is plain HTTP
	TLSKey      string // file of its private key
	Connections int    // clients at the same time; 0 is DefaultConnections
}

// Admin is the operator's window.
type Admin struct {
	Listen string   // host:port, port 0 is any free one
	Hosts  []string // names by which it may be asked
	Token  string   // that it asks for; "" is none
	Config string   // the configuration for people, with secrets hidden
}

// Inbox is the store.
type Inbox struct {
	RedisURL string        // empty: embedded, in DataDir
	DataDir  string        // of the embedded store, or of what a process keeps beside Redis
	Max      int           // deliveries that may wait; 0 is no bound
	Spool    int           // deliveries that may wait here while Redis is away
	Lease    time.Duration // how long an issue stays with a worker that gives no sign of life
}
